package dev.skeg.benchmarks;

import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.SingleWriterRecorder;

/**
 * One measurement: a constant number of requests in flight, or a constant rate of arrivals.
 *
 * <p>At a constant rate every request has a time at which it is meant to be sent, whatever became
 * of those before; latency counts from that time, also when the request had to wait for a
 * connection because the server, or this generator, was slow. Otherwise a server that stalls would
 * be measured while it does not, and never while it does.
 *
 * <p><b>Threads.</b> All on the target's event loop, but for {@link #progress}.
 */
final class LoadRun {
  private static final long MAX_LATENCY_NANOS = TimeUnit.MINUTES.toNanos(5);
  private static final int MAX_KINDS = 10;
  private static final long LATE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private final LoadTarget target;
  private final EventLoop loop;
  private final int concurrency; // 0 at a constant rate.
  private final double nanosBetween;
  private final long deadlineNanos;
  private final CompletableFuture<LoadResult> done = new CompletableFuture<>();
  private final SingleWriterRecorder recorder = new SingleWriterRecorder(MAX_LATENCY_NANOS, 3);
  private final Histogram total = new Histogram(MAX_LATENCY_NANOS, 3);
  private final Map<String, Long> errors = new TreeMap<>();
  private final ArrayDeque<Long> overdue = new ArrayDeque<>(); // Meant to be sent at.
  private long startNanos;
  private long measureNanos;
  private long endNanos;
  private long scheduled; // Arrivals so far.
  private long answered;
  private long inTime;
  private long late;
  private int inFlight;

  /**
   * @param concurrency requests in flight; 0 for a rate
   * @param rate arrivals a second; 0 for a concurrency
   * @param deadline answers later than this are no use; zero for any
   */
  LoadRun(LoadTarget target, EventLoop loop, int concurrency, double rate, Duration deadline) {
    this.target = target;
    this.loop = loop;
    this.concurrency = concurrency;
    this.nanosBetween = rate > 0 ? 1e9 / rate : 0;
    this.deadlineNanos = deadline.isZero() ? Long.MAX_VALUE : deadline.toNanos();
  }

  /** Starts; what happens in the warm-up is not counted. */
  CompletableFuture<LoadResult> start(Duration warmUp, Duration duration) {
    loop.execute(() -> {
      startNanos = System.nanoTime();
      measureNanos = startNanos + warmUp.toNanos();
      endNanos = measureNanos + duration.toNanos();
      if (concurrency > 0) {
        for (int i = 0; i < concurrency && target.isFree(); i++) {
          send(System.nanoTime());
        }
        var _ = loop.schedule(this::finish, endNanos - startNanos, TimeUnit.NANOSECONDS);
      } else {
        tick();
      }
    });
    return done;
  }

  /** Returns what was answered since the last call. <b>Threads.</b> One other. */
  Histogram progress() {
    Histogram interval = recorder.getIntervalHistogram();
    total.add(interval);
    return interval;
  }

  private void tick() {
    long now = System.nanoTime();
    if (now - endNanos >= 0) {
      finish();
      return;
    }
    long meant = startNanos + (long) (scheduled * nanosBetween);
    while (meant - now <= 0) {
      scheduled++;
      overdue.add(meant);
      meant = startNanos + (long) (scheduled * nanosBetween);
    }
    sendOverdue();
    var _ = loop.schedule(this::tick, Math.max(0, meant - System.nanoTime()), TimeUnit.NANOSECONDS);
  }

  private void sendOverdue() {
    while (target.isFree() && !overdue.isEmpty()) {
      long meant = overdue.remove();
      if (System.nanoTime() - meant > LATE_NANOS && meant - measureNanos >= 0) {
        late++;
      }
      send(meant);
    }
  }

  private void send(long meantNanos) {
    inFlight++;
    target.send(error -> ended(meantNanos, error));
  }

  private void ended(long meantNanos, String error) {
    inFlight--;
    long now = System.nanoTime();
    boolean counts = now - measureNanos >= 0 && now - endNanos < 0;
    if (counts && error.isEmpty()) {
      long latency = now - meantNanos;
      recorder.recordValue(Math.min(latency, MAX_LATENCY_NANOS));
      answered++;
      inTime += latency <= deadlineNanos ? 1 : 0;
    } else if (counts) {
      String kind = kind(error);
      errors.merge(
          errors.size() < MAX_KINDS || errors.containsKey(kind) ? kind : "others", 1L, Long::sum);
    }
    if (now - endNanos < 0) {
      if (concurrency > 0) {
        send(System.nanoTime());
      } else {
        sendOverdue();
      }
    } else if (inFlight == 0) {
      complete();
    }
  }

  /** The first words, so that numbers within do not make a kind each. */
  private static String kind(String error) {
    String line = error.lines().findFirst().orElse("");
    return line.substring(0, Math.min(120, line.length())).replaceAll("[0-9]+[.0-9]*", "…");
  }

  private void finish() {
    if (inFlight == 0) {
      complete();
    } else {
      var _ = loop.schedule(this::complete, 10, TimeUnit.SECONDS);
    }
  }

  private void complete() {
    if (!done.isDone()) {
      progress();
      double seconds = (endNanos - measureNanos) / 1e9;
      done.complete(
          new LoadResult(
              concurrency,
              nanosBetween > 0 ? 1e9 / nanosBetween : 0,
              answered / seconds,
              inTime / seconds,
              Map.copyOf(errors),
              late + overdue.size(),
              total));
    }
  }
}
