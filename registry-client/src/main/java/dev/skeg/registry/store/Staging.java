package dev.skeg.registry.store;

import dev.skeg.registry.Artifact;
import dev.skeg.registry.ArtifactFile;
import dev.skeg.registry.PublishedLayout;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.SafePath;
import dev.skeg.registry.SizeCaps;
import dev.skeg.registry.disk.DurableFiles;
import dev.skeg.registry.disk.FileLocks;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.UUID;

/**
 * A version being put together: {@code staging/<id>/tree/…}, with a lock beside it that tells
 * others whether its process still lives.
 *
 * <p>A file comes in as a link to the store's one copy of its content. It is linked here first, so
 * whoever removes copies that nothing links to never removes this one.
 *
 * <p><b>Threads.</b> Owned by the thread that fetches.
 */
final class Staging implements AutoCloseable {
  private final StoreLayout layout;
  private final SizeCaps caps;
  private final Path directory;
  private final FileLocks.Lock lock;
  private final TreeMap<String, ArtifactFile> files = new TreeMap<>();
  private final TreeMap<String, String> folded = new TreeMap<>(); // Lower case -> the path itself.
  private long bytes;
  private int temporaries;

  private Staging(StoreLayout layout, SizeCaps caps, Path directory, FileLocks.Lock lock) {
    this.layout = layout;
    this.caps = caps;
    this.directory = directory;
    this.lock = lock;
  }

  static Staging begin(StoreLayout layout, SizeCaps caps) throws IOException {
    String id = UUID.randomUUID().toString();
    FileLocks.Lock lock = FileLocks.exclusive(layout.staging().resolve(id + ".lock"));
    Path directory = layout.staging().resolve(id);
    Files.createDirectories(directory.resolve("tree"));
    return new Staging(layout, caps, directory, lock);
  }

  /** Removes what dead processes left. */
  static void cleanUp(StoreLayout layout) throws IOException {
    List<Path> locks;
    try (var children = Files.list(layout.staging())) {
      locks = children.filter(path -> path.toString().endsWith(".lock")).toList();
    }
    for (Path lock : locks) {
      var alone = FileLocks.tryExclusive(lock);
      if (alone.isPresent()) {
        try (FileLocks.Lock _ = alone.get()) {
          String name = String.valueOf(lock.getFileName());
          String id = name.substring(0, name.length() - ".lock".length());
          DurableFiles.deleteTree(layout.staging().resolve(id));
          Files.deleteIfExists(lock);
        }
      }
    }
  }

  Path tree() {
    return directory.resolve("tree");
  }

  /** Returns a path for a file that is still to be hashed. */
  Path temporary() {
    return directory.resolve("part-" + temporaries++);
  }

  List<ArtifactFile> files() {
    return List.copyOf(files.values());
  }

  /** Returns how many bytes may still come. */
  long bytesLeft() {
    return Math.min(caps.maxFileBytes(), caps.maxVersionBytes() - bytes);
  }

  /** Takes the store's copy of a content, if it has one. */
  boolean takeExisting(String path, String sha256, long sizeBytes, boolean mayReplace)
      throws IOException {
    Path existing = layout.file(sha256);
    try {
      if (Files.size(existing) != sizeBytes) {
        return false;
      }
      reserve(path, new ArtifactFile(path, sizeBytes, sha256), mayReplace);
      Path target = target(path);
      link(target, existing);
      return true;
    } catch (NoSuchFileException e) {
      forget(path);
      return false;
    }
  }

  /**
   * Takes a file whose bytes are on the disk and hashed; afterwards it is gone from where it was.
   *
   * @param mayReplace whether it stands in place of one of that path, as in a later layer
   */
  void take(Path source, ArtifactFile file, boolean mayReplace) throws IOException {
    reserve(file.path(), file, mayReplace);
    Path target = target(file.path());
    Path copy = layout.file(file.sha256());
    Files.createDirectories(parent(copy));
    while (!(linkCopy(target, copy, file) || makeCopy(target, copy, source))) {
      Thread.onSpinWait(); // Another process added or removed the copy in between.
    }
    Files.deleteIfExists(source);
  }

