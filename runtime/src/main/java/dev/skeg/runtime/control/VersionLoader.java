package dev.skeg.runtime.control;

import dev.skeg.runtime.batch.BatchPolicy;
import dev.skeg.runtime.batch.Batcher;
import dev.skeg.runtime.endpoint.VersionStatus;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.model.Signature;
import dev.skeg.runtime.os.Pace;
import dev.skeg.runtime.servable.LoadRequest;
import dev.skeg.runtime.servable.Loader;
import dev.skeg.runtime.servable.RecentRequests;
import dev.skeg.runtime.servable.Servable;
import dev.skeg.runtime.servable.SignatureCompatibility;
import dev.skeg.runtime.servable.VersionChecks;
import dev.skeg.runtime.telemetry.InferenceMetrics;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads a version and gets it ready: engine, checks, batcher, costs.
 *
 * <p><b>Threads.</b> Any; blocks.
 */
final class VersionLoader {
  private static final Logger LOG = LoggerFactory.getLogger(VersionLoader.class);

  /** How engines say in their messages that it is the system that failed. */
  private static final List<String> LACKS =
      List.of(
          "bad_alloc",
          "Failed to allocate memory",
          "Cannot allocate memory",
          "system error number",
          "Too many open files",
          "Input/output error");

  private final Loader loader;
  private final InferenceMetrics metrics;
  private final MemoryAdmission memory;
  private final BiConsumer<Servable, String> quarantine;
  private final VersionObserver observer;

  /** What became of a load. */
  sealed interface Outcome {
    record Loaded(LiveVersion version) implements Outcome {
      @Override
      public boolean isSurvived() {
        return true;
      }
    }

    /**
     * It cannot be served.
     *
     * @param reason for people and clients
     * @param isPassing whether it may be otherwise at another time
     * @param isSurvived as {@link LoadJournal.Entry#end} has it
     */
    record Failed(String reason, boolean isPassing, boolean isSurvived) implements Outcome {}

    /**
     * There is no memory for it now.
     *
     * @param reason for people and clients
     */
    record LackedMemory(String reason) implements Outcome {
      @Override
      public boolean isSurvived() {
        return false; // No engine was called.
      }
    }

    /** As {@link LoadJournal.Entry#end} has it. */
    boolean isSurvived();
  }

  /**
   * What a version is held against.
   *
   * @param live the signature of the version that serves; null if there is none, or it need not fit
   * @param maxLatency as {@code VersionsConfig} has it
   * @param recent what the model has answered lately, and whose next requests it records
   */
  record Demands(@Nullable Signature live, Optional<Duration> maxLatency, RecentRequests recent) {}

  /**
   * @param quarantine told once, why, when a version fails again and again; must not block
   */
  VersionLoader(
      Loader loader,
      InferenceMetrics metrics,
      MemoryAdmission memory,
      BiConsumer<Servable, String> quarantine,
      VersionObserver observer) {
    this.loader = loader;
    this.metrics = metrics;
    this.memory = memory;
    this.quarantine = quarantine;
    this.observer = observer;
  }

  /**
   * On what a load works.
   *
   * @param around for all of it
   * @param engine for calls of the engine
   * @param timed for those whose time counts
   */
  record Paces(Pace around, Pace engine, Pace timed) {
    static final Paces AT_ONCE = new Paces(Pace.AT_ONCE, Pace.AT_ONCE, Pace.AT_ONCE);
  }

  /**
   * Loads a version; whatever goes wrong is in the outcome, and nothing is thrown: somebody waits.
   *
   * @param journal has it as long as this takes
   */
  Outcome load(VersionPlan.Load load, Demands demands, Paces paces, LoadJournal journal) {
    Outcome outcome = null;
    try {
      // Not on a thread that gives way: writing takes locks for which others wait.
      LoadJournal.Entry entry = journal.begin(load);
      long startNanos = System.nanoTime();
      try {
        outcome = load(load, demands, paces);
      } finally { // Others may wait for that.
        entry.end(outcome != null && outcome.isSurvived());
      }
      long nanos = System.nanoTime() - startNanos;
      if (outcome instanceof Outcome.Loaded(LiveVersion live)) {
        tellReady(live, nanos);
      }
      return outcome;
    } catch (RuntimeException | Error e) {
      // Not logged: it may be the log that fails. A version that is ready must not be lost.
      return outcome != null ? outcome : new Outcome.Failed(e.toString(), true, false);
    }
  }

