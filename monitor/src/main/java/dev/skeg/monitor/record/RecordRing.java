package dev.skeg.monitor.record;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Records on their way from the thread that makes them to the one that drains them: a ring of rows
 * of one width. It is full rather than slow: a record that finds no room is dropped and counted.
 *
 * <p>It starts small. When it is full, the producer goes on in a ring twice as large, up to a
 * limit; the consumer follows when it has read the old one to its end. So a quiet version has
 * little memory and a burst finds room; once grown, nothing is allocated any more.
 *
 * <p><b>Threads.</b> One producer and one consumer, at a time each; who they are may change where
 * one happens before the other. <b>Memory.</b> {@link #FIRST_BYTES} at first, {@link #MOST_BYTES}
 * at most.
 */
public final class RecordRing {
  /** What the ring has at first. */
  public static final int FIRST_BYTES = 32 << 10;

  /** What it has at most. */
  public static final int MOST_BYTES = 8 << 20;

  private static final VarHandle WRITTEN;
  private static final VarHandle READ;
  private static final VarHandle NEXT;
  private static final VarHandle DROPPED;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      WRITTEN = lookup.findVarHandle(Segment.class, "written", long.class);
      READ = lookup.findVarHandle(Segment.class, "read", long.class);
      NEXT = lookup.findVarHandle(Segment.class, "next", Segment.class);
      DROPPED = lookup.findVarHandle(RecordRing.class, "dropped", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final int width;
  private final int mostRows;

  // The producer's.
  private Segment tail;
  private long claimed; // Rows written to the tail, of which the last ones may not be published.
  private long room; // Up to this one, rows of the tail are known to be free.

  @SuppressWarnings("UnusedVariable") // By DROPPED.
  private long dropped;

  // The consumer's.
  private Segment head;
  private long taken; // Rows read of the head.

  /**
   * @param layout of its records
   */
  public RecordRing(RecordLayout layout) {
    this.width = layout.words();
    this.mostRows = rows(MOST_BYTES);
    this.tail = new Segment(width, Math.min(rows(FIRST_BYTES), mostRows));
    this.head = tail;
    this.room = tail.rows;
  }

  private int rows(int bytes) {
    return Math.max(16, Integer.highestOneBit(bytes / (width * Long.BYTES)));
  }

  /** Returns how many words a record has. */
  public int width() {
    return width;
  }

  // The producer's.

  /**
   * Finds room for one more record; the producer's. Counts it as dropped if there is none.
   *
   * @return where in {@link #words()} it is to be written; -1 if there is no room
   */
  public int claim() {
    if (claimed == room && !findRoom()) {
      DROPPED.setOpaque(this, dropped + 1);
      return -1;
    }
    return (int) (claimed++ & tail.rows - 1) * width;
  }

  private boolean findRoom() {
    room = (long) READ.getAcquire(tail) + tail.rows;
    if (claimed < room) {
      return true;
    }
    if (tail.rows >= mostRows) {
      return false;
    }
    publish();
    Segment larger = new Segment(width, 2 * tail.rows);
    NEXT.setRelease(tail, larger);
    tail = larger;
    claimed = 0;
    room = larger.rows;
    return true;
  }

  /** Returns what the record that was claimed last is to be written to; the producer's. */
  public long[] words() {
    return tail.words;
  }

  /**
   * Takes back the record that was claimed last, which could not be written and is not published;
   * the producer's.
   */
  public void takeBack() {
    claimed--;
  }

  /** Lets the consumer see the records that were claimed; the producer's. */
  public void publish() {
    WRITTEN.setRelease(tail, claimed);
  }

  // The consumer's.

  /**
   * Finds records to read; the consumer's.
   *
   * @param offsets written: where in {@link #readable()} each record is
   * @return how many, at most as many as {@code offsets} is long; {@link #free} frees them
   */
  public int read(int[] offsets) {
    long end = (long) WRITTEN.getAcquire(head);
    while (end == taken) {
      Segment next = (Segment) NEXT.getAcquire(head);
      if (next == null) {
        return 0;
      }
      end = (long) WRITTEN.getAcquire(head);
      if (end != taken) {
        break; // Written before the producer went on.
      }
      head = next;
      taken = 0;
      end = (long) WRITTEN.getAcquire(head);
    }
    int count = (int) Math.min(end - taken, offsets.length);
    for (int i = 0; i < count; i++) {
      offsets[i] = (int) (taken + i & head.rows - 1) * width;
    }
    return count;
  }

  /** Returns what the records stand in that were found last; the consumer's. */
  public long[] readable() {
    return head.words;
  }

  /** Frees the records that were read first; the consumer's. */
  public void free(int count) {
    taken += count;
    READ.setRelease(head, taken);
  }

  /** Returns how many records were dropped so far; any thread's. */
  public long dropped() {
    return (long) DROPPED.getOpaque(this);
  }

  private static final class Segment {
    private final long[] words;
    private final int rows;

    @SuppressWarnings("UnusedVariable") // By NEXT.
    private @Nullable Segment next;

    @SuppressWarnings("UnusedVariable") // By WRITTEN.
    private long written;

    @SuppressWarnings("UnusedVariable") // By READ.
    private long read;

    Segment(int width, int rows) {
      this.words = new long[width * rows];
      this.rows = rows;
    }
  }
}
