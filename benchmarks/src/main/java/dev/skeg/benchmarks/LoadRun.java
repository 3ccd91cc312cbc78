package dev.skeg.benchmarks;

import io.netty.channel.EventLoop;
import java.time.Duration;
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
 * be measured while it does not, and never while it does. For the same reason what was meant to be
 * sent in the measured time is still sent and waited for after it, as far as the drain allows; the
 * rest counts as not answered.
 *
 * <p><b>Threads.</b> All on the target's event loop, but for {@link #progress}.
 */
final class LoadRun {
  private static final int MAX_BURST = 64;

  /**
   * What is due within so long is sent together: a timer for each arrival costs the generator more
   * than to send it, and what it is late by counts as latency.
   */
  private static final long TICK_NANOS = 100_000;

  /**
   * In flight while a measurement at a constant rate warms up, but for its end: a generator that is
   * still being compiled cannot keep the rate, and one that has fallen behind never warms up.
   */
  private static final int WARMING_IN_FLIGHT = 64;

  private static final Duration WARM_AT_RATE = Duration.ofSeconds(1); // Or all of it.

  private final LoadTarget target;
  private final EventLoop loop;
  private final int concurrency; // 0 at a constant rate.
  private boolean isOpen; // Whether arrivals come at a rate by now.
  private final double rate; // 0 at a constant concurrency.
  private final Duration deadline;
  private final Duration drain;
  private final CompletableFuture<LoadResult> done = new CompletableFuture<>();
  private final SingleWriterRecorder recent =
      new SingleWriterRecorder(LoadCounts.MAX_LATENCY_NANOS, 3);
  private Answered answered = (meantNanos, nowNanos) -> {};
  private LoadCounts counts = new LoadCounts(0, 0, false, Duration.ZERO); // Until it starts.
  private ArrivalSchedule schedule = new ArrivalSchedule(0, 0, 1);
  private long measureNanos;
  private long endNanos;
  private long sent; // Arrivals sent, or left out of the warm-up, so far.
  private int inFlight;

  /** Takes the times of one request that was answered. */
  interface Answered {
    void answered(long meantNanos, long nowNanos);
  }

  /**
   * @param concurrency requests in flight; 0 for a rate
   * @param rate arrivals a second; 0 for a concurrency
   * @param deadline answers later than this are no use; zero for any
   * @param drain time for answers that are still missing when the measured time is over
   */
  LoadRun(
      LoadTarget target,
      EventLoop loop,
      int concurrency,
      double rate,
      Duration deadline,
      Duration drain) {
    this.target = target;
    this.loop = loop;
    this.concurrency = concurrency;
    this.rate = rate;
    this.deadline = deadline;
    this.drain = drain;
  }

  /** Has every request that is answered told, on the event loop; before the start. */
  LoadRun onAnswered(Answered listener) {
    answered = listener;
    return this;
  }

  /** Starts; what happens in the warm-up is not counted. */
  CompletableFuture<LoadResult> start(Duration warmUp, Duration duration) {
    loop.execute(() -> {
      long startNanos = System.nanoTime();
      measureNanos = startNanos + warmUp.toNanos();
      endNanos = measureNanos + duration.toNanos();
      counts = new LoadCounts(measureNanos, endNanos, concurrency == 0, deadline);
      target.onReconnected(this::pump);
      var _ = loop.schedule(this::finish, endNanos - startNanos, TimeUnit.NANOSECONDS);
      schedule = new ArrivalSchedule(startNanos, endNanos, concurrency == 0 ? rate : 1);
      if (concurrency == 0) {
        Duration inClosedLoop = warmUp.minus(WARM_AT_RATE);
        if (!inClosedLoop.isPositive()) {
          open();
          return;
        }
        var _ = loop.schedule(this::open, inClosedLoop.toNanos(), TimeUnit.NANOSECONDS);
      }
      pump();
    });
    return done;
  }

  /** Returns the latencies of what was answered since the last call. <b>Threads.</b> One other. */
  Histogram progress() {
    return recent.getIntervalHistogram();
  }

  /** Goes over to arrivals at a rate. */
  private void open() {
    isOpen = true;
    sent = schedule.due(Math.min(System.nanoTime(), measureNanos) - 1); // The others were left out.
    tick();
  }

  private void tick() {
    pump();
    long next = schedule.meantAt(sent);
    if (!target.isFree()) { // An answer makes room, and sends what is due by then.
      next = Math.max(next, schedule.meantAt(schedule.due(System.nanoTime())));
    }
    next = Math.max(next, System.nanoTime() + TICK_NANOS);
    if (next - endNanos < 0) {
      var _ =
          loop.schedule(this::tick, Math.max(0, next - System.nanoTime()), TimeUnit.NANOSECONDS);
    }
  }

  /**
   * Sends what is to be sent now, as far as there are connections for it. Never much at once: while
   * it sends, no answer is read, and a generator that has fallen behind would not get out of that.
   */
  private void pump() {
    if (!isOpen) {
      int wanted = concurrency > 0 ? concurrency : WARMING_IN_FLIGHT;
      while (inFlight < wanted && target.isFree() && System.nanoTime() - endNanos < 0) {
        send(System.nanoTime());
      }
      return;
    }
    long now = System.nanoTime();
    if (now - measureNanos >= 0) { // What a cold generator left of the warm-up is nobody's latency.
      sent = Math.max(sent, schedule.due(measureNanos - 1));
    }
    long due = Math.min(schedule.due(now), sent + MAX_BURST);
    while (target.isFree() && !done.isDone() && sent < due) {
      long meant = schedule.meantAt(sent++);
      counts.sent(meant, System.nanoTime());
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
    if (done.isDone()) {
      return;
    }
    if (error.isEmpty()) {
      counts.answered(meantNanos, now);
      answered.answered(meantNanos, now);
      recent.recordValue(Math.min(now - meantNanos, LoadCounts.MAX_LATENCY_NANOS));
    } else {
      counts.failed(error, meantNanos, now);
    }
    pump();
    if (now - endNanos >= 0 && inFlight == 0 && unsent() == 0) {
      complete();
    }
  }

  private long unsent() {
    return !isOpen ? 0 : schedule.due(endNanos) - sent;
  }

  private void finish() {
    if (inFlight == 0 && (unsent() == 0 || !target.lost().isEmpty())) {
      complete();
      return;
    }
    sendRest();
    var _ = loop.schedule(this::complete, drain.toNanos(), TimeUnit.NANOSECONDS);
  }

  private void sendRest() {
    pump();
    if (unsent() > 0 && target.isFree() && !done.isDone()) {
      var _ = loop.schedule(this::sendRest, 0, TimeUnit.NANOSECONDS);
    }
  }

  private void complete() {
    if (!done.isDone()) {
      long missing = inFlight + unsent();
      if (missing > 0) {
        counts.failed("not answered when the time was over", missing);
      }
      done.complete(counts.result(concurrency, rate, target.lost()));
    }
  }
}
