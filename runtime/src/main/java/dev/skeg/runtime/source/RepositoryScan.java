package dev.skeg.runtime.source;

import dev.skeg.registry.FileLook;
import dev.skeg.registry.ModelDirectory;
import dev.skeg.registry.ModelEntry;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.VersionEntry;
import dev.skeg.runtime.config.ConfigException;
import dev.skeg.runtime.config.VersionsConfig;
import dev.skeg.runtime.control.ModelPlan;
import dev.skeg.runtime.control.VersionPlan;
import dev.skeg.runtime.model.ModelVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Looks at a directory of models, again and again, and says what is to become of each.
 *
 * <p>Files are read when they have changed and stand still ({@link Settling}), or have a manifest
 * to be held against. While they do not, the plan goes on with what it had: a version that is being
 * replaced stays as it was planned, one that is being written is left out, and one that goes away
 * is gone only when a second look misses it too, so that a replacement by two renames is no
 * removal.
 *
 * <p><b>Threads.</b> Owned by the watch's thread; reads the disk.
 */
final class RepositoryScan {
  private final ModelDirectory directory;
  private final PlanMaker maker;
  private final Set<String> elsewhere;
  private final VersionChoice choice;
  private final UnaryOperator<VersionPlan> objection;
  private final Settling settling = new Settling();
  private final Map<String, Known> known = new HashMap<>();
  private final Map<Path, Long> missingSinceNanos = new HashMap<>();
  private @Nullable Object rootKey;
  private boolean isMoving;

  /** Which of a model's versions are wanted. */
  @FunctionalInterface
  interface VersionChoice {
    /** Returns the numbers wanted of those available; may name others. */
    List<Long> of(String model, PlanMaker.Setup setup, List<Long> available);

    /** As the model's configuration says. */
    VersionChoice BY_POLICY = (model, setup, available) -> setup.config().selectVersions(available);
  }

  /**
   * What a scan found.
   *
   * @param plans by model; the same object as of the last scan where nothing changed
   * @param removed models that are no longer there
   * @param isMoving whether something is being written, so that another scan is due soon
   */
  record Result(Map<String, ModelPlan> plans, Set<String> removed, boolean isMoving) {
    Result {
      plans = Map.copyOf(plans);
      removed = Set.copyOf(removed);
    }
  }

  /**
   * A version's files as they were read.
   *
   * @param isSettled whether they stood still then; if not, only a good result holds
   */
  private record Read(String fingerprint, boolean isSettled, VersionPlan plan) {
    boolean holds(String now) {
      return fingerprint.equals(now) && (isSettled || plan instanceof VersionPlan.Load);
    }
  }

  /**
   * What is known of a model.
   *
   * @param key of everything that its plan depends on
   * @param versions those that were read, good or not
   */
  private record Known(List<Object> key, ModelPlan plan, Map<Long, Read> versions) {}

  /**
   * @param elsewhere models that have a source of their own and are passed over here
   * @param objection makes refusals of versions that could be read and are not to be loaded
   */
  RepositoryScan(
      ModelDirectory directory,
      PlanMaker maker,
      Set<String> elsewhere,
      VersionChoice choice,
      UnaryOperator<VersionPlan> objection) {
    this.directory = directory;
    this.maker = maker;
    this.elsewhere = Set.copyOf(elsewhere);
    this.choice = choice;
    this.objection = objection;
  }

  Path root() {
    return directory.root();
  }

  /**
   * Looks at everything.
   *
   * @param now by the wall clock
   * @param nowNanos monotonic time
   * @throws RegistryException if the directory itself cannot be read, or was replaced by an empty
   *     one; nothing is known to be different then
   */
  Result scan(Instant now, long nowNanos) {
    List<ModelEntry> models =
        directory.list().models().stream()
            .filter(model -> !elsewhere.contains(model.name()))
            .toList();
    requireSameRoot(models.isEmpty());
    isMoving = false;
    Map<String, ModelPlan> plans = new TreeMap<>();
    Set<String> names = new HashSet<>();
    Set<Path> paths = new HashSet<>();
    for (ModelEntry model : models) {
      names.add(model.name());
      paths.add(model.directory());
      model.versions().forEach(version -> paths.add(version.directory()));
      ModelPlan plan = plan(model, now, nowNanos);
      if (plan != null) {
        plans.put(model.name(), plan);
      }
    }
    Set<String> removed = new TreeSet<>();
    for (String name : List.copyOf(known.keySet())) {
      if (names.contains(name)) {
        missingSinceNanos.remove(root().resolve(name));
      } else if (isGone(root().resolve(name), nowNanos)) {
        removed.add(name);
        known.remove(name);
      }
    }
    settling.retain(withSetupFiles(paths));
    return new Result(plans, removed, isMoving);
  }

