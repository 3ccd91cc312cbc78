package dev.skeg.registry.store;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skeg.registry.ArtifactFile;
import dev.skeg.registry.Pointer;
import dev.skeg.registry.Progress;
import dev.skeg.registry.PublishedLayout;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.Revision;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.disk.DurableFiles;
import dev.skeg.registry.disk.FileLocks;
import dev.skeg.registry.signature.ModelSignature;
import dev.skeg.registry.signature.Verification;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/**
 * Versions on disk, by the digest of their content.
 *
 * <pre>
 * files/&lt;aa&gt;/&lt;sha256&gt;          one read-only copy of each content
 * versions/&lt;sha256&gt;/…         a version: links to copies; .json beside it says where it came from
 *                             and, by its time, when it was last used; .lock is held, shared, by
 *                             whoever uses it
 * revisions/ pointers/        which version a revision is; what a pointer last meant, and .lock,
 *                             held, shared, by whoever follows it
 * quarantine/                 what must not be used, and why
 * partial/ staging/ locks/    transfers and versions under way
 * </pre>
 *
 * <p><b>Crash safety.</b> Bytes are hashed as they come and forced to the disk; a version is put
 * together in {@code staging/}, its record is written, its names are forced to the disk, and then
 * one rename makes it appear. A process that dies at any step leaves nothing or the whole version,
 * and parts that the next one goes on with.
 *
 * <p><b>Processes.</b> Any number may share a store. One lock file guards publishing and evicting
 * and is never held during a transfer; one of 256 guards the fetch of a revision, so that the
 * second process waits and then finds it. Holding a version is a shared lock, which ends with the
 * process; the evictor needs it exclusively. So is following a pointer.
 *
 * <p><b>Threads.</b> Any; everything blocks.
 */
public final class ArtifactStore {
  private final StoreLayout layout;
  private final StoreConfig config;
  private final InstantSource clock;
  private final Download.Pause pause;
  private final HeavyWork heavy;
  private final KnownPointers pointers;
  private final Quarantine quarantine;
  private final Evictor evictor;

  private ArtifactStore(
      StoreLayout layout,
      StoreConfig config,
      InstantSource clock,
      Download.Pause pause,
      HeavyWork heavy) {
    this.heavy = heavy;
    this.layout = layout;
    this.config = config;
    this.clock = clock;
    this.pause = pause;
    this.pointers = new KnownPointers(layout);
    this.quarantine = new Quarantine(layout);
    this.evictor = new Evictor(layout, pointers);
  }

  /** Opens the store in a directory, {@code <data-dir>/store}, and makes it if there is none. */
  public static ArtifactStore open(Path root, StoreConfig config) {
    return open(root, config, HeavyWork.AT_ONCE);
  }

  /**
   * Opens the store in a directory, and makes it if there is none.
   *
   * @param heavy on which threads it does what keeps a processor busy
   */
  public static ArtifactStore open(Path root, StoreConfig config, HeavyWork heavy) {
    return open(root, config, InstantSource.system(), Thread::sleep, heavy);
  }

  static ArtifactStore open(
      Path root, StoreConfig config, InstantSource clock, Download.Pause pause, HeavyWork heavy) {
    StoreLayout layout = new StoreLayout(root.toAbsolutePath().normalize());
    ArtifactStore store = new ArtifactStore(layout, config, clock, pause, heavy);
    store.onDisk(() -> {
      layout.create();
      try (FileLocks.Lock _ = FileLocks.exclusive(layout.storeLock())) {
        Staging.cleanUp(layout);
        store.evictor.cleanUp(clock.instant());
      }
      return true;
    });
    return store;
  }

  /**
   * Brings a revision here, unless it is, and holds it. A call for a revision that another thread
   * or process is fetching waits for it.
   *
   * @throws RegistryException of kind INVALID if it is quarantined, unsafe, corrupt, or not signed
   *     as it must be; TRANSIENT if the source, the network or the disk fails, or the budget does
   *     not suffice
   */
  public Held fetch(
      Source source, Revision revision, Verification verification, Progress progress) {
    Optional<Held> there = find(source.uri(), revision, verification);
    if (there.isPresent()) {
      return there.get();
    }
    return onDisk(() -> {
      Path lock = layout.fetchLock(layout.slot(source.uri(), revision));
      try (FileLocks.Lock _ = FileLocks.exclusive(lock)) {
        Optional<Held> meanwhile = find(source.uri(), revision, verification);
        return meanwhile.isPresent()
            ? meanwhile.get()
            : transfer(source, revision, verification, progress);
      }
    });
  }

