package dev.skeg.runtime.batch;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * The requests that wait, and which of them make the next batch.
 *
 * <p>A higher priority goes first; within one, the earliest deadline. A request without a deadline
 * is taken to have one a second after it came, so that no stream of urgent ones can hold it up for
 * ever. The most urgent request decides the class of the batch; it is filled with others of that
 * class, in the same order, then from lower priorities.
 *
 * <p><b>Threads.</b> The scheduler's: one at a time.
 */
final class RequestQueue {
  /** The wait that a request without a deadline is taken to accept. */
  static final long ASSUMED_PATIENCE_NANOS = 1_000_000_000;

  /** What a batch takes at most, where one row does not take longer. */
  private static final long LONGEST_RUN_NANOS = 250_000_000;

  /** The same for one that is larger than it need be: as long as what fills it waits anyway. */
  private static final long STANDING_RUN_NANOS = 400_000_000;

  /** The same where others may be in a hurry. */
  private static final long HURRIED_RUN_NANOS = 100_000_000;

  /** Others may be in a hurry for so long after a request came that cannot wait for ever. */
  private static final long HURRY_NANOS = 10_000_000_000L;

  /** Of so many batches that more could fill, one is twice as large. */
  private static final int BATCHES_PER_TRIAL = 64;

  /** What waited at any time for so long is there to stay. */
  private static final long STANDING_NANOS = 1_000_000_000;

  /** Goes behind everything that is not late. */
  private static final long LATE = 1L << 60;

  private static final Comparator<Entry> BY_URGENCY =
      (left, right) -> {
        int order = Long.compare(left.waits().urgency, right.waits().urgency);
        return order != 0 ? order : Long.compare(left.waits().number, right.waits().number);
      };

  /** The requests of one class and one priority. */
  private static final class Line {
    final ShapeClass shape;
    final PriorityQueue<Entry> waiting = new PriorityQueue<>(BY_URGENCY);
    int rows;
    boolean isHeldBack; // For a fuller batch, in the pass under way.
    private long intervalBegan;
    private int leastBefore; // Rows that waited at any time of the interval before; none at first.
    private int leastSince;

    Line(ShapeClass shape, long now) {
      this.shape = shape;
      this.intervalBegan = now;
    }

    /** Returns how many rows have been waiting all the time of late. */
    int standing(int waiting, long now) {
      if (now - intervalBegan >= STANDING_NANOS) {
        leastBefore = now - intervalBegan < 2 * STANDING_NANOS ? leastSince : 0;
        leastSince = waiting;
        intervalBegan = now;
      }
      leastSince = Math.min(leastSince, waiting);
      return Math.min(leastBefore, leastSince);
    }
  }

  private final BatchPolicy policy;
  private final long inlineNanos;
  private final int lanes;
  private final List<List<Line>> levels = new ArrayList<>();
  private final ArrayList<Entry> unwanted = new ArrayList<>();
  private final Deadlines deadlines = new Deadlines();
  private int size;
  private long dueAt;
  private long hurryUntil = Long.MIN_VALUE;
  private int untilTrial = BATCHES_PER_TRIAL;

  /**
   * @param inlineNanos batches that cost no more are not worth being shared out among lanes
   * @param lanes batches that run at once
   */
  RequestQueue(BatchPolicy policy, long inlineNanos, int lanes) {
    this.policy = policy;
    this.lanes = lanes;
    this.inlineNanos = inlineNanos;
    for (int i = 0; i < policy.levels().size(); i++) {
      levels.add(new ArrayList<>());
    }
  }

  /** Returns whether nothing waits; requests cancelled may still be counted. */
  boolean isEmpty() {
    return size == 0;
  }

  void add(Entry entry) {
    List<Line> lines = levels.get(entry.level);
    Line line = find(lines, entry.shape);
    if (line == null) {
      line = new Line(entry.shape, entry.waits().queuedAt);
      lines.add(line);
    }
    line.waiting.add(entry);
    line.rows += entry.rows;
    count(line, 1);
    if (Math.min(entry.waits().startBy, entry.waits().finishBy) != Long.MAX_VALUE) {
      hurryUntil = entry.waits().queuedAt + HURRY_NANOS;
    }
    watch(entry);
  }

