package dev.skeg.runtime.source;

import dev.skeg.registry.RegistryException;
import dev.skeg.registry.Revision;
import dev.skeg.runtime.config.VersionsConfig;
import dev.skeg.runtime.control.VersionPlan;
import dev.skeg.runtime.endpoint.Endpoint;
import dev.skeg.runtime.endpoint.VersionStatus;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Versions of one model that have served and are still in memory, so that going back to one needs
 * no load. The store remembers which they are; a later process brings them back from there.
 *
 * <p><b>Threads.</b> Owned by the watch's thread; reads and writes the disk.
 */
final class KeptVersions {
  private static final Logger LOG = LoggerFactory.getLogger(KeptVersions.class);

  private final String model;
  private final SourceVersions versions;

  /** By number; the one that has not been put in service for longest is the first. */
  private final LinkedHashMap<Long, Served> ready = new LinkedHashMap<>();

  private final List<Revision> earlier; // Kept by an earlier process, and not in memory yet.
  private final Deque<Served> restoring = new ArrayDeque<>();
  private @Nullable Revision serving;

  /** A version that has served, and how it is to be done again. */
  record Served(VersionPlan.Load load, Revision revision, VersionsConfig handling) {}

  KeptVersions(String model, SourceVersions versions) {
    this.model = model;
    this.versions = versions;
    this.earlier = new ArrayList<>(versions.keptBefore());
  }

  /**
   * Notes that a version serves now.
   *
   * @param now what there is of the model
   * @throws RegistryException if that cannot be written down
   */
  void served(Served version, Endpoint now) {
    ready.remove(version.load().number());
    ready.put(version.load().number(), version);
    serving = version.revision();
    earlier.removeIf(version.revision()::sameAs);
    write(Optional.of(now));
  }

  /**
   * Writes down which versions are to be there after a restart. A disk that fails hinders nobody:
   * then it is as it was.
   *
   * @return whether that succeeded
   */
  boolean remember(Optional<Endpoint> now) {
    try {
      write(now);
      return true;
    } catch (RegistryException e) {
      LOG.atWarn()
          .setCause(e)
          .addKeyValue("model", model)
          .log("It cannot be written down which versions are kept for going back");
      return false;
    }
  }

  private void write(Optional<Endpoint> now) {
    Revision current = serving;
    if (current != null) {
      Set<Long> _ = ready(now);
      List<Revision> kept = new ArrayList<>(earlier);
      ready.values().stream()
          .map(Served::revision)
          .filter(revision -> !revision.sameAs(current))
          .filter(revision -> kept.stream().noneMatch(revision::sameAs))
          .forEach(kept::add);
      write(current, kept);
    }
  }

  /** An interrupt does not end it, and is passed on: clients may have seen that version serve. */
  private void write(Revision current, List<Revision> kept) {
    boolean isInterrupted = false;
    try {
      while (true) {
        isInterrupted |= Thread.interrupted();
        try {
          versions.served(current, kept);
          return;
        } catch (RegistryException e) {
          if (!Thread.currentThread().isInterrupted()) {
            throw e;
          }
        }
      }
    } finally {
      if (isInterrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /**
   * Returns the numbers of those that are in memory.
   *
   * @param now what there is of the model
   */
  Set<Long> ready(Optional<Endpoint> now) {
    restoring
        .descendingIterator()
        .forEachRemaining(version -> {
          if (!ready.containsKey(version.load().number())) {
            ready.putFirst(version.load().number(), version);
          }
        });
    ready
        .values()
        .removeIf(version -> now.filter(endpoint -> serves(version.load(), endpoint)).isEmpty());
    return new TreeSet<>(ready.keySet());
  }

  /** Returns a version that {@link #ready} has found in memory. */
  Optional<Served> ready(long number) {
    return Optional.ofNullable(ready.get(number));
  }

  /** Returns whether a version is in memory, loaded from these files in this way. */
  static boolean serves(VersionPlan.Load load, Endpoint endpoint) {
    VersionStatus is = endpoint.version(load.number());
    return is != null && is.digest().equals(load.digest()) && is.runs(load.request());
  }

  /**
   * Brings from the store what an earlier process had in memory, to be loaded again; what the store
   * no longer has, or must not be used, is left. So is what ends the process that loads it, again
   * and again. The network is not asked.
   *
   * @param now what there is of the model
   * @return whether there is any; then {@link #restored} is due when it was tried
   */
  boolean bring(Optional<Endpoint> now) {
    if (!restoring.isEmpty()) {
      return false; // That is planned already.
    }
    Set<Long> numbers = new HashSet<>(ready.keySet());
    Set<String> deadly = new HashSet<>();
    for (Revision revision : List.copyOf(earlier).reversed()) {
      try {
        Optional<SourceVersions.Brought> there = versions.fromStore(revision);
        if (there.isPresent()
            && there.get().plan() instanceof VersionPlan.Load load
            && numbers.add(load.number())) {
          if (versions.attempts().isDeadly(load.digest())) {
            deadly.add(load.digest());
          } else {
            restoring.addFirst(new Served(load, revision, there.get().handling()));
          }
        }
      } catch (RegistryException e) {
        LOG.atInfo()
            .addKeyValue("model", model)
            .addKeyValue("revision", revision.revision())
            .addKeyValue("reason", e.getMessage())
            .log("A version that was kept for going back is not loaded again");
      }
    }
    earlier.removeIf(
        revision -> restoring.stream().noneMatch(each -> each.revision().sameAs(revision)));
    if (!deadly.isEmpty() && remember(now)) {
      deadly.forEach(versions.attempts()::forget); // If one is asked for, that is another matter.
    }
    return !restoring.isEmpty();
  }

  /**
   * Returns those that are being brought back, to be planned.
   *
   * @param but numbers of others, whose places they do not take
   */
  List<VersionPlan.Load> loads(Set<Long> but) {
    return restoring.stream()
        .map(Served::load)
        .filter(load -> !but.contains(load.number()))
        .toList();
  }

  /** Returns the digests of those that are being brought back. */
  Set<String> digests() {
    Set<String> digests = new HashSet<>();
    restoring.forEach(each -> digests.add(each.load().digest()));
    return digests;
  }

  /**
   * Notes that what was brought back has been tried.
   *
   * @param now what there is of the model
   */
  void restored(Optional<Endpoint> now) {
    Set<Long> _ = ready(now);
    restoring.clear();
    earlier.clear();
    boolean _ = remember(now);
  }
}