  private Held transfer(
      Source source, Revision revision, Verification verification, Progress progress)
      throws IOException {
    try (Staging staging = Staging.begin(layout, config.caps())) {
      try {
        new Fetch(layout, config, pause, this::makeRoom, heavy)
            .run(source, revision, staging, progress);
      } catch (UnsafeContentException e) {
        quarantine.add(source.uri(), revision, String.valueOf(e.getMessage()), clock.instant());
        throw new RegistryException(Kind.INVALID, String.valueOf(e.getMessage()), e);
      }
      VersionRecord record =
          new VersionRecord(
              source.uri().toString(),
              revision.revision(),
              revision.number(),
              staging.files(),
              clock.instant());
      Held held = publish(source.uri(), revision, staging, record);
      return checked(held, verification);
    }
  }

  private Held publish(SourceUri uri, Revision revision, Staging staging, VersionRecord record)
      throws IOException {
    String digest = record.artifact().digest();
    String hex = StoreLayout.hex(digest);
    try (FileLocks.Lock _ = FileLocks.exclusive(layout.storeLock())) {
      boolean sameFiles =
          record(hex).map(there -> there.files().equals(record.files())).orElse(false);
      if (!sameFiles || Files.notExists(layout.version(hex))) {
        evictor.takeOut(hex); // The same content with another signature, or a record alone.
        DurableFiles.syncTree(staging.tree());
        JsonFiles.write(layout.record(hex), record.toJson());
        Files.move(staging.tree(), layout.version(hex), StandardCopyOption.ATOMIC_MOVE);
        DurableFiles.syncDirectory(layout.versions());
      }
      ObjectNode mapping = JsonNodeFactory.instance.objectNode();
      mapping.put("source", uri.toString()).put("revision", revision.revision());
      mapping.put("digest", digest);
      JsonFiles.write(layout.revision(uri, revision), mapping);
      Held held = hold(hex).orElseThrow();
      evictor.evict(config.maxBytes(), clock.instant());
      return held;
    }
  }

  /**
   * Finds a revision that was fetched before, and holds it. The network is not used.
   *
   * @return empty if it is not here
   * @throws RegistryException of kind INVALID if it is quarantined, or not signed as it must be
   */
  public Optional<Held> find(SourceUri uri, Revision revision, Verification verification) {
    return onDisk(() -> {
      Optional<String> refused = quarantine.reason(uri, revision);
      if (refused.isPresent()) {
        throw inQuarantine(uri + " " + revision.revision(), refused.get());
      }
      Optional<String> digest =
          JsonFiles.read(layout.revision(uri, revision))
              .map(mapping -> mapping.path("digest").asText());
      return digest.isEmpty() ? Optional.empty() : find(digest.get(), verification);
    });
  }

  /**
   * Finds a version by the digest of its content, as {@link #find(SourceUri, Revision,
   * Verification)}.
   */
  public Optional<Held> find(String digest, Verification verification) {
    String hex = StoreLayout.hex(digest);
    return onDisk(() -> {
      Optional<String> reason = quarantine.reason(hex);
      if (reason.isPresent()) {
        throw inQuarantine(digest, reason.get());
      }
      Optional<Held> held;
      try (FileLocks.Lock _ = FileLocks.exclusive(layout.storeLock())) {
        held = hold(hex);
      }
      return held.map(found -> checked(found, verification));
    });
  }

  private static RegistryException inQuarantine(String what, String reason) {
    return new RegistryException(
        what + " is in quarantine: " + reason + " (expected: another version, or force)");
  }

  /** Holds a version, if it is there; the caller holds the store's lock, so nobody evicts it. */
  private Optional<Held> hold(String hex) throws IOException {
    Optional<VersionRecord> record = record(hex);
    if (record.isEmpty() || Files.notExists(layout.version(hex))) {
      return Optional.empty();
    }
    FileLocks.Lock lock = FileLocks.shared(layout.versionLock(hex));
    // Not of the lock file: setting a time opens and closes it, which would end the lock.
    evictor.used(hex, clock.instant());
    return Optional.of(
        new Held(
            layout.version(hex), record.get(), lock, () -> evictor.used(hex, clock.instant())));
  }

  private Optional<VersionRecord> record(String hex) throws IOException {
    return JsonFiles.read(layout.record(hex)).map(VersionRecord::fromJson);
  }

  /** Checks the signature, which is done each time: keys change. */
  private Held checked(Held held, Verification verification) {
    try {
      if (!held.record().isSigned()) {
        if (verification.required()) {
          throw new RegistryException(
              held.digest() + " is not signed (expected: a " + PublishedLayout.SIGNATURE + ")");
        }
      } else if (verification.isPossible()) {
        byte[] bundle = Files.readAllBytes(held.directory().resolve(PublishedLayout.SIGNATURE));
        ModelSignature.verify(bundle, held.record().files(), verification, clock.instant());
      }
      return held;
    } catch (IOException e) {
      held.close();
      throw new RegistryException(Kind.TRANSIENT, "signature cannot be read: " + e, e);
    } catch (RuntimeException e) {
      held.close();
      throw e;
    }
  }