  /** Has a request that cannot wait for ever found when its time is over. */
  private void watch(Entry entry) {
    long expiresAt = expiresAt(entry);
    if (expiresAt != Long.MAX_VALUE) {
      entry.waits().expiresAt = expiresAt;
      deadlines.add(entry);
    }
  }

  /** Returns the last moment at which a request can be started and be of use. */
  private long expiresAt(Entry entry) {
    Waiting wait = entry.waits();
    long startBy = policy.levels().get(entry.level).delaysLate() ? Long.MAX_VALUE : wait.startBy;
    if (wait.finishBy == Long.MAX_VALUE) {
      return startBy;
    }
    ShapeClass shape = entry.shape;
    int rows = Math.min(entry.rows, shape.capacity());
    CostCurve cost = shape.cost();
    // Where others wait the lane is not idle without it, and it is not worth starting if it might
    // be late.
    long run = size > 1 ? cost.predictAtMost(rows) : cost.predict(rows);
    return Math.min(startBy, wait.finishBy - run);
  }

  /** Returns when {@link #expire} has something to do; {@link Long#MAX_VALUE} for never. */
  long expiresNext() {
    return deadlines.isEmpty() ? Long.MAX_VALUE : deadlines.nextAt() + 1;
  }

  /**
   * Makes those unwanted whose time is over. They keep their places in line, as those that were
   * cancelled do, until they come to the front or are swept out.
   *
   * @param now by the batcher's clock
   * @return how many
   */
  int expire(long now) {
    int expired = 0;
    while (now >= expiresNext()) {
      Entry entry = deadlines.first();
      deadlines.remove(entry);
      if (expiresAt(entry) >= now) {
        watch(entry); // Its run turned out to be shorter than it was when it came.
      } else if (entry.take()) {
        unwanted.add(entry);
        expired++;
      }
    }
    return expired;
  }