  private Outcome load(VersionPlan.Load load, Demands demands, Paces paces) {
    ModelVersion version = load.request().version();
    try {
      return new Outcome.Loaded(paces.around().call(() -> attempt(load, demands, paces)));
    } catch (MemoryAdmission.LackOfMemory e) {
      String reason = String.valueOf(e.getMessage());
      warn(version, reason, null);
      return new Outcome.LackedMemory(reason);
    } catch (VersionChecks.TooSlow e) {
      String reason = String.valueOf(e.getMessage());
      warn(version, reason, null);
      return new Outcome.Failed(reason, true, true);
    } catch (RuntimeException | Error e) {
      // Whatever a model's file makes an engine do, the other versions are to be served.
      String reason = e instanceof ServingException ? String.valueOf(e.getMessage()) : e.toString();
      warn(version, reason, e instanceof ServingException ? e.getCause() : e);
      boolean isPassing = isPassing(e);
      return new Outcome.Failed(reason, isPassing, !isPassing);
    }
  }

  /**
   * Returns whether a load may succeed at another time: unless it is the version that was refused,
   * as by the engine, its checks or its signature. What the system lacked (memory, threads, files)
   * is not the version's fault, nor are our own mistakes.
   */
  static boolean isPassing(Throwable failure) {
    if (!(failure instanceof ServingException)) {
      return true;
    }
    for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
      boolean isOfTheSystem =
          cause instanceof IOException
              && !(cause instanceof NoSuchFileException)
              && !(cause instanceof CharacterCodingException);
      if (isOfTheSystem || cause instanceof VirtualMachineError) {
        return true;
      }
    }
    String message = String.valueOf(failure.getMessage());
    return LACKS.stream().anyMatch(message::contains);
  }

  private LiveVersion attempt(VersionPlan.Load load, Demands demands, Paces paces) {
    LoadRequest request = load.request();
    try (MemoryAdmission.Claim claim =
        memory.claim(request.version().model(), request.fileBytes())) {
      return ready(load, demands, loader.load(request, paces.engine()), paces, claim);
    }
  }

  private static void tellReady(LiveVersion live, long nanos) {
    ModelVersion version = live.load().request().version();
    LOG.atInfo()
        .addKeyValue("model", version.model())
        .addKeyValue("version", version.number())
        .addKeyValue("digest", live.load().digest())
        .addKeyValue("millis", TimeUnit.NANOSECONDS.toMillis(nanos))
        .log("Version is ready");
    live.ready().servable().warnings().forEach(warning -> caution(version, warning));
    live.ready()
        .servable()
        .withoutEffect()
        .forEach(field -> LOG.warn("Model '{}': {}", version.model(), field));
  }

  private static void caution(ModelVersion version, String warning) {
    LOG.atWarn()
        .addKeyValue("model", version.model())
        .addKeyValue("version", version.number())
        .addKeyValue("warning", warning)
        .log("A client may end the server by what it sends to this version");
  }

  private static void warn(ModelVersion version, String reason, @Nullable Throwable cause) {
    LOG.atWarn()
        .setCause(cause)
        .addKeyValue("model", version.model())
        .addKeyValue("version", version.number())
        .addKeyValue("reason", reason)
        .log("Version cannot be served");
  }

  private LiveVersion ready(
      VersionPlan.Load load,
      Demands demands,
      Servable servable,
      Paces paces,
      MemoryAdmission.Claim claim) {
    Batcher batcher = null;
    try {
      if (demands.live() != null) {
        SignatureCompatibility.require(demands.live(), servable.signature());
      }
      List<String> notes = new ArrayList<>(servable.warnings());
      notes.addAll(servable.withoutEffect());
      notes.addAll(
          VersionChecks.run(
              servable,
              load.request(),
              demands.maxLatency().map(most -> new VersionChecks.Budget(most, paces.timed())),
              demands.recent().inputs(),
              paces.engine()));
      batcher =
          new Batcher(
              servable,
              BatchPolicy.of(servable.config()),
              load.lanes(),
              load.maxQueued(),
              metrics.forVersion(servable.version()),
              reason -> quarantine.accept(servable, reason));
      batcher.measure(paces.engine());
      claim.measure();
      VersionStatus.Ready ready =
          new VersionStatus.Ready(load.request(), servable, batcher, demands.recent());
      observer.loaded(load, ready);
      return new LiveVersion(load, ready, notes);
    } catch (RuntimeException | Error e) {
      servable.retire().join(); // Nobody else has a claim yet.
      if (batcher != null) {
        batcher.free();
      }
      servable.free();
      throw e;
    }
  }
}
