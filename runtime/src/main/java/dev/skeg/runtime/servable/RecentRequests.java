package dev.skeg.runtime.servable;

import dev.skeg.runtime.model.Completion;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.InferenceResult;
import dev.skeg.runtime.model.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Inputs of a few requests that a model has answered lately: what its next version is warmed with.
 *
 * <p><b>Cost.</b> A request costs one read of a field that hardly ever changes, unless it is its
 * turn: one every {@value #FILLING_NANOS} ns until there are {@value #MOST}, then one a second. The
 * inputs of such a one are copied to the heap; more than {@value #MAX_REQUEST_BYTES} bytes are not.
 *
 * <p><b>Memory.</b> At most {@value #MAX_BYTES} bytes a model, and for all models together what
 * {@link Budget} says; nothing is written to disk.
 *
 * <p><b>Threads.</b> Any.
 */
public final class RecentRequests {
  static final int MOST = 16;
  static final long MAX_REQUEST_BYTES = 256 << 10;
  static final long MAX_BYTES = 1 << 20;
  static final long FILLING_NANOS = 10_000_000;
  static final long APART_NANOS = 1_000_000_000;

  private final Budget budget;
  private final AtomicLong dueNanos;
  private final Deque<Recorded> requests = new ArrayDeque<>(); // The oldest first; under the lock.
  private long bytes; // Under the lock.
  private boolean isClosed; // Under the lock.

  /** Memory for what is recorded of all models of a server. <b>Threads.</b> Any. */
  public static final class Budget {
    private static final long ALL_BYTES = 32 << 20;

    private final AtomicLong left = new AtomicLong(ALL_BYTES);

    private boolean take(long bytes) {
      if (left.addAndGet(-bytes) < 0) {
        left.addAndGet(bytes);
        return false;
      }
      return true;
    }
  }

  private record Recorded(List<Tensor> inputs, long bytes) {}

  /**
   * @param nowNanos monotonic time
   */
  public RecentRequests(Budget budget, long nowNanos) {
    this.budget = budget;
    this.dueNanos = new AtomicLong(nowNanos);
  }

  /**
   * Looks at a request that is about to be run.
   *
   * @param completion of the request
   * @return what is to be called when it has ended
   */
  public Completion watch(InferenceRequest request, Completion completion) {
    long due = dueNanos.get();
    return request.receivedNanos() - due < 0 ? completion : record(request, due, completion);
  }

  private Completion record(InferenceRequest request, long due, Completion completion) {
    long inputBytes = 0;
    for (Tensor input : request.inputs()) {
      inputBytes += input.data().byteSize();
    }
    if (inputBytes > MAX_REQUEST_BYTES
        || !dueNanos.compareAndSet(due, request.receivedNanos() + spacing())) {
      return completion;
    }
    // Now, for the transport takes the memory back as soon as it has the answer.
    List<Tensor> copies = new ArrayList<>();
    for (Tensor input : request.inputs()) {
      copies.add(TensorValues.copy(input));
    }
    Recorded recorded = new Recorded(List.copyOf(copies), inputBytes);
    return result -> {
      completion.complete(result);
      if (result instanceof InferenceResult.Completed) {
        add(recorded);
      }
    };
  }

  private synchronized long spacing() {
    return requests.size() < MOST ? FILLING_NANOS : APART_NANOS;
  }

  private synchronized void add(Recorded recorded) {
    while (requests.size() >= MOST || bytes + recorded.bytes() > MAX_BYTES) {
      drop();
    }
    if (!isClosed && budget.take(recorded.bytes())) {
      requests.add(recorded);
      bytes += recorded.bytes();
    }
  }

  private void drop() {
    Recorded oldest = requests.remove();
    bytes -= oldest.bytes();
    budget.left.addAndGet(oldest.bytes());
  }

  /** Returns the inputs of those recorded, the oldest first; nobody changes their memory. */
  public synchronized List<List<Tensor>> inputs() {
    return requests.stream().map(Recorded::inputs).toList();
  }

  /** Forgets everything, and records nothing more. */
  public synchronized void close() {
    isClosed = true;
    while (!requests.isEmpty()) {
      drop();
    }
  }
}
