package dev.skeg.registry.store;

import dev.skeg.registry.disk.DurableFiles;
import dev.skeg.registry.disk.FileLocks;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Frees disk: versions least recently used first, never one that is held by any process, nor what a
 * pointer last meant that a process follows. What a server would start with that does not run at
 * the moment goes after all else.
 */
final class Evictor {
  /** A version and when it was last held. */
  private record Candidate(String hex, FileTime used) {}

  /**
   * Whoever wants a revision goes on with it much sooner; one that never comes may be superseded.
   */
  private static final Duration PARTIALS_KEPT = Duration.ofDays(7);

  /** A server that was not started for that long does not come back, or has a registry. */
  private static final Duration SERVED_KEPT = Duration.ofDays(30);

  private final StoreLayout layout;
  private final KnownPointers pointers;

  Evictor(StoreLayout layout, KnownPointers pointers) {
    this.layout = layout;
    this.pointers = pointers;
  }

  /** Notes that a version is used; without effect where it is not there. */
  void used(String hex, Instant now) {
    try {
      Files.setLastModifiedTime(layout.record(hex), FileTime.from(now));
    } catch (IOException e) {
      // It was taken out, or the disk fails: then the order of evictions is a little worse.
    }
  }

  /**
   * Evicts until all content fits; the caller holds the store's lock.
   *
   * @return digests of what is gone
   */
  List<String> evict(long maxBytes, Instant now) throws IOException {
    List<String> evicted = new ArrayList<>();
    if (usedBytes() <= maxBytes) {
      return evicted;
    }
    deleteIdlePartials(FileTime.fromMillis(Long.MAX_VALUE));
    long used = collect();
    for (String hex : inTurn(now)) {
      if (used <= maxBytes) {
        break;
      }
      if (remove(hex, now)) {
        evicted.add("sha256:" + hex);
        used = collect();
      }
    }
    return evicted;
  }

  /** Returns what may go, what is to go first at the beginning. */
  private List<String> inTurn(Instant now) throws IOException {
    KnownPointers.Meant meant = pointers.versions();
    FileTime longAgo = FileTime.from(now.minus(SERVED_KEPT));
    List<String> first = new ArrayList<>();
    List<String> last = new ArrayList<>();
    for (Candidate candidate : candidates()) {
      String hex = candidate.hex();
      if (meant.followed().contains(hex)) {
        used(hex, now); // Whoever follows it may be killed.
      } else if (meant.left().contains(hex) && candidate.used().compareTo(longAgo) >= 0) {
        last.add(hex);
      } else {
        first.add(hex);
      }
    }
    first.addAll(last);
    return first;
  }

  /** Returns the bytes of all contents and parts. */
  long usedBytes() throws IOException {
    return size(layout.files()) + size(layout.partial());
  }

  private static long size(Path root) throws IOException {
    AtomicLong bytes = new AtomicLong();
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            bytes.addAndGet(attributes.size());
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (e instanceof NoSuchFileException) {
              return FileVisitResult.CONTINUE; // A part that was completed in between.
            }
            throw e;
          }
        });
    return bytes.get();
  }

  private List<Candidate> candidates() throws IOException {
    List<Candidate> candidates = new ArrayList<>();
    try (DirectoryStream<Path> records = Files.newDirectoryStream(layout.versions(), "*.json")) {
      for (Path record : records) {
        String name = String.valueOf(record.getFileName());
        String hex = name.substring(0, name.length() - ".json".length());
        candidates.add(new Candidate(hex, Files.getLastModifiedTime(record)));
      }
    }
    candidates.sort(Comparator.comparing(Candidate::used).thenComparing(Candidate::hex));
    return candidates;
  }

  private boolean remove(String hex, Instant now) throws IOException {
    Optional<FileLocks.Lock> alone = FileLocks.tryExclusive(layout.versionLock(hex));
    if (alone.isEmpty()) {
      used(hex, now); // Whoever holds it may be killed before it says so.
      return false;
    }
    try (FileLocks.Lock _ = alone.get()) {
      takeOut(hex);
      // Nobody waits for this lock: it is only ever taken by holders of the store's.
      Files.deleteIfExists(layout.versionLock(hex));
      return true;
    }
  }

  /** Makes a version disappear at once, then deletes it. What is mapped or open stays readable. */
  void takeOut(String hex) throws IOException {
    Path trash = layout.staging().resolve("trash-" + UUID.randomUUID());
    try {
      Files.move(layout.version(hex), trash, StandardCopyOption.ATOMIC_MOVE);
      DurableFiles.syncDirectory(layout.versions());
    } catch (NoSuchFileException e) {
      // Only its record was there.
    }
    Files.deleteIfExists(layout.record(hex));
    DurableFiles.deleteTree(trash);
  }

  /**
   * Deletes contents that no version links to.
   *
   * @return the bytes in use afterwards
   */
  long collect() throws IOException {
    Files.walkFileTree(
        layout.files(),
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            if (Files.getAttribute(file, "unix:nlink") instanceof Integer links && links == 1) {
              Files.deleteIfExists(file);
            }
            return FileVisitResult.CONTINUE;
          }
        });
    return usedBytes();
  }

  /** Deletes parts that nobody adds to and that were last added to before a time. */
  private void deleteIdlePartials(FileTime before) throws IOException {
    try (DirectoryStream<Path> partials = Files.newDirectoryStream(layout.partial())) {
      for (Path partial : partials) {
        String slot = String.valueOf(partial.getFileName()).substring(0, 2);
        Optional<FileLocks.Lock> idle = FileLocks.tryExclusive(layout.fetchLock(slot));
        if (idle.isPresent()) {
          try (FileLocks.Lock _ = idle.get()) {
            if (Files.exists(partial) && Files.getLastModifiedTime(partial).compareTo(before) < 0) {
              Files.deleteIfExists(partial);
            }
          }
        }
      }
    }
  }

  /**
   * Deletes what a crash left in the middle of an eviction, and parts that nobody came back for.
   */
  void cleanUp(Instant now) throws IOException {
    deleteIdlePartials(FileTime.from(now.minus(PARTIALS_KEPT)));
    try (DirectoryStream<Path> trash = Files.newDirectoryStream(layout.staging(), "trash-*")) {
      for (Path tree : trash) {
        DurableFiles.deleteTree(tree);
      }
    }
    try (DirectoryStream<Path> records = Files.newDirectoryStream(layout.versions(), "*.json")) {
      for (Path record : records) {
        String name = String.valueOf(record.getFileName());
        if (Files.notExists(layout.version(name.substring(0, name.length() - ".json".length())))) {
          Files.deleteIfExists(record);
        }
      }
    }
  }
}
