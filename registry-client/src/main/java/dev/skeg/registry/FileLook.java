package dev.skeg.registry;

import dev.skeg.registry.RegistryException.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A look at files that reads none of them: it tells whether they are the same as at another look,
 * and when they last changed. Links are followed. A file that is not there is a look of its own.
 *
 * @param fingerprint of names, sizes, times and inodes; equal looks have equal ones
 * @param changedAt when the last of the files and directories changed, by the clock of their file
 *     system. On Unix it is the time of the inode's last change, which copying tools cannot set
 *     back; {@link Instant#EPOCH} if there is nothing
 * @param isIncomplete whether {@link PublishedLayout#INCOMPLETE} is at the top
 * @param hasManifest whether {@link PublishedLayout#MANIFEST} is at the top
 */
public record FileLook(
    String fingerprint, Instant changedAt, boolean isIncomplete, boolean hasManifest) {
  private static final int MAX_DEPTH = 32;

  /**
   * Looks at a file, or at a directory and all below it.
   *
   * @throws RegistryException if it cannot be read, or has more files than a version may have
   */
  public static FileLook at(Path start) {
    Visitor visitor = new Visitor(start);
    try {
      Files.walkFileTree(start, EnumSet.of(FileVisitOption.FOLLOW_LINKS), MAX_DEPTH, visitor);
    } catch (IOException e) {
      throw new RegistryException(Kind.TRANSIENT, start + " cannot be read: " + e, e);
    }
    Collections.sort(visitor.lines);
    String text = String.join("\n", visitor.lines);
    return new FileLook(
        Digests.sha256Hex(text.getBytes(StandardCharsets.UTF_8)),
        visitor.changedAt,
        Files.exists(start.resolve(PublishedLayout.INCOMPLETE)),
        Files.exists(start.resolve(PublishedLayout.MANIFEST)));
  }

  private static final class Visitor extends SimpleFileVisitor<Path> {
    private final Path start;
    private final List<String> lines = new ArrayList<>();
    private Instant changedAt = Instant.EPOCH;

    Visitor(Path start) {
      this.start = start;
    }

    @Override
    public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
        throws IOException {
      note(directory, attributes); // Its time tells of names that went.
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
      if (lines.size() > 2 * Artifact.MAX_FILES) {
        throw new RegistryException(
            start + " has more than " + Artifact.MAX_FILES + " files (expected: one version)");
      }
      note(file, attributes);
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
      if (e instanceof NoSuchFileException) {
        return FileVisitResult.CONTINUE; // Gone since it was listed.
      }
      throw e;
    }

    private void note(Path path, BasicFileAttributes attributes) throws IOException {
      Instant changed = changed(path, attributes);
      if (changed.isAfter(changedAt)) {
        changedAt = changed;
      }
      lines.add(
          start.relativize(path)
              + "\t"
              + (attributes.isDirectory() ? "" : attributes.size())
              + "\t"
              + attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS)
              + "\t"
              + attributes.fileKey());
    }

    private static Instant changed(Path path, BasicFileAttributes attributes) throws IOException {
      if (path.getFileSystem().supportedFileAttributeViews().contains("unix")) {
        try {
          Object time = Files.getAttribute(path, "unix:ctime");
          return time instanceof FileTime changed ? changed.toInstant() : Instant.MAX;
        } catch (NoSuchFileException e) {
          return Instant.MAX; // Gone just now: that is a change.
        }
      }
      return attributes.lastModifiedTime().toInstant();
    }
  }
}
