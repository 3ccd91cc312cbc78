package dev.skeg.registry.testing;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Makes of a test's class path what a distribution has: a library without a source, and its jars.
 */
public final class SeparateJars {
  /** What a library without separate sources is made of. */
  private static final Set<String> COMMON =
      Set.of("dev.skeg.registry.", "com.fasterxml.jackson.", "io.airlift.", "org.apache.commons.");

  private SeparateJars() {}

  /** Puts everything that is on the class path into a directory, as jars. */
  public static Path write(Path directory) throws IOException {
    Files.createDirectories(directory);
    int number = 0;
    for (String entry : List.of(System.getProperty("java.class.path").split(File.pathSeparator))) {
      Path path = Path.of(entry);
      Path jar = directory.resolve(number++ + ".jar");
      if (Files.isRegularFile(path)) {
        Files.createSymbolicLink(jar, path.toAbsolutePath());
      } else if (Files.isDirectory(path)) {
        pack(path, jar);
      }
    }
    return directory;
  }

  private static void pack(Path classes, Path jar) throws IOException {
    try (OutputStream out = Files.newOutputStream(jar);
        ZipOutputStream zip = new ZipOutputStream(out);
        Stream<Path> files = Files.walk(classes)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        zip.putNextEntry(new ZipEntry(classes.relativize(file).toString()));
        Files.copy(file, zip);
      }
    }
  }

  /** Returns a class loader that sees the library, but neither that package nor its libraries. */
  public static ClassLoader withoutSource(String packageName) {
    return new Hiding(packageName + ".");
  }

  private static final class Hiding extends ClassLoader {
    private final String hidden;
    private final ClassLoader everything = SeparateJars.class.getClassLoader();

    Hiding(String hidden) {
      super(ClassLoader.getPlatformClassLoader());
      this.hidden = hidden;
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (!name.startsWith(hidden) && COMMON.stream().anyMatch(name::startsWith)) {
        return everything.loadClass(name);
      }
      return super.loadClass(name, resolve);
    }

    @Override
    public @Nullable URL getResource(String name) {
      return getPlatformClassLoader().getResource(name);
    }

    @Override
    public Enumeration<URL> getResources(String name) throws IOException {
      return getPlatformClassLoader().getResources(name);
    }
  }
}
