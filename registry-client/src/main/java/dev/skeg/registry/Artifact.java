package dev.skeg.registry;

import dev.skeg.registry.RegistryException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.function.Predicate;

/**
 * The files of a version, with their digest.
 *
 * <p>The digest is the SHA-256 of one line per file, ordered by path: the file's SHA-256 in
 * hexadecimal, two spaces, its path, a line feed. So it is what {@code sha256sum} over the sorted
 * paths prints, hashed once more. It depends on nothing but names and contents: neither times nor
 * permissions, nor whether a file is there by itself or through a link. Manifest, signature and
 * everything hidden (a name that begins with a dot) are no content: they count neither here nor
 * there, so that the same content has one digest wherever it comes from.
 *
 * @param files the content, ordered by path
 * @param digest {@code sha256:} and 64 lower-case hexadecimal digits
 */
public record Artifact(List<ArtifactFile> files, String digest) {
  /** The most files of one version; more is a directory mounted by mistake. */
  static final int MAX_FILES = 10_000;

  private static final int BUFFER_BYTES = 1 << 16;

  public Artifact {
    files = List.copyOf(files);
  }

  /**
   * Reads a version's directory, every byte of it once, through a buffer.
   *
   * @throws RegistryException if the directory or a file cannot be read, a link leads nowhere or in
   *     a circle, or there are more than 10000 files
   */
  public static Artifact of(Path directory) {
    return ofFiles(read(directory, PublishedLayout::isContent));
  }

  /** Computes the digest of files whose own are known; those that are no content are left out. */
  public static Artifact ofFiles(List<ArtifactFile> files) {
    List<ArtifactFile> content =
        files.stream()
            .filter(file -> PublishedLayout.isContent(file.path()))
            .sorted(Comparator.comparing(ArtifactFile::path))
            .toList();
    MessageDigest digest = Digests.sha256();
    for (ArtifactFile file : content) {
      digest.update((file.sha256() + "  " + file.path() + "\n").getBytes(StandardCharsets.UTF_8));
    }
    return new Artifact(content, "sha256:" + Digests.hex(digest.digest()));
  }

  /**
   * Reads what of a version's directory is published: its content and its signature.
   *
   * @return ordered by path
   * @throws RegistryException as {@link #of} does, and if there is no content
   */
  public static List<ArtifactFile> published(Path directory) {
    List<ArtifactFile> files =
        read(
            directory,
            path -> PublishedLayout.isContent(path) || path.equals(PublishedLayout.SIGNATURE));
    if (files.stream().noneMatch(file -> PublishedLayout.isContent(file.path()))) {
      throw new RegistryException(
          directory + " has no files (expected: a version, as model.onnx in it)");
    }
    return files;
  }

  /** Returns the SHA-256 of a file's bytes in hexadecimal. */
  public static String sha256(Path file) {
    return read("", file, new byte[BUFFER_BYTES]).sha256();
  }

  private static List<ArtifactFile> read(Path directory, Predicate<String> wanted) {
    List<ArtifactFile> files = new ArrayList<>();
    byte[] buffer = new byte[BUFFER_BYTES];
    for (Path file : paths(directory)) {
      String path = directory.relativize(file).toString().replace('\\', '/');
      if (wanted.test(path)) {
        files.add(read(path, file, buffer));
      }
    }
    files.sort(Comparator.comparing(ArtifactFile::path));
    return files;
  }

  private static List<Path> paths(Path directory) {
    List<Path> paths = new ArrayList<>();
    try {
      Files.walkFileTree(
          directory,
          EnumSet.of(FileVisitOption.FOLLOW_LINKS),
          32,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
              if (paths.size() == MAX_FILES) {
                throw new RegistryException(
                    directory + " has more than " + MAX_FILES + " files (expected: one version)");
              }
              if (!attributes.isRegularFile()) {
                throw new RegistryException(
                    file
                        + (Files.isSymbolicLink(file)
                            ? " is a link to something that does not exist"
                            : " is neither a file nor a directory of at most 32 levels"));
              }
              paths.add(file);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (FileSystemLoopException e) {
      throw new RegistryException(e.getFile() + " is a link that leads back to itself", e);
    } catch (NoSuchFileException e) {
      throw new RegistryException(Kind.NOT_FOUND, e.getFile() + " does not exist", e);
    } catch (IOException e) {
      throw new RegistryException(Kind.TRANSIENT, directory + " cannot be read: " + e, e);
    }
    return paths;
  }

  private static ArtifactFile read(String path, Path file, byte[] buffer) {
    MessageDigest digest = Digests.sha256();
    long size = 0;
    try (InputStream in = Files.newInputStream(file)) {
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        digest.update(buffer, 0, read);
        size += read;
      }
    } catch (IOException e) {
      throw new RegistryException(Kind.TRANSIENT, file + " cannot be read: " + e, e);
    }
    return new ArtifactFile(path, size, Digests.hex(digest.digest()));
  }
}
