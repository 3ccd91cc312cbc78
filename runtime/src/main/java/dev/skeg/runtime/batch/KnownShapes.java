package dev.skeg.runtime.batch;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.Arrays;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The classes of the shapes that one version has met of late, {@value #MOST} at most. For one more,
 * one goes that has not been used for long, with its slots and what was learnt of it.
 *
 * <p>Which one a clock tells: a hand goes round over all classes and takes the first that has not
 * been used since it was there last. A use writes only when it is the first since, and each class
 * that the hand goes past has been used in between: so neither costs much, whatever clients send.
 * Classes with requests in the queue stay, which bounds the lines there too; those of which
 * requests run, or are on their way, may go, and serve them all the same.
 *
 * <p><b>Threads.</b> Any; the lock is held for new shapes only.
 */
final class KnownShapes {
  /**
   * Twice as many as the lengths of a transformer's input, of which most have no more than 512. A
   * class without slots takes a few kilobytes, so all of them a few megabytes, and their slots no
   * more than {@link SlotBudget} has. Where requests of all of them wait, it takes about 10 µs to
   * find the most urgent, once a batch.
   */
  static final int MOST = 1024;

  /** So many with requests waiting are passed over at most, for one new class. */
  private static final int PATIENCE = 64;

  private static final int NONE = -1;

  private final ConcurrentHashMap<Key, ShapeClass> byKey = new ConcurrentHashMap<>();
  private final AtomicReferenceArray<@Nullable Kept> places = new AtomicReferenceArray<>(MOST);

  @GuardedBy("this")
  private int hand;

  private volatile int trimmed; // Where a trim goes on; any place will do.

  /** For each input its rank and its rows' dimensions, or -1; then the outputs. */
  @SuppressWarnings("ArrayRecordComponent") // Compared by content.
  record Key(long[] values) {
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Key key && Arrays.equals(values, key.values);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(values);
    }
  }

  private record Kept(Key key, ShapeClass shape) {}

  /** Returns the class, which counts as used; null if it is not known. */
  @Nullable ShapeClass find(Key key) {
    ShapeClass found = byKey.get(key);
    if (found != null) {
      found.use();
    }
    return found;
  }

  /**
   * Keeps a new class.
   *
   * @return the class of that key, which is another if somebody was quicker; null if it finds no
   *     place, because requests wait for too many others
   */
  @Nullable ShapeClass keep(Key key, ShapeClass shape) {
    Kept kept = new Kept(key, shape);
    Kept gone;
    synchronized (this) {
      ShapeClass other = find(key);
      if (other != null) {
        return other;
      }
      int place = place();
      if (place == NONE) {
        return null;
      }
      byKey.put(key, shape); // The only one of these that may fail.
      gone = places.getAndSet(place, kept);
      if (gone != null) {
        byKey.remove(gone.key());
      }
    }
    if (gone != null) {
      gone.shape().closeSlots();
    }
    return shape;
  }

  /** Returns a place that is free or can be made so, and moves the hand behind it. */
  @GuardedBy("this")
  private int place() {
    int waiting = 0;
    // Others use classes meanwhile: after two rounds it is they who keep the hand from stopping.
    for (int step = 0; step < 2 * MOST && waiting < PATIENCE; step++) {
      int place = hand;
      hand = (hand + 1) % MOST;
      Kept kept = places.get(place);
      if (kept == null) {
        return place;
      }
      if (kept.shape().isAwaited()) {
        waiting++;
      } else if (!kept.shape().ages()) {
        return place;
      }
    }
    return NONE;
  }

  /**
   * Frees slots that nobody uses at the moment, first those of classes that have not been used for
   * long.
   *
   * @param bytes that will do
   * @return what was freed
   */
  long trim(long bytes) {
    long freed = 0;
    int place = trimmed;
    for (int step = 0; step < 2 * MOST && freed < bytes; step++) {
      Kept kept = places.get(place);
      if (kept != null && (step >= MOST || !kept.shape().isRecent())) {
        freed += kept.shape().trimSlots();
      }
      place = (place + 1) % MOST;
    }
    trimmed = place;
    return freed;
  }

  /** Hands over every class there is. */
  void forEach(Consumer<ShapeClass> consumer) {
    byKey.values().forEach(consumer);
  }
}
