package dev.skeg.registry;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.TreeMap;

/**
 * The one place that maps a scheme to its provider. Some have heavy clients ({@code s3}, {@code
 * gs}, {@code azblob}): if their modules are not on the class path, they are loaded from the
 * directory that the system property {@code skeg.sources-dir} names, when the scheme is first used.
 *
 * <p><b>Threads.</b> Any.
 */
public final class Sources {
  private final Map<String, SourceProvider> providers;

  private Sources(Map<String, SourceProvider> providers) {
    this.providers = providers;
  }

  /** Finds the providers that a class loader sees, and those of {@code skeg.sources-dir}. */
  public static Sources load(ClassLoader loader) {
    String directory = System.getProperty(SeparateProvider.DIRECTORY, "");
    return load(loader, directory.isEmpty() ? Optional.empty() : Optional.of(Path.of(directory)));
  }

  /**
   * Finds the providers that a class loader sees, and those of a directory.
   *
   * @param separate holds a directory of jars for each scheme with a heavy client; empty for none
   */
  public static Sources load(ClassLoader loader, Optional<Path> separate) {
    Map<String, SourceProvider> providers = new TreeMap<>();
    for (SourceProvider provider : ServiceLoader.load(SourceProvider.class, loader)) {
      for (String scheme : provider.schemes()) {
        SourceProvider other = providers.put(scheme, provider);
        if (other != null) {
          throw new IllegalStateException(
              "scheme "
                  + scheme
                  + " has two providers: "
                  + other.getClass().getName()
                  + " and "
                  + provider.getClass().getName());
        }
      }
    }
    for (String scheme : SeparateProvider.SCHEMES) {
      providers.computeIfAbsent(scheme, name -> new SeparateProvider(name, separate, loader));
    }
    return new Sources(providers);
  }

  /** Returns the schemes known, ordered. */
  public List<String> schemes() {
    return List.copyOf(providers.keySet());
  }

  /**
   * Opens a source.
   *
   * @throws IllegalArgumentException if no provider knows the scheme, or the URI does not fit it
   * @throws RegistryException if its client is missing
   */
  public Source open(SourceUri uri, SourceSettings settings) {
    return provider(uri).open(uri, settings);
  }

  /**
   * Opens what writes to a source.
   *
   * @throws IllegalArgumentException if no provider knows the scheme, the URI does not fit it, or
   *     such a source cannot be written to
   * @throws RegistryException if its client is missing
   */
  public Publisher publisher(SourceUri uri, SourceSettings settings) {
    Optional<Publisher> publisher = provider(uri).publisher(uri, settings);
    return publisher.orElseThrow(() ->
        new IllegalArgumentException(
            uri + " cannot be published to (expected: another scheme than " + uri.scheme() + ")"));
  }

  private SourceProvider provider(SourceUri uri) {
    SourceProvider provider = providers.get(uri.scheme());
    if (provider != null) {
      return provider;
    }
    String nearest = nearest(uri.scheme());
    throw new IllegalArgumentException(
        "source: "
            + uri
            + " has an unknown scheme "
            + uri.scheme()
            + " (expected: "
            + String.join(", ", providers.keySet())
            + (nearest.isEmpty() ? "" : "; perhaps " + nearest)
            + ")");
  }

  private String nearest(String scheme) {
    String nearest = "";
    int least = 3;
    for (String candidate : providers.keySet()) {
      int distance = distance(scheme, candidate);
      if (distance < least) {
        least = distance;
        nearest = candidate;
      }
    }
    return nearest;
  }

  /** Returns the Levenshtein distance. */
  private static int distance(String a, String b) {
    List<Integer> previous = new ArrayList<>();
    for (int j = 0; j <= b.length(); j++) {
      previous.add(j);
    }
    for (int i = 1; i <= a.length(); i++) {
      List<Integer> row = new ArrayList<>();
      row.add(i);
      for (int j = 1; j <= b.length(); j++) {
        int change = previous.get(j - 1) + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        row.add(Math.min(change, 1 + Math.min(row.get(j - 1), previous.get(j))));
      }
      previous = row;
    }
    return previous.get(b.length());
  }
}
