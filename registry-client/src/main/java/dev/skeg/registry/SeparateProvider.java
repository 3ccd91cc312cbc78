package dev.skeg.registry;

import dev.skeg.registry.RegistryException.Kind;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A provider whose client is too heavy for everybody's class path. Its jars lie in a directory
 * named like its scheme and are loaded when the scheme is first used, by a class loader of their
 * own that asks its parent first: the classes of this library are everybody's, and so is what both
 * have.
 *
 * <p>Clients look for their own plug-ins through the thread's context class loader, so every call
 * runs with it set. <b>Threads.</b> Any.
 */
final class SeparateProvider implements SourceProvider {
  /** The schemes that have modules of their own. */
  static final List<String> SCHEMES = List.of("azblob", "gs", "s3");

  /** The system property that names the directory of all of them. */
  static final String DIRECTORY = "skeg.sources-dir";

  /** What was loaded. */
  private record Loaded(ClassLoader loader, SourceProvider provider) {
    <T> T within(Supplier<T> action) {
      Thread thread = Thread.currentThread();
      ClassLoader before = thread.getContextClassLoader();
      thread.setContextClassLoader(loader);
      try {
        return action.get();
      } finally {
        thread.setContextClassLoader(before);
      }
    }
  }

  private final String scheme;
  private final Optional<Path> directory;
  private final ClassLoader parent;
  private @Nullable Loaded loaded;

  /**
   * @param directory of all separate sources; empty if there is none
   */
  SeparateProvider(String scheme, Optional<Path> directory, ClassLoader parent) {
    this.scheme = scheme;
    this.directory = directory;
    this.parent = parent;
  }

  @Override
  public List<String> schemes() {
    return List.of(scheme);
  }

  @Override
  public Source open(SourceUri uri, SourceSettings settings) {
    Loaded own = loaded();
    return new SeparateSource(own, own.within(() -> own.provider().open(uri, settings)));
  }

  @Override
  public Optional<Publisher> publisher(SourceUri uri, SourceSettings settings) {
    Loaded own = loaded();
    return own.within(() -> own.provider().publisher(uri, settings))
        .map(publisher -> new SeparatePublisher(own, publisher));
  }

  private synchronized Loaded loaded() {
    Loaded result = loaded;
    if (result == null) {
      result = load();
      loaded = result;
    }
    return result;
  }

  private Loaded load() {
    if (directory.isEmpty()) {
      throw new RegistryException(
          Kind.DENIED,
          scheme
              + ": needs a client that is not on the class path (expected: system property "
              + DIRECTORY
              + " naming the directory that holds "
              + scheme
              + "/*.jar, as ./skeg sets it)");
    }
    Path own = directory.get().resolve(scheme);
    List<URL> jars = jars(own);
    if (!jars.isEmpty()) {
      ClassLoader loader =
          new URLClassLoader("skeg-source-" + scheme, jars.toArray(new URL[0]), parent);
      for (ServiceLoader.Provider<SourceProvider> candidate :
          ServiceLoader.load(SourceProvider.class, loader).stream().toList()) {
        // Not the parent's, which are seen through the loader too.
        if (loader.equals(candidate.type().getClassLoader())) {
          SourceProvider provider = candidate.get();
          if (provider.schemes().contains(scheme)) {
            return new Loaded(loader, provider);
          }
        }
      }
    }
    throw new RegistryException(
        Kind.DENIED,
        scheme
            + ": needs the jars of "
            + own
            + ", which "
            + (jars.isEmpty() ? "are missing" : "hold no source of that scheme")
            + " (expected: the whole distribution)");
  }

  private static List<URL> jars(Path directory) {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(directory)) {
      List<URL> jars = new ArrayList<>();
      for (Path file : files.sorted().toList()) {
        if (file.toString().endsWith(".jar")) {
          jars.add(url(file));
        }
      }
      return jars;
    } catch (IOException e) {
      throw new RegistryException(Kind.DENIED, directory + " cannot be listed: " + e, e);
    }
  }

  private static URL url(Path file) {
    try {
      return file.toUri().toURL();
    } catch (MalformedURLException e) {
      throw new IllegalStateException(file + " has no URL", e);
    }
  }

  private record SeparateSource(Loaded own, Source source) implements Source {
    @Override
    public SourceUri uri() {
      return source.uri();
    }

    @Override
    public Revision resolve(Pointer pointer, @Nullable Revision known) {
      return own.within(() -> source.resolve(pointer, known));
    }

    @Override
    public List<RemoteFile> files(Revision revision) {
      return own.within(() -> source.files(revision));
    }

    @Override
    public Transfer open(Revision revision, RemoteFile file, long offset) {
      return own.within(() -> source.open(revision, file, offset));
    }

    @Override
    public void close() {
      source.close();
    }
  }

  private record SeparatePublisher(Loaded own, Publisher publisher) implements Publisher {
    @Override
    public Published publish(Path versionDirectory, PublishRequest request, Progress progress) {
      return own.within(() -> publisher.publish(versionDirectory, request, progress));
    }

    @Override
    public void close() {
      publisher.close();
    }
  }
}
