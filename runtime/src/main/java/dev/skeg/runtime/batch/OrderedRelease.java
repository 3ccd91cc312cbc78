package dev.skeg.runtime.batch;

import dev.skeg.runtime.model.InferenceResult;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Lets results leave in the order in which their requests came, for models that ask for it.
 *
 * <p><b>Threads.</b> Any. Whoever comes first hands out whatever may leave, also what others bring
 * meanwhile.
 */
final class OrderedRelease {
  private record Ended(Entry entry, InferenceResult result, boolean holdsClaim) {
    long number() {
      return entry.waits().number;
    }
  }

  private final Endings endings;

  private final ConcurrentLinkedQueue<Ended> arrived = new ConcurrentLinkedQueue<>();
  private final AtomicInteger calls = new AtomicInteger();
  private final PriorityQueue<Ended> held =
      new PriorityQueue<>(Comparator.comparingLong(Ended::number));
  private long next;

  OrderedRelease(Endings endings) {
    this.endings = endings;
  }

  /** Takes the result of a request; every number from 0 on comes exactly once. */
  void ended(Entry entry, InferenceResult result, boolean holdsClaim) {
    arrived.add(new Ended(entry, result, holdsClaim));
    if (calls.getAndIncrement() != 0) {
      return;
    }
    int seen = 1;
    do {
      for (Ended ended = arrived.poll(); ended != null; ended = arrived.poll()) {
        held.add(ended);
      }
      while (!held.isEmpty() && held.element().number() == next) {
        next++;
        Ended ended = held.remove();
        endings.deliver(ended.entry(), ended.result(), ended.holdsClaim());
      }
      seen = calls.addAndGet(-seen);
    } while (seen != 0);
  }
}
