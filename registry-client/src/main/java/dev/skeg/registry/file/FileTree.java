package dev.skeg.registry.file;

import dev.skeg.registry.Progress;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.Transfer;
import dev.skeg.registry.disk.DurableFiles;
import dev.skeg.registry.disk.FileLocks;
import dev.skeg.registry.published.PublishedTree;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * A directory as a tree of objects. A validator is time, size and inode, so an atomic replacement
 * never goes unnoticed. Conditional writes hold a lock file, so they exclude one another on one
 * machine and wherever the file system carries locks. <b>Threads.</b> Immutable; any.
 */
final class FileTree implements PublishedTree {
  /** The name of the lock file of whoever writes. */
  private static final String LOCK = ".skeg.lock";

  private final Path root;
  private final int maxFiles;

  FileTree(Path root, int maxFiles) {
    this.root = root;
    this.maxFiles = maxFiles;
  }

  Path root() {
    return root;
  }

  /** Waits until nobody else writes. */
  FileLocks.Lock lock() throws IOException {
    Files.createDirectories(root);
    return FileLocks.exclusive(root.resolve(LOCK));
  }

  @Override
  public boolean canList() {
    return true;
  }

  @Override
  public boolean hasLatestPointer() {
    return false; // Directories are also dropped in by hand: the highest number is the newest.
  }

  @Override
  public Look read(String key, int maxBytes, String knownEtag) {
    Path file = root.resolve(key);
    try {
      BasicFileAttributes before = Files.readAttributes(file, BasicFileAttributes.class);
      String etag = etag(before);
      if (etag.equals(knownEtag)) {
        return new Look.Unchanged();
      }
      if (before.size() > maxBytes) {
        throw new RegistryException(
            file + " has " + before.size() + " bytes (expected: at most " + maxBytes + ")");
      }
      try (InputStream in = Files.newInputStream(file)) {
        return new Look.Found(in.readNBytes(maxBytes), etag);
      }
    } catch (NoSuchFileException e) {
      return new Look.Absent();
    } catch (IOException e) {
      if (!Files.exists(file)) {
        return new Look.Absent(); // As when a name on the way is a file.
      }
      throw failed(file, "cannot be read", e);
    }
  }

  private static String etag(BasicFileAttributes attributes) {
    return attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS)
        + "-"
        + attributes.size()
        + "-"
        + attributes.fileKey();
  }

  @Override
  public List<String> directories() {
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> children = Files.newDirectoryStream(root)) {
      for (Path child : children) {
        if (Files.isDirectory(child)) {
          names.add(String.valueOf(child.getFileName()));
        }
      }
    } catch (NoSuchFileException | NotDirectoryException e) {
      throw new RegistryException(
          Kind.NOT_FOUND, root + " does not exist or is a file (expected: a directory)", e);
    } catch (IOException | DirectoryIteratorException e) {
      throw failed(root, "cannot be listed", e);
    }
    return names;
  }

  @Override
  public List<Entry> list(String directory) {
    List<Entry> entries = new ArrayList<>();
    Path start = root.resolve(directory);
    if (!Files.isDirectory(start)) {
      return List.of();
    }
    try {
      Files.walkFileTree(
          start,
          EnumSet.of(FileVisitOption.FOLLOW_LINKS),
          32,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
              if (entries.size() == maxFiles) {
                throw new RegistryException(
                    start + " has more than " + maxFiles + " files (expected: one version)");
              }
              if (!attributes.isRegularFile()) {
                throw new RegistryException(
                    file + " is neither a file nor a directory of at most 32 levels");
              }
              String key = root.relativize(file).toString();
              entries.add(new Entry(key, attributes.size(), etag(attributes)));
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
              if (e instanceof NoSuchFileException) {
                return FileVisitResult.CONTINUE; // Gone since it was listed: no longer there.
              }
              throw e;
            }
          });
    } catch (IOException e) {
      throw failed(start, "cannot be listed", e);
    }
    entries.sort(Comparator.comparing(Entry::key));
    return entries;
  }

  @Override
  public Transfer open(String key, String etag, long offset) {
    Path file = root.resolve(key);
    try {
      FileChannel channel = FileChannel.open(file);
      try {
        long size = channel.size();
        if (!etag.isEmpty() && !etag.equals(currentEtag(file))) {
          throw new RegistryException(Kind.CONFLICT, file + " changed (expected: no change)");
        }
        long from = Math.min(offset, size);
        channel.position(from);
        return new Transfer(new Guarded(Channels.newInputStream(channel), file, etag), from, size);
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
    } catch (NoSuchFileException e) {
      throw new RegistryException(Kind.NOT_FOUND, file + " does not exist", e);
    } catch (IOException e) {
      throw failed(file, "cannot be read", e);
    }
  }

  private static String currentEtag(Path file) throws IOException {
    return etag(Files.readAttributes(file, BasicFileAttributes.class));
  }

  /** Fails at its end if the file changed while it was read. */
  private static final class Guarded extends FilterInputStream {
    private final Path file;
    private final String etag;

    Guarded(InputStream in, Path file, String etag) {
      super(in);
      this.file = file;
      this.etag = etag;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      int count = super.read(target, offset, length);
      if (count < 0 && !etag.isEmpty() && !etag.equals(currentEtag(file))) {
        throw new IOException(file + " changed while it was read");
      }
      return count;
    }
  }

  @Override
  public void write(String key, byte[] content, Condition condition) {
    Path file = root.resolve(key);
    try (FileLocks.Lock _ = lock()) {
      boolean holds =
          switch (condition) {
            case Condition.Any any -> true;
            case Condition.Absent absent -> !Files.exists(file);
            case Condition.Matches(String etag) ->
                Files.exists(file) && currentEtag(file).equals(etag);
          };
      if (!holds) {
        throw new RegistryException(
            Kind.CONFLICT, file + " was written by somebody else (expected: nobody beside us)");
      }
      DurableFiles.replace(file, content);
    } catch (IOException e) {
      throw failed(file, "cannot be written", e);
    }
  }

  @Override
  public void upload(String key, Path source, Progress progress) {
    Path file = root.resolve(key);
    Path temporary = file.resolveSibling("." + UUID.randomUUID());
    try {
      Files.createDirectories(temporary.getParent());
      try {
        Files.copy(source, temporary);
        DurableFiles.sync(temporary);
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(temporary);
      }
      long size = Files.size(file);
      progress.moved(key, size, size);
    } catch (IOException e) {
      throw failed(file, "cannot be written", e);
    }
  }

  @Override
  public void delete(String key) {
    try {
      Files.deleteIfExists(root.resolve(key));
    } catch (IOException e) {
      throw failed(root.resolve(key), "cannot be deleted", e);
    }
  }

  static RegistryException failed(Path path, String what, Exception cause) {
    Kind kind = cause instanceof AccessDeniedException ? Kind.DENIED : Kind.TRANSIENT;
    return new RegistryException(kind, path + " " + what + ": " + cause, cause);
  }

  @Override
  public void close() {}
}