  /** Takes the store's copy, if it has a sound one; what is broken on disk is removed. */
  private static boolean linkCopy(Path target, Path copy, ArtifactFile file) throws IOException {
    try {
      link(target, copy);
    } catch (NoSuchFileException e) {
      return false;
    }
    if (Artifact.sha256(target).equals(file.sha256())) {
      return true;
    }
    Files.delete(target);
    Files.deleteIfExists(copy);
    return false;
  }

  /** Makes a file the store's copy, unless it has one by now. */
  private static boolean makeCopy(Path target, Path copy, Path source) throws IOException {
    source.toFile().setReadOnly();
    DurableFiles.syncDirectory(parent(source));
    link(target, source);
    try {
      link(copy, source);
      DurableFiles.syncDirectory(parent(copy));
      return true;
    } catch (FileAlreadyExistsException e) {
      Files.delete(target);
      return false;
    }
  }

  /** Takes a file or directory out again, as a later layer asks. */
  void remove(String path) throws IOException {
    Iterator<ArtifactFile> candidates = files.values().iterator();
    while (candidates.hasNext()) {
      ArtifactFile file = candidates.next();
      String candidate = file.path();
      if (candidate.equals(path) || candidate.startsWith(path + "/") || path.isEmpty()) {
        Files.deleteIfExists(tree().resolve(candidate));
        bytes -= file.sizeBytes();
        folded.remove(candidate.toLowerCase(Locale.ROOT));
        candidates.remove();
      }
    }
  }

  private void reserve(String path, ArtifactFile file, boolean mayReplace) throws IOException {
    SafePath.require(path);
    String other = folded.get(path.toLowerCase(Locale.ROOT));
    if (other != null) {
      if (!mayReplace || !other.equals(path)) {
        throw new RegistryException(
            "path '" + path + "' comes twice, or once more as '" + other + "' (expected: once)");
      }
      remove(path);
    }
    for (int slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      String above = path.substring(0, slash).toLowerCase(Locale.ROOT);
      if (folded.containsKey(above)) {
        throw new RegistryException(
            "path '" + path + "' goes through a file (expected: a directory)");
      }
    }
    if (files.size() >= caps.maxFiles()) {
      throw new RegistryException(
          "more than " + caps.maxFiles() + " files (expected: one version; see the caps)");
    }
    if (file.sizeBytes() > bytesLeft()) {
      throw tooLarge(path);
    }
    files.put(path, file);
    folded.put(path.toLowerCase(Locale.ROOT), path);
    bytes += file.sizeBytes();
  }

  private void forget(String path) {
    ArtifactFile file = files.remove(path);
    if (file != null) {
      folded.remove(path.toLowerCase(Locale.ROOT));
      bytes -= file.sizeBytes();
    }
  }

  RegistryException tooLarge(String path) {
    return new RegistryException(
        "path '"
            + path
            + "' is too large (expected: at most "
            + caps.maxFileBytes()
            + " bytes a file, "
            + caps.maxVersionBytes()
            + " a version)");
  }

  private Path target(String path) throws IOException {
    Path target = tree().resolve(path);
    try {
      Files.createDirectories(parent(target));
    } catch (FileAlreadyExistsException e) {
      throw new RegistryException("path '" + path + "' goes through a file", e);
    }
    return target;
  }

  /** Links, or copies where the file system has no links. */
  static void link(Path target, Path existing) throws IOException {
    try {
      Files.createLink(target, existing);
    } catch (UnsupportedOperationException e) {
      Files.copy(existing, target);
      DurableFiles.sync(target);
      target.toFile().setReadOnly();
    }
  }

  static Path parent(Path path) {
    Path parent = path.getParent();
    if (parent == null) {
      throw new IllegalArgumentException("path: " + path + " (expected: one with a parent)");
    }
    return parent;
  }

  /** Whether there is any content. */
  boolean hasContent() {
    return files.keySet().stream().anyMatch(PublishedLayout::isContent);
  }

  @Override
  public void close() throws IOException {
    try (lock) {
      DurableFiles.deleteTree(directory);
      Files.deleteIfExists(layout.staging().resolve(directory.getFileName() + ".lock"));
    }
  }
}
