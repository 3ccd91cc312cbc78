package dev.skeg.runtime.batch;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The requests of a queue that cannot wait for ever, the one first that must go first.
 *
 * <p>A binary heap in which each request knows its place, so that one that is taken out of the
 * queue leaves at once, wherever it stands: nothing that has ended is held here.
 *
 * <p><b>Threads.</b> The scheduler's: one at a time. <b>Costs.</b> A request comes and goes in
 * logarithmic time, and allocates nothing.
 */
final class Deadlines {
  /** The place of a request that is in no heap. */
  static final int NOWHERE = -1;

  private @Nullable Entry[] heap = new Entry[16];
  private int size;

  boolean isEmpty() {
    return size == 0;
  }

  /** Returns when the first must go, by the batcher's clock; only if there is one. */
  long nextAt() {
    return at(0).waits().expiresAt;
  }

  /** Returns the one that must go first; only if there is one. */
  Entry first() {
    return at(0);
  }

  /** Adds a request that is not here, by its {@link Waiting#expiresAt}. */
  void add(Entry entry) {
    if (size == heap.length) {
      heap = Arrays.copyOf(heap, 2 * size);
    }
    rise(entry, size++);
  }

  /** Takes a request out, if it is here. */
  void remove(Entry entry) {
    int place = entry.waits().deadlinePlace;
    if (place == NOWHERE) {
      return;
    }
    entry.waits().deadlinePlace = NOWHERE;
    Entry last = at(--size);
    heap[size] = null;
    if (last != entry) {
      rise(last, sink(last, place));
    }
  }

  /** Lets the place of {@code entry} be taken by those below that go before it. */
  private int sink(Entry entry, int from) {
    int place = from;
    while (true) {
      int child = 2 * place + 1;
      if (child + 1 < size && isBefore(at(child + 1), at(child))) {
        child++;
      }
      if (child >= size || !isBefore(at(child), entry)) {
        return place;
      }
      put(at(child), place);
      place = child;
    }
  }

  /** Puts {@code entry} there, or above, in the place of those that it goes before. */
  private void rise(Entry entry, int from) {
    int place = from;
    while (place > 0 && isBefore(entry, at((place - 1) / 2))) {
      put(at((place - 1) / 2), place);
      place = (place - 1) / 2;
    }
    put(entry, place);
  }

  private void put(Entry entry, int place) {
    heap[place] = entry;
    entry.waits().deadlinePlace = place;
  }

  private static boolean isBefore(Entry left, Entry right) {
    return left.waits().expiresAt < right.waits().expiresAt;
  }

  @SuppressWarnings("NullAway") // Below size there is one in every place.
  private Entry at(int place) {
    return heap[place];
  }
}
