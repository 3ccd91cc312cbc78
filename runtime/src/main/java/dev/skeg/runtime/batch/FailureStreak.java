package dev.skeg.runtime.batch;

import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.model.ServingException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many runs of a version have failed one after the other, and what follows from it.
 *
 * <p>After {@value #MOST} the version is taken out of service. If it has run on made-up rows when
 * it was loaded, or else a request has gone well, that runs once more first: where that goes well
 * the requests were to blame, not the version, and no client can take a version from the others.
 *
 * <p>The cause of a failure is logged, but no more than once a second: a client that sends what a
 * model cannot bear could otherwise fill the disk.
 *
 * <p><b>Threads.</b> Any.
 */
final class FailureStreak {
  /** Runs that fail one after the other before the version is taken out of service. */
  static final int MOST = 16;

  private static final Logger LOG = LoggerFactory.getLogger(FailureStreak.class);
  private static final long LOG_EVERY_NANOS = 1_000_000_000;

  private final ModelVersion version;
  private final Consumer<String> quarantine;
  private final AtomicInteger failures = new AtomicInteger();
  private final AtomicBoolean isJudged = new AtomicBoolean(); // Being judged, or judged for good.
  private final LongSupplier clock;
  private final AtomicLong logAt;
  private final AtomicLong unlogged = new AtomicLong();
  private volatile @Nullable BooleanSupplier trial;
  private volatile boolean isQuarantined;

  /**
   * @param quarantine told once, why; must not block
   */
  FailureStreak(ModelVersion version, Consumer<String> quarantine) {
    this(version, quarantine, System::nanoTime);
  }

  /**
   * @param clock monotonic nanoseconds
   */
  FailureStreak(ModelVersion version, Consumer<String> quarantine, LongSupplier clock) {
    this.version = version;
    this.quarantine = quarantine;
    this.clock = clock;
    this.logAt = new AtomicLong(clock.getAsLong());
  }

  /** Says how to try the version out: returns whether it runs, may block, and has gone well. */
  void tryBy(BooleanSupplier run) {
    trial = run;
  }

  boolean isQuarantined() {
    return isQuarantined;
  }

  /** A run went well. */
  void succeeded() {
    if (failures.get() != 0) {
      failures.set(0);
    }
  }

  /** A run failed. Never throws. */
  void failed(Throwable cause) {
    try {
      log(cause);
      // What its client is told of depends on what was asked: others may ask for less.
      boolean isRequestsFault =
          cause instanceof ServingException serving
              && (serving.code() == ErrorCode.INVALID_ARGUMENT || serving.isForClients());
      if (!isRequestsFault
          && failures.incrementAndGet() >= MOST
          && isJudged.compareAndSet(false, true)) {
        judge(cause);
      }
    } catch (RuntimeException | Error e) {
      isJudged.set(isQuarantined); // Not even a thread to be had: the next failure tries again.
    }
  }

  private void judge(Throwable last) {
    BooleanSupplier run = trial;
    if (run == null) {
      condemn(last);
      return;
    }
    Thread.ofVirtual()
        .name("trial-" + version.model())
        .start(() -> {
          if (run.getAsBoolean()) {
            failures.set(0);
            isJudged.set(false);
          } else {
            condemn(last);
          }
        });
  }

  private void condemn(Throwable last) {
    isQuarantined = true;
    quarantine.accept("quarantined after " + MOST + " failures in a row; the last: " + last);
  }

  private void log(Throwable cause) {
    long now = clock.getAsLong();
    long due = logAt.get();
    if (now - due < 0 || !logAt.compareAndSet(due, now + LOG_EVERY_NANOS)) {
      unlogged.incrementAndGet();
      return;
    }
    LOG.atWarn()
        .setCause(cause)
        .addKeyValue("model", version.model())
        .addKeyValue("version", version.number())
        .addKeyValue("failures_not_logged", unlogged.getAndSet(0))
        .log("The model failed on a valid request");
  }
}
