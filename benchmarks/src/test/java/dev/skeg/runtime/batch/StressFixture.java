package dev.skeg.runtime.batch;

import dev.skeg.benchmarks.IdleBackend;
import dev.skeg.runtime.backend.BatchSlot;
import dev.skeg.runtime.backend.RunControl;
import dev.skeg.runtime.backend.SlotShape;
import dev.skeg.runtime.model.Completion;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.InferenceResult;
import dev.skeg.runtime.model.RequestTerms;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.servable.Servable;
import dev.skeg.runtime.servable.ServableHandle;
import dev.skeg.runtime.telemetry.InferenceMetrics;
import dev.skeg.runtime.telemetry.ModelMetrics;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What the stress tests share: a version whose runs do nothing, requests to it, and what counts
 * what becomes of them. A fork makes a great many batchers, so all of them serve the one version.
 */
final class StressFixture {
  /** Longer than any delay but a lost request. */
  private static final long PATIENCE_SECONDS = 10;

  private static final Servable SERVABLE = IdleBackend.servable(HeapSlot::new);
  private static final BatchPolicy POLICY = BatchPolicy.of(SERVABLE.config());
  private static final ModelMetrics METRICS = new InferenceMetrics().forVersion(SERVABLE.version());

  /** Of requests that an event loop may run by itself. */
  static final ShapeClass CHEAP = cheap();

  private static final InferenceRequest REQUEST =
      new InferenceRequest(
          "idle",
          "",
          "",
          List.of(
              new Tensor(
                  "features",
                  DataType.FP32,
                  Shape.of(1, IdleBackend.FEATURES),
                  MemorySegment.ofArray(new byte[IdleBackend.FEATURES * Float.BYTES]))),
          List.of(),
          RequestTerms.NONE,
          System.nanoTime());

  private StressFixture() {}

  private static ShapeClass cheap() {
    ShapeClass shape = unknown();
    for (int rows = 1; rows <= IdleBackend.MAX_ROWS; rows *= 2) {
      shape.cost().set(rows, 1_000);
    }
    return shape;
  }

  /** Returns a class whose cost is not known, so that its requests run on a lane's thread. */
  static ShapeClass unknown() {
    return Objects.requireNonNull(
        new ShapeClasses(SERVABLE, true, IdleBackend.MAX_ROWS, 1).typical(1));
  }

  /** Returns a batcher of one lane in whose queue so many requests may wait. */
  static Batcher batcher(int maxQueued) {
    return new Batcher(SERVABLE, POLICY, 1, maxQueued, METRICS, reason -> {});
  }

  static RequestQueue queue() {
    return new RequestQueue(POLICY, Batcher.INLINE_NANOS, 1);
  }

  static SlotPool pool(int lanes, int maxLent) {
    return new SlotPool(SERVABLE, CHEAP, new SlotBudget(_ -> {}), lanes, maxLent);
  }

  /** Takes a slot, for which there always is memory. */
  static SlotPool.PooledSlot take(SlotPool pool) {
    return Objects.requireNonNull(pool.take());
  }

  /** Returns a request that waits, which nobody has been given yet. */
  static Entry entry(Batcher batcher, ShapeClass shape, long number, Completion completion) {
    Entry entry = new Entry(batcher, claim(), REQUEST, completion, shape, 1, 0);
    entry.waits().number = number;
    return entry;
  }

  /** Submits a request as a caller does that is no event loop. */
  static void submit(Batcher batcher, Completion completion) {
    var _ = batcher.submit(claim(), REQUEST, 1, null, completion);
  }

  private static ServableHandle claim() {
    return Objects.requireNonNull(SERVABLE.acquire());
  }

  /** Hands one request over as an event loop does that has read no other. */
  static void turn(Batcher batcher, Entry entry) {
    batcher.take(new Entry[] {entry}, 1);
  }

  /** An answer that holds no memory. */
  static InferenceResult answer() {
    return new InferenceResult.Failed(SERVABLE.version(), "an answer like any other");
  }

  /** Counts how often a request ends; gives its outputs back. */
  static final class Ends implements Completion {
    private final AtomicInteger count = new AtomicInteger();
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile boolean isAnswered;

    @Override
    public void complete(InferenceResult result) {
      if (result instanceof InferenceResult.Completed completed) {
        isAnswered = true;
        completed.outputs().close();
      }
      count.incrementAndGet();
      ended.countDown();
    }

    /** Returns whether it has ended. */
    boolean hasEnded() {
      return count.get() > 0;
    }

    /** Returns how often it has ended, once it has; 0 if it never does. */
    int await() {
      try {
        var _ = ended.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return count.get();
    }

    /** Returns whether the model answered, once it has ended. */
    boolean isAnswered() {
      return isAnswered;
    }
  }

  /** Knows whether runs would be ended, and how often that was asked for. */
  static final class Control implements RunControl {
    private final AtomicInteger terminations = new AtomicInteger();
    private volatile boolean isTerminating;

    @Override
    public void terminate() {
      terminations.incrementAndGet();
      isTerminating = true;
    }

    @Override
    public void clear() {
      isTerminating = false;
    }

    @Override
    public void close() {}

    boolean isTerminating() {
      return isTerminating;
    }

    int terminations() {
      return terminations.get();
    }
  }

  /** Memory on the heap that counts how often it is freed. */
  static final class HeapSlot implements BatchSlot {
    private final MemorySegment features;
    private final MemorySegment scores;
    private final AtomicInteger closes = new AtomicInteger();

    HeapSlot(SlotShape shape) {
      features = MemorySegment.ofArray(new float[shape.rows() * IdleBackend.FEATURES]);
      scores = MemorySegment.ofArray(new float[shape.rows()]);
    }

    @Override
    public MemorySegment input(int index) {
      return features;
    }

    @Override
    public MemorySegment output(int index) {
      return scores;
    }

    @Override
    public void run(int rows, RunControl control) {}

    @Override
    public void close() {
      closes.incrementAndGet();
    }

    /** Returns how often a pool's slot has been freed. */
    static int closes(SlotPool.PooledSlot slot) {
      return ((HeapSlot) slot.memory()).closes.get();
    }
  }
}
