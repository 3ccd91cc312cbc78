package dev.skeg.monitor.profile;

import dev.skeg.monitor.record.RecordLayout;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * What a collector does as long as it does not know all bins: it holds the first rows back, learns
 * bins of them, and then lets the rows go the ordinary way.
 *
 * <p>A window that is over while there are too few rows is made with bins of its own.
 *
 * <p><b>Threads.</b> One at a time.
 */
final class FirstRows {
  /** Bins made of fewer rows are for one window only. */
  static final int FEW_ROWS = 1_000;

  private final CollectorConfig config;
  private final ProfileConsumer consumer;
  private final BinsLearner learner;
  private final BitSet handedOver = new BitSet(); // Rows whose window has closed.
  private final WindowClock clock;
  private long lastArrivalMillis;
  private boolean hasArrivals;
  private long dropped;

  FirstRows(CollectorConfig config, WindowClock clock, ProfileConsumer consumer) {
    this.config = config;
    this.consumer = consumer;
    this.learner = new BinsLearner(config);
    this.clock = clock;
  }

  /** Takes rows until there is room for no more; returns how many. */
  int add(long[] words, int[] offsets, int count, long nowMillis) {
    int before = learner.rows();
    int taken = learner.add(words, offsets, count);
    lastArrivalMillis = nowMillis;
    for (int row = before; row < before + taken; row++) {
      hasArrivals |= learner.words()[learner.offset(row) + RecordLayout.GROUP] < 0;
      if (!clock.see(time(row), nowMillis) || window(row).endMillis() <= clock.closedUpTo()) {
        clock.late(1);
        handedOver.set(row);
      }
    }
    return taken;
  }

  void dropped(long rows) {
    dropped += rows;
  }

  private long time(int row) {
    return learner.words()[learner.offset(row) + RecordLayout.TIME];
  }

  private Window window(int row) {
    return Window.at(time(row), config.windowMillis());
  }

  /**
   * Ends a round: hands over windows that are over.
   *
   * @return what goes on from now, with bins for ever; null if there are still too few rows
   */
  @Nullable WindowAssembler advance(long nowMillis) {
    for (Window window = earliest();
        window != null && clock.isOver(window, hasArrivals, lastArrivalMillis, nowMillis);
        window = earliest()) {
      if (learner.rows() >= FEW_ROWS) {
        return learnt(nowMillis);
      }
      handOver(window, nowMillis);
    }
    clock.endRound();
    return learner.isFull() ? learnt(nowMillis) : null;
  }

  private @Nullable Window earliest() {
    Window earliest = null;
    int row = handedOver.nextClearBit(0);
    while (row < learner.rows()) {
      if (earliest == null || time(row) < earliest.startMillis()) {
        earliest = window(row);
      }
      row = handedOver.nextClearBit(row + 1);
    }
    return earliest;
  }

  private void handOver(Window window, long nowMillis) {
    WindowAssembler one = new WindowAssembler(config, learner.bins(), clock.anew(), consumer);
    feed(one, window.endMillis(), nowMillis);
    one.dropped(dropped);
    dropped = 0;
    one.late(clock.takeLate());
    one.endAll();
    clock.closed(window);
  }

  /**
   * Returns what goes on with bins of all rows that are here, after the rows that it is to have.
   */
  WindowAssembler learnt(long nowMillis) {
    WindowAssembler next = new WindowAssembler(config, learner.bins(), clock, consumer);
    feed(next, Long.MAX_VALUE, nowMillis);
    next.dropped(dropped);
    return next;
  }

  private void feed(WindowAssembler to, long endMillis, long nowMillis) {
    int[] offsets = new int[ProfileBuilder.MAX_BATCH];
    int count = 0;
    int row = handedOver.nextClearBit(0);
    while (row < learner.rows()) {
      if (time(row) < endMillis) {
        offsets[count++] = learner.offset(row);
        handedOver.set(row);
      }
      if (count == offsets.length) {
        to.add(learner.words(), offsets, count, nowMillis);
        count = 0;
      }
      row = handedOver.nextClearBit(row + 1);
    }
    to.add(learner.words(), offsets, count, nowMillis);
  }

  boolean isFull() {
    return learner.isFull();
  }
}
