package dev.skeg.monitor.profile;

import dev.skeg.monitor.record.RecordLayout;
import dev.skeg.monitor.record.RecordLayout.Encoding;
import java.util.Arrays;

/**
 * The rows of least priority of all that came: a uniform sample whose rows are the same for all
 * features.
 *
 * <p>A max-heap by priority, whose root the next row of less priority replaces.
 *
 * <p><b>Threads.</b> One at a time. <b>Allocation.</b> At most 512 KiB for the values, at the first
 * row.
 */
final class RowSample {
  private static final int MOST_WORDS = 1 << 16;

  private final int width;
  private final int capacity;
  private long[] heap = new long[0]; // Priorities, flipped to compare as signed.
  private int[] slots = new int[0]; // Where the heap's rows are.
  private long[] words = new long[0];
  private int size;

  /**
   * @param width words of a row, without its record's header
   */
  RowSample(int width) {
    this.width = width;
    this.capacity = Math.min(Reservoir.CAPACITY, MOST_WORDS / Math.max(1, width));
  }

  /** Takes a row if its priority is among the least so far. */
  void offer(long priority, long[] from, int offset) {
    long key = priority ^ Long.MIN_VALUE;
    if (size < capacity) {
      if (size == heap.length) {
        grow();
      }
      int slot = size++;
      copy(from, offset, slot);
      up(size - 1, key, slot);
    } else if (key < heap[0]) {
      int slot = slots[0];
      copy(from, offset, slot);
      down(key, slot);
    }
  }

  private void copy(long[] from, int offset, int slot) {
    System.arraycopy(from, offset + RecordLayout.HEADER, words, slot * width, width);
  }

  private void grow() {
    int next = Math.min(capacity, Math.max(64, 2 * heap.length));
    heap = Arrays.copyOf(heap, next);
    slots = Arrays.copyOf(slots, next);
    words = Arrays.copyOf(words, next * width);
  }

  private void up(int from, long key, int slot) {
    int at = from;
    while (at > 0) {
      int parent = (at - 1) >>> 1;
      if (heap[parent] >= key) {
        break;
      }
      heap[at] = heap[parent];
      slots[at] = slots[parent];
      at = parent;
    }
    heap[at] = key;
    slots[at] = slot;
  }

  private void down(long key, int slot) {
    int at = 0;
    while (true) {
      int child = 2 * at + 1;
      if (child >= size) {
        break;
      }
      if (child + 1 < size && heap[child + 1] > heap[child]) {
        child++;
      }
      if (heap[child] <= key) {
        break;
      }
      heap[at] = heap[child];
      slots[at] = slots[child];
      at = child;
    }
    heap[at] = key;
    slots[at] = slot;
  }

  int size() {
    return size;
  }

  /** Returns the priority of the sample's row of that index. */
  long priority(int index) {
    return heap[index] ^ Long.MIN_VALUE;
  }

  /** Returns a feature's bits of the sample's row of that index, as its record had them. */
  long bits(int index, Encoding encoding, int place) {
    return RecordLayout.bits(encoding, words, slots[index] * width, place);
  }

  void clear() {
    size = 0;
  }
}
