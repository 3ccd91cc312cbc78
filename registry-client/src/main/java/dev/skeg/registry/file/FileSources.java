package dev.skeg.registry.file;

import dev.skeg.registry.Publisher;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceProvider;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.published.PublishedSource;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Opens {@code file:} sources: {@code file:models/fraud}, {@code file:///srv/models/fraud}. */
public final class FileSources implements SourceProvider {
  @Override
  public List<String> schemes() {
    return List.of("file");
  }

  @Override
  public Source open(SourceUri uri, SourceSettings settings) {
    return new PublishedSource(uri, tree(uri, settings));
  }

  @Override
  public Optional<Publisher> publisher(SourceUri uri, SourceSettings settings) {
    return Optional.of(new FilePublisher(uri, tree(uri, settings)));
  }

  /**
   * Returns the directory that a URI means.
   *
   * @throws IllegalArgumentException if it names another host or no path
   */
  public static Path directory(SourceUri uri) {
    if (!uri.authority().isEmpty() && !uri.authority().equals("localhost")) {
      throw new IllegalArgumentException(
          uri
              + " names host "
              + uri.authority()
              + " (expected: file:DIRECTORY or file:///DIRECTORY)");
    }
    if (uri.path().isEmpty()) {
      throw new IllegalArgumentException(uri + " names no directory (expected: file:DIRECTORY)");
    }
    String path = uri.authority().isEmpty() ? uri.path() : "/" + uri.path();
    return Path.of(path).toAbsolutePath().normalize();
  }

  private static FileTree tree(SourceUri uri, SourceSettings settings) {
    uri.requireOptions(Set.of());
    return new FileTree(directory(uri), settings.caps().maxFiles());
  }
}