  /** Makes a model's plan be put together anew by the next scan. */
  void reconsider(String model) {
    Known before = known.get(model);
    if (before != null) {
      known.put(model, new Known(List.of(), before.plan(), before.versions()));
    }
  }

  /** An unmounted volume looks like an empty directory, but it is another directory. */
  private void requireSameRoot(boolean isEmpty) {
    Object key;
    try {
      key = Files.readAttributes(root(), BasicFileAttributes.class).fileKey();
    } catch (IOException e) {
      throw new RegistryException(Kind.TRANSIENT, root() + " cannot be read: " + e, e);
    }
    if (isEmpty && !known.isEmpty() && !Objects.equals(key, rootKey)) {
      throw new RegistryException(
          Kind.TRANSIENT,
          "models directory "
              + root()
              + " is another one than before, and empty (expected: the volume that was mounted"
              + " there)");
    }
    rootKey = key;
  }

  private boolean isGone(Path path, long nowNanos) {
    Long since = missingSinceNanos.putIfAbsent(path, nowNanos);
    boolean gone = since != null && nowNanos - since >= Settling.STILL.toNanos();
    if (gone) {
      missingSinceNanos.remove(path);
    } else {
      isMoving = true;
    }
    return gone;
  }

  private static Set<Path> withSetupFiles(Set<Path> paths) {
    Set<Path> all = new HashSet<>(paths);
    for (Path path : paths) {
      all.add(path.resolve(ModelEntry.CONFIG_FILE));
      all.add(path.resolve(ModelEntry.YAML_FILE));
    }
    return all;
  }

  /** Returns a model's plan; null if it cannot be planned before its configuration stands still. */
  private @Nullable ModelPlan plan(ModelEntry model, Instant now, long nowNanos) {
    Known before = known.get(model.name());
    List<Object> key = new ArrayList<>();
    boolean stands = true;
    for (String name : List.of(ModelEntry.CONFIG_FILE, ModelEntry.YAML_FILE)) {
      Path file = model.directory().resolve(name);
      FileLook look = look(file);
      stands &= settling.isSettled(file, look, now, nowNanos);
      key.add(look.fingerprint());
    }
    Looks looks = new Looks(model, before, now, nowNanos);
    if (!stands) {
      isMoving = true;
      return before == null ? null : before.plan();
    }
    boolean sameSetup =
        before != null && before.key().size() >= 2 && before.key().subList(0, 2).equals(key);
    key.add(model.problem());
    key.addAll(looks.key);
    if (before != null && before.key().equals(key)) {
      return before.plan();
    }
    Known next = put(model, looks, sameSetup && before != null ? before.versions() : Map.of(), key);
    known.put(model.name(), next);
    return next.plan();
  }

  private static FileLook look(Path path) {
    try {
      return FileLook.at(path);
    } catch (RegistryException e) {
      // Reading it will fail as well, and say why where it belongs.
      return new FileLook("unreadable: " + e.getMessage(), Instant.EPOCH, false, false);
    }
  }

  /** What the looks at a model's versions amount to. */
  private final class Looks {
    /** Stand still or have a manifest, and can be read. */
    final Map<Long, VersionEntry> readable = new TreeMap<>();

    final Map<Long, String> fingerprints = new HashMap<>();

    final Set<Long> settled = new HashSet<>();

    /** Are planned already and being replaced or moved: they stay as they are planned. */
    final Map<Long, VersionPlan> kept = new TreeMap<>();

    /** Are being written. */
    final Set<Long> written = new TreeSet<>();

    final List<Object> key = new ArrayList<>();

    Looks(ModelEntry model, @Nullable Known before, Instant now, long nowNanos) {
      Map<Long, VersionPlan> planned = new HashMap<>();
      if (before != null) {
        before.plan().versions().stream()
            .filter(VersionPlan.Load.class::isInstance)
            .forEach(version -> planned.put(version.number(), version));
      }
      for (VersionEntry version : model.versions()) {
        missingSinceNanos.remove(version.directory());
        note(version, look(version.directory()), planned.remove(version.number()), now, nowNanos);
      }
      planned.forEach((number, version) -> {
        if (!isGone(model.directory().resolve(Long.toString(number)), nowNanos)) {
          kept.put(number, version);
          key.add("missing " + number);
        }
      });
    }

