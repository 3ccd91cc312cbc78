package dev.skeg.runtime.source;

import dev.skeg.registry.ModelEntry;
import dev.skeg.registry.Pointer;
import dev.skeg.registry.Progress;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.Revision;
import dev.skeg.registry.Source;
import dev.skeg.registry.disk.FileLocks;
import dev.skeg.registry.store.ArtifactStore;
import dev.skeg.registry.store.Held;
import dev.skeg.registry.store.Remembered;
import dev.skeg.runtime.config.ConfigException;
import dev.skeg.runtime.config.SourceConfig;
import dev.skeg.runtime.config.VersionsConfig;
import dev.skeg.runtime.control.VersionPlan;
import dev.skeg.runtime.endpoint.Endpoint;
import dev.skeg.runtime.endpoint.VersionStatus;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.servable.VersionState;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings versions of one model from its source into the store, and holds those that are loaded
 * there.
 *
 * <p><b>Threads.</b> Owned by the watch's thread; blocks on network and disk.
 */
final class SourceVersions implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SourceVersions.class);

  private final SourceConfig config;
  private final Source source;
  private final ArtifactStore store;
  private final PlanMaker maker;
  private final VersionNumbers numbers;
  private final LoadAttempts attempts;
  private final Optional<WriteBack> writeBack;
  private final Map<String, Held> held = new HashMap<>();
  private final FileLocks.Lock followed;

  /**
   * @param source closed with this
   * @param writeBack closed with this
   * @throws RegistryException if the store cannot be written; then nothing is closed
   */
  SourceVersions(
      SourceConfig config,
      Source source,
      ArtifactStore store,
      PlanMaker maker,
      VersionNumbers numbers,
      LoadAttempts attempts,
      Optional<WriteBack> writeBack) {
    this.config = config;
    this.source = source;
    this.store = store;
    this.maker = maker;
    this.numbers = numbers;
    this.attempts = attempts;
    this.writeBack = writeBack;
    this.followed = store.follow(config.uri(), config.pointer());
  }

  /**
   * A version that is here.
   *
   * @param plan to load it, or why it cannot be
   * @param handling what its model.yaml says of how versions follow one another
   */
  record Brought(Revision revision, String digest, VersionPlan plan, VersionsConfig handling) {}

  /** Returns what the pointer meant when a version that it meant was last served. */
  Optional<Revision> lastServed() {
    return store.lastKnown(config.uri(), config.pointer()).map(Remembered::revision);
  }

  /**
   * Returns what was kept for going back then, the longest out of service first; nothing if that
   * cannot be read, which hinders nobody.
   */
  List<Revision> keptBefore() {
    try {
      return store
          .lastKnown(config.uri(), config.pointer())
          .map(Remembered::previous)
          .orElse(List.of());
    } catch (RegistryException e) {
      LOG.atWarn().setCause(e).log("It cannot be read what was kept for going back");
      return List.of();
    }
  }

  /**
   * Remembers a revision as one that was served, for a start without the network, and has its
   * registry told.
   *
   * @param kept for going back, the longest out of service first
   */
  void served(Revision revision, List<Revision> kept) {
    store.remember(config.uri(), config.pointer(), new Remembered(revision, kept));
    writeBack.ifPresent(registry -> registry.serves(revision.number()));
  }

  /** Looks up what a pointer means now. */
  Revision resolve(Pointer pointer) {
    return source.resolve(pointer, null);
  }

  /** Returns the version that a revision was, if the store has it whole; asks no network. */
  Optional<Brought> fromStore(Revision revision) {
    Optional<Held> there = store.find(config.uri(), revision, config.verification());
    if (there.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(brought(revision, there.get()));
    } catch (RegistryException e) {
      if (e.kind() == Kind.INVALID) {
        return Optional.empty(); // Broken on disk, and taken out: it is to be fetched again.
      }
      throw e;
    }
  }

  /**
   * Brings a revision here.
   *
   * @throws RegistryException as {@link ArtifactStore#fetch} does
   */
  Brought bring(Revision revision, Progress progress) {
    Held first = store.fetch(source, revision, config.verification(), progress);
    try {
      return brought(revision, first);
    } catch (RegistryException e) {
      if (e.kind() != Kind.INVALID) {
        throw e;
      }
      // It had been here for long and broke on disk; now it is taken out, and comes anew.
      return brought(revision, store.fetch(source, revision, config.verification(), progress));
    }
  }

  /** Allows a revision, and the version that it is, to be tried again. */
  void pardon(Revision revision) {
    store.pardon(config.uri(), revision);
  }

  /** Reads every byte again before it is loaded, and says how it is to be loaded. */
  private Brought brought(Revision revision, Held found) {
    String digest = found.digest();
    Held before = held.get(digest);
    if (before != null) {
      found.close();
      return planned(revision, before, numbers.of(digest, revision.number()));
    }
    try {
      store.verify(digest);
      Brought brought = planned(revision, found, numbers.of(digest, revision.number()));
      held.put(digest, found);
      return brought;
    } catch (RuntimeException e) {
      found.close();
      throw e;
    }
  }

  private Brought planned(Revision revision, Held version, long number) {
    Path directory = version.directory();
    try {
      PlanMaker.Setup setup =
          maker.setup(
              config.model(),
              existing(directory.resolve(ModelEntry.CONFIG_FILE)),
              existing(directory.resolve(ModelEntry.YAML_FILE)));
      return new Brought(
          revision,
          version.digest(),
          maker.load(
              new ModelVersion(config.model(), number),
              version.digest(),
              directory.resolve(setup.config().modelFileName()),
              setup),
          setup.versions().withLabels(config.labels()));
    } catch (ConfigException e) {
      return new Brought(
          revision,
          version.digest(),
          new VersionPlan.Refuse(number, String.join("; ", e.problems())),
          VersionsConfig.DEFAULT);
    }
  }

  private static Optional<Path> existing(Path file) {
    return Files.exists(file) ? Optional.of(file) : Optional.empty();
  }

  /** Returns the number to tell of a revision that could not be brought here. */
  long numberOf(Revision revision) {
    return revision.number() > 0 ? revision.number() : numbers.next();
  }

  /** Returns what tells of loads under way, and of those that a process did not live to end. */
  LoadAttempts attempts() {
    return attempts;
  }

  /** Refuses a version from now on, across restarts. */
  void quarantine(String digest, String reason) {
    store.quarantine(digest, reason);
  }

  /**
   * Lets the store evict what an endpoint no longer has loaded.
   *
   * @param needed digests that are to be held in any case
   */
  void release(Endpoint endpoint, Set<String> needed) {
    Set<String> loaded = new HashSet<>(needed);
    for (VersionStatus version : endpoint.versions()) {
      if (version.state() != VersionState.UNAVAILABLE) {
        loaded.add(version.digest());
      }
    }
    for (String digest : List.copyOf(held.keySet())) {
      if (!loaded.contains(digest)) {
        close(digest);
      }
    }
  }

  private void close(String digest) {
    Held gone = held.remove(digest);
    if (gone != null) {
      gone.close();
    }
  }

  @Override
  public void close() {
    try (source;
        followed;
        attempts) {
      writeBack.ifPresent(WriteBack::close);
      List.copyOf(held.keySet()).forEach(this::close);
    }
  }
}