  private static @Nullable Line find(List<Line> lines, ShapeClass shape) {
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).shape == shape) {
        return lines.get(i);
      }
    }
    return null;
  }

  /**
   * Returns the requests taken out since the last call that go into no batch, or with no more of
   * their rows: cancelled, or found too late and taken to be refused. The caller ends them.
   */
  List<Entry> takeUnwanted() {
    if (unwanted.isEmpty()) {
      return List.of();
    }
    List<Entry> taken = List.copyOf(unwanted);
    unwanted.clear();
    return taken;
  }

  /** Counts requests that come to wait, or fewer that do. */
  private void count(Line line, int requests) {
    line.shape.awaits(requests);
    size += requests;
  }

  /** Drops those that were cancelled. */
  void removeCancelled() {
    for (List<Line> lines : levels) {
      for (Line line : lines) {
        line.waiting.removeIf(entry -> {
          boolean gone = entry.waits().rowsTaken == 0 && entry.state() == Entry.DONE;
          if (gone) {
            unwanted.add(entry);
            deadlines.remove(entry);
            line.rows -= entry.rows;
            count(line, -1);
          }
          return gone;
        });
      }
    }
  }

  /** Takes out all that waits, whatever state it is in. */
  List<Entry> removeAll() {
    List<Entry> all = new ArrayList<>(unwanted);
    unwanted.clear();
    for (List<Line> lines : levels) {
      for (Line line : lines) {
        all.addAll(line.waiting);
        count(line, -line.waiting.size());
      }
      lines.clear();
    }
    all.forEach(deadlines::remove);
    return all;
  }

  /** Returns when a batch held back must go, by the batcher's clock; 0 if none is. */
  long dueAt() {
    return dueAt;
  }

  /**
   * Puts the next batch together.
   *
   * @param batch empty
   * @param now by the batcher's clock
   * @param freeLanes others that could take a share
   * @return false if there is none to be run now
   */
  boolean fill(Batch batch, long now, int freeLanes) {
    dueAt = 0;
    boolean filled = false;
    for (int level = 0; level < levels.size() && !filled; level++) {
      Line line = mostUrgent(level, now);
      while (line != null && !filled) {
        int rows = rowsToRun(line, level, now, freeLanes);
        if (rows == 0) {
          line.isHeldBack = true;
          line = mostUrgent(level, now);
        } else {
          take(batch, line, level, rows, now);
          filled = batch.size() > 0;
          // Nothing, where clients gave up just now what was there a moment ago.
          line = filled ? line : mostUrgent(level, now);
        }
      }
      for (Line each : levels.get(level)) {
        each.isHeldBack = false;
      }
    }
    return filled;
  }

  private @Nullable Line mostUrgent(int level, long now) {
    List<Line> lines = levels.get(level);
    Line best = null;
    for (int i = lines.size() - 1; i >= 0; i--) {
      Line line = lines.get(i);
      Entry head = head(line, now);
      if (head == null) {
        lines.remove(i);
      } else if (!line.isHeldBack
          && (best == null || BY_URGENCY.compare(head, best.waiting.element()) < 0)) {
        best = line;
      }
    }
    return best;
  }

  /** Returns the line's most urgent request that is still worth running. */
  private @Nullable Entry head(Line line, long now) {
    for (Entry head = line.waiting.peek(); head != null; head = line.waiting.peek()) {
      if (head.waits().rowsTaken == 0) {
        if (isInTime(line, head, now)) {
          return head;
        }
      } else if (head.isAbandoned() || hasFailed(head)) {
        drop(line);
      } else {
        return head;
      }
    }
    return null;
  }

  private static boolean hasFailed(Entry entry) {
    Assembly assembly = entry.assembly();
    return assembly != null && assembly.hasFailed();
  }

  /** Takes the line's first out, or puts it back where it belongs, if it cannot be run in time. */
  private boolean isInTime(Line line, Entry head, long now) {
    if (head.state() != Entry.WAITING) {
      drop(line);
      return false;
    }
    if (now > expiresAt(head)) {
      drop(line);
      head.take();
      return false;
    }
    if (now > head.waits().startBy && head.waits().urgency < LATE) {
      line.waiting.remove();
      head.waits().urgency += LATE;
      line.waiting.add(head);
      return false;
    }
    return true;
  }

  private Entry remove(Line line) {
    Entry entry = line.waiting.remove();
    line.rows -= entry.rows - entry.waits().rowsTaken;
    count(line, -1);
    deadlines.remove(entry);
    return entry;
  }

  /** Takes the line's first out to be ended, or leaves it there if there is no memory for that. */
  private void drop(Line line) {
    unwanted.ensureCapacity(unwanted.size() + 1);
    unwanted.add(remove(line));
  }

  private int rowsToRun(Line line, int level, long now, int freeLanes) {
    Entry head = line.waiting.element();
    if (!line.shape.isBatchable()) {
      return 1;
    }
    int waiting = line.rows;
    for (int below = level + 1; below < levels.size(); below++) {
      Line other = find(levels.get(below), line.shape);
      waiting += other == null ? 0 : other.rows;
    }
    int most = line.shape.capacity();
    int rows = most;
    if (policy.maxDelayNanos() > 0 || !policy.preferredRows().isEmpty()) {
      long due = head.waits().queuedAt + policy.maxDelayNanos();
      rows = policy.rowsToRun(waiting, now >= due || head.waits().rowsTaken > 0, most);
      if (rows == 0) {
        dueAt = dueAt == 0 ? due : Math.min(dueAt, due);
        return 0;
      }
    } else {
      CostCurve cost = line.shape.cost();
      int best = affordable(cost, cost.bestRows(most));
      if (head.waits().finishBy == Long.MAX_VALUE) {
        best = Math.max(best, worthwhile(cost, most, line.standing(waiting, now) / lanes, now));
      }
      if (2 * best <= Math.min(most, waiting) && triesLarger(cost, 2 * best, now)) {
        best *= 2;
      }
      rows = Math.min(waiting, best);
      if (freeLanes > 0 && cost.predict(rows) > inlineNanos) {
        rows = Math.min(rows, (waiting + freeLanes) / (freeLanes + 1));
      }
    }
    while (rows > head.rows
        && head.waits().finishBy != Long.MAX_VALUE
        && now + line.shape.cost().predictAtMost(rows) > head.waits().finishBy) {
      rows = Math.max(head.rows, rows - Math.max(1, rows / 8));
    }
    return Math.max(1, rows);
  }

  /**
   * Where so many wait all the time that the lanes are never short of them, a larger batch that
   * costs a row the same makes nobody wait longer: runs are fewer, and disturb each other less than
   * they did when they were measured one at a time. A burst is over sooner in small ones.
   *
   * @param standing rows for each lane that have been waiting all the time
   */
  private int worthwhile(CostCurve cost, int most, int standing, long now) {
    long longest = isHurried(now) ? HURRIED_RUN_NANOS : STANDING_RUN_NANOS;
    int rows = cost.largestRows(Math.min(most, standing));
    while (rows > 1 && cost.predict(rows) > longest) {
      rows = cost.largestRows(rows / 2);
    }
    return rows;
  }

  /**
   * Size by size, a cost is learnt from runs of about that size, and larger runs than the best
   * never come: what made one dear when it was measured would be held against it for ever. So it is
   * tried now and then.
   */
  private boolean triesLarger(CostCurve cost, int rows, long now) {
    untilTrial--;
    if (untilTrial > 0
        || cost.predict(rows) > (isHurried(now) ? HURRIED_RUN_NANOS : LONGEST_RUN_NANOS)) {
      return false;
    }
    untilTrial = BATCHES_PER_TRIAL;
    return true;
  }

  private boolean isHurried(long now) {
    return levels.size() > 1 || now < hurryUntil;
  }

  /** Larger batches of a dear model win little, and hold up what comes next for too long. */
  private static int affordable(CostCurve cost, int most) {
    int rows = most;
    while (rows > 1 && cost.predict(rows) > LONGEST_RUN_NANOS) {
      rows--;
    }
    return rows;
  }

  private void take(Batch batch, Line first, int level, int rows, long now) {
    takeFrom(batch, first, rows, now);
    for (int below = level + 1; below < levels.size() && batch.rows() < rows; below++) {
      Line line = find(levels.get(below), first.shape);
      if (line != null && first.shape.isBatchable()) {
        takeFrom(batch, line, rows, now);
      }
    }
  }

  private void takeFrom(Batch batch, Line line, int rows, long now) {
    ShapeClass shape = line.shape;
    for (Entry entry = head(line, now); entry != null; entry = head(line, now)) {
      batch.makeRoom(); // Before it is taken out: what is in no list is never ended.
      int left = entry.rows - entry.waits().rowsTaken;
      boolean isSplit = shape.hasFixedRows() && entry.rows > shape.capacity();
      int part = isSplit ? Math.min(left, rows - batch.rows()) : left;
      boolean fits = batch.rows() + part <= rows || batch.size() == 0;
      if (part == 0 || !fits) {
        return;
      }
      if (!isSplit) {
        if (!entry.take()) {
          drop(line);
          continue;
        }
        remove(line);
      } else if (!takePart(line, entry, part)) {
        continue;
      }
      batch.add(entry, entry.waits().rowsTaken, part);
      entry.waits().rowsTaken += part;
      if (!shape.isBatchable() || batch.rows() >= rows) {
        return;
      }
    }
  }

  /** Takes rows of a request that is more than one batch; the rest stays where it is. */
  private boolean takePart(Line line, Entry entry, int part) {
    if (entry.waits().rowsTaken == 0) {
      if (!entry.take()) {
        drop(line);
        return false;
      }
      entry.waits().assembly = new Assembly(entry);
      deadlines.remove(entry);
    }
    if (entry.waits().rowsTaken + part == entry.rows) {
      line.waiting.remove();
      count(line, -1);
    }
    line.rows -= part;
    return true;
  }
}
