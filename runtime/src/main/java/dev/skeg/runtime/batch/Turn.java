package dev.skeg.runtime.batch;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * The requests that one event loop has read since it woke up. It runs as a task of that loop, so
 * after all channels that were ready have been read: what they brought is then decided over as a
 * whole.
 *
 * <p><b>Threads.</b> The event loop's own.
 */
final class Turn implements Runnable {
  private static final ThreadLocal<Turn> CURRENT = ThreadLocal.withInitial(Turn::new);

  /** The requests for one version. */
  private static final class Share {
    @Nullable Batcher batcher;
    @Nullable Entry[] entries = new Entry[64];
    int size;
  }

  private final List<Share> shares = new ArrayList<>();
  private int used;

  /** Keeps a request until the event loop has read all it can. */
  static void add(Entry entry, Executor eventLoop) {
    Turn turn = CURRENT.get();
    boolean isFirst = turn.used == 0;
    turn.keep(entry);
    if (isFirst) {
      try {
        eventLoop.execute(turn);
      } catch (RejectedExecutionException stopping) {
        turn.run();
      }
    }
  }

  private void keep(Entry entry) {
    Share share = null;
    for (int i = 0; i < used && share == null; i++) {
      if (shares.get(i).batcher == entry.batcher) {
        share = shares.get(i);
      }
    }
    if (share == null) {
      if (used == shares.size()) {
        shares.add(new Share());
      }
      share = shares.get(used++);
      share.batcher = entry.batcher;
    }
    if (share.size == share.entries.length) {
      share.entries = Arrays.copyOf(share.entries, 2 * share.size);
    }
    share.entries[share.size++] = entry;
  }

  @Override
  public void run() {
    // An answer may bring the next request with it: that one then has a share of its own.
    for (int i = 0; i < used; i++) {
      Share share = shares.get(i);
      Batcher batcher = share.batcher;
      share.batcher = null;
      if (batcher != null) {
        batcher.take(share.entries, share.size);
      }
      Arrays.fill(share.entries, 0, share.size, null);
      share.size = 0;
    }
    used = 0;
  }
}