  /**
   * Reads every byte of a version again. One that is not what it was is taken out, so that the next
   * fetch brings it anew; whoever has it mapped keeps what it has.
   *
   * @throws RegistryException of kind INVALID if a file is missing, changed or too many; NOT_FOUND
   *     if the version is not here
   */
  public void verify(String digest) {
    String hex = StoreLayout.hex(digest);
    onDisk(() -> {
      VersionRecord record =
          record(hex)
              .filter(found -> Files.exists(layout.version(hex)))
              .orElseThrow(
                  () -> new RegistryException(Kind.NOT_FOUND, digest + " is not in the store"));
      List<ArtifactFile> expected = record.files();
      List<ArtifactFile> actual = heavy.call(() -> StoredFiles.read(layout.version(hex)));
      if (!actual.equals(expected) || !record.artifact().digest().equals(digest)) {
        try (FileLocks.Lock _ = FileLocks.exclusive(layout.storeLock())) {
          StoredFiles.deleteBroken(layout, expected);
          evictor.takeOut(hex);
        }
        throw new RegistryException(
            digest
                + " is broken on disk: "
                + StoredFiles.difference(expected, actual)
                + " (expected: what was fetched; it will be fetched again)");
      }
      return true;
    });
  }

  /** Remembers what a pointer means, for a start without the network. */
  public void remember(SourceUri uri, Pointer pointer, Remembered remembered) {
    onDisk(() -> {
      pointers.write(uri, pointer, remembered);
      return true;
    });
  }

  /**
   * Marks a pointer as one that this process follows: what it last meant is not evicted until the
   * lock is closed, or the process ends.
   */
  public FileLocks.Lock follow(SourceUri uri, Pointer pointer) {
    return onDisk(() -> {
      try (FileLocks.Lock _ = FileLocks.exclusive(layout.storeLock())) {
        return pointers.follow(uri, pointer);
      }
    });
  }

  /** Returns what a pointer meant when it was last remembered. */
  public Optional<Remembered> lastKnown(SourceUri uri, Pointer pointer) {
    return onDisk(() -> pointers.read(uri, pointer));
  }

  /** Refuses a version from now on, across restarts. */
  public void quarantine(String digest, String reason) {
    String hex = StoreLayout.hex(digest);
    onDisk(() -> {
      quarantine.add(hex, reason, clock.instant());
      return true;
    });
  }

  /** Returns why a version is refused; empty if it is not. */
  public Optional<String> quarantined(String digest) {
    String hex = StoreLayout.hex(digest);
    return onDisk(() -> quarantine.reason(hex));
  }

  /** Allows a version again: what {@code force} does. */
  public void pardon(String digest) {
    String hex = StoreLayout.hex(digest);
    onDisk(() -> {
      quarantine.remove(hex);
      return true;
    });
  }

  /** Allows a revision again, and the version that it is. */
  public void pardon(SourceUri uri, Revision revision) {
    onDisk(() -> {
      quarantine.remove(uri, revision);
      Optional<JsonNode> mapping = JsonFiles.read(layout.revision(uri, revision));
      if (mapping.isPresent()) {
        pardon(mapping.get().path("digest").asText());
      }
      return true;
    });
  }

  /**
   * Evicts what is least recently used, not held and not what a pointer last meant that a process
   * follows, until the budget suffices; what other pointers last meant goes after all else.
   *
   * @return digests of what is gone
   */
  public List<String> evict() {
    return evict(config.maxBytes());
  }

  private List<String> evict(long maxBytes) {
    return onDisk(() -> {
      try (FileLocks.Lock _ = FileLocks.exclusive(layout.storeLock())) {
        return evictor.evict(maxBytes, clock.instant());
      }
    });
  }

  /** Returns the bytes of all contents and parts. */
  public long usedBytes() {
    return onDisk(evictor::usedBytes);
  }

  /** Makes room for bytes that are about to come. */
  private void makeRoom(long bytes) throws IOException {
    if (config.maxBytes() == Long.MAX_VALUE) {
      return;
    }
    if (bytes <= config.maxBytes()) {
      evict(config.maxBytes() - bytes);
      if (evictor.usedBytes() + bytes <= config.maxBytes()) {
        return;
      }
    }
    throw new RegistryException(
        Kind.TRANSIENT,
        "the store's budget of "
            + config.maxBytes()
            + " bytes has no room for "
            + bytes
            + " more beside what is in use and what the pointers that are followed last meant"
            + " (expected: a larger budget, or fewer versions kept)");
  }

  /** Something done on disk. */
  @FunctionalInterface
  private interface OnDisk<T> {
    T run() throws IOException;
  }

  private <T> T onDisk(OnDisk<T> work) {
    try {
      return work.run();
    } catch (IOException e) {
      throw new RegistryException(Kind.TRANSIENT, "store " + layout.root() + " failed: " + e, e);
    }
  }
}