    private void note(
        VersionEntry version,
        FileLook look,
        @Nullable VersionPlan planned,
        Instant now,
        long nowNanos) {
      long number = version.number();
      fingerprints.put(number, look.fingerprint());
      boolean isSettled = settling.isSettled(version.directory(), look, now, nowNanos);
      if (isSettled) {
        settled.add(number);
      }
      isMoving |= !isSettled;
      if (isSettled ? !look.isIncomplete() : look.hasManifest()) {
        readable.put(number, version);
        key.add(number + " " + isSettled + " " + look.fingerprint());
      } else if (planned != null) {
        kept.put(number, planned);
        key.add("kept " + number);
      } else {
        written.add(number);
        key.add("written " + number);
      }
    }
  }

  private Known put(ModelEntry model, Looks looks, Map<Long, Read> read, List<Object> key) {
    PlanMaker.Setup setup;
    try {
      if (model.problem().isPresent() && !model.versions().isEmpty()) {
        throw new ConfigException(model.problem().get());
      }
      setup = maker.setup(model.name(), model.configFile(), model.yamlFile());
    } catch (ConfigException e) {
      String reason = String.join("; ", e.problems());
      List<VersionPlan> refused =
          model.versions().stream()
              .map(version -> (VersionPlan) new VersionPlan.Refuse(version.number(), reason))
              .toList();
      return new Known(key, plan(model.name(), refused, reason, VersionsConfig.DEFAULT), Map.of());
    }
    Map<Long, Read> versions = new TreeMap<>();
    looks.readable.forEach((number, version) -> {
      String fingerprint = looks.fingerprints.getOrDefault(number, "");
      Read before = read.get(number);
      versions.put(
          number,
          before != null && before.holds(fingerprint)
              ? before
              : new Read(
                  fingerprint, looks.settled.contains(number), read(model.name(), version, setup)));
    });
    return new Known(key, plan(model, looks, versions, setup), versions);
  }

  private VersionPlan read(String model, VersionEntry version, PlanMaker.Setup setup) {
    try {
      return maker.load(
          new ModelVersion(model, version.number()),
          VersionFiles.read(version.directory()).digest(),
          version.directory().resolve(setup.config().modelFileName()),
          setup);
    } catch (RegistryException e) {
      return new VersionPlan.Refuse(version.number(), String.valueOf(e.getMessage()));
    }
  }

  private ModelPlan plan(
      ModelEntry model, Looks looks, Map<Long, Read> read, PlanMaker.Setup setup) {
    Map<Long, VersionPlan> good = new TreeMap<>(looks.kept);
    Map<Long, VersionPlan> bad = new TreeMap<>();
    read.forEach((number, version) -> {
      VersionPlan own = objection.apply(version.plan());
      (own instanceof VersionPlan.Load ? good : bad).put(number, own);
    });
    List<Long> listed = new ArrayList<>(good.keySet());
    Map<Long, VersionPlan> versions = new TreeMap<>();
    for (long number : choice.of(model.name(), setup, listed)) {
      VersionPlan version = good.get(number);
      if (version != null) {
        versions.put(number, version);
      } else if (!bad.containsKey(number) && !looks.written.contains(number)) {
        versions.put(
            number,
            new VersionPlan.Refuse(
                number,
                "config.pbtxt asks for version "
                    + number
                    + ", but "
                    + model.directory()
                    + " has only "
                    + model.versions().stream().map(VersionEntry::number).toList()));
      }
    }
    // What cannot be read is told where it would have been chosen; it takes no other's place.
    listed.addAll(bad.keySet());
    for (long number : choice.of(model.name(), setup, listed)) {
      VersionPlan version = bad.get(number);
      if (version != null) {
        versions.put(number, version);
      }
    }
    String reason = "";
    if (versions.isEmpty()) {
      reason =
          looks.written.isEmpty()
              ? model.problem().orElse("no version of " + model.directory() + " is wanted")
              : "version "
                  + looks.written.iterator().next()
                  + " is still being written (expected: files that stand still for "
                  + Settling.STILL.toMillis()
                  + " ms)";
    }
    return plan(model.name(), List.copyOf(versions.values()), reason, setup.versions());
  }

  private static ModelPlan plan(
      String model, List<VersionPlan> versions, String reason, VersionsConfig handling) {
    return new ModelPlan(model, versions, versions.isEmpty() ? reason : "", handling, false);
  }
}
