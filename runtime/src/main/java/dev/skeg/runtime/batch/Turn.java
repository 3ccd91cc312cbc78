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
 * whole. What an answer brings with it is for the next turn.
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

  private List<Share> gathered = new ArrayList<>();
  private int used; // Of those gathered; the others are empty, and kept.
  private List<Share> spare = new ArrayList<>();

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
      if (gathered.get(i).batcher == entry.batcher) {
        share = gathered.get(i);
      }
    }
    if (share == null) {
      if (used == gathered.size()) {
        gathered.add(new Share());
      }
      share = gathered.get(used++);
      share.batcher = entry.batcher;
    }
    if (share.size == share.entries.length) {
      share.entries = Arrays.copyOf(share.entries, 2 * share.size);
    }
    share.entries[share.size++] = entry;
  }

  @Override
  public void run() {
    List<Share> shares = gathered;
    int count = used;
    gathered = spare;
    used = 0;
    spare = new ArrayList<>(0); // Should one turn run within another, as a rejecting loop makes it.
    for (int i = 0; i < count; i++) {
      run(shares.get(i));
    }
    spare = shares;
  }

  /** Hands a share over. What a version throws ends its own requests and no other's. */
  private static void run(Share share) {
    Batcher batcher = share.batcher;
    share.batcher = null;
    if (batcher == null) {
      return;
    }
    try {
      batcher.take(share.entries, share.size);
    } catch (RuntimeException | Error e) {
      batcher.failures().failed(e);
    } finally {
      for (int i = 0; i < share.size; i++) {
        Entry left = share.entries[i];
        share.entries[i] = null;
        if (left != null) {
          batcher.failUntaken(left);
        }
      }
      share.size = 0;
    }
  }
}
