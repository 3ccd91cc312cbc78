package dev.skeg.runtime.monitoring;

import dev.skeg.monitor.profile.Profile;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.profile.Window;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;

/**
 * Windows that have closed before their end and whose rest may come still, each with the model as
 * it was then. There are as many as are open at once when a version is loaded again.
 *
 * <p><b>Threads.</b> One owner thread.
 */
final class CutWindows {
  /** A version that is watched hands a window's rest over so long after its end at most. */
  private static final long HANDED_MILLIS = 60_000;

  /** What could not be sent while the server was down comes within so long of the start. */
  private static final long CATCH_UP_MILLIS = 600_000;

  private final List<Cut> cuts = new ArrayList<>();

  /**
   * A window that has closed before its end.
   *
   * @param sinceMillis when its rest began to be waited for, since the epoch
   */
  record Cut(Profile profile, WatchedModel model, long sinceMillis) {
    /** Returns until when its rest is waited for, since the epoch. */
    long dueMillis(boolean isWatched) {
      long end = profile.window().endMillis() + model.latenessMillis(profile.key().version());
      return isWatched ? Math.max(end + HANDED_MILLIS, sinceMillis + CATCH_UP_MILLIS) : end;
    }
  }

  /** Keeps a window, in place of what was there of it before. */
  void put(Profile profile, WatchedModel model, long sinceMillis) {
    remove(profile);
    cuts.add(new Cut(profile, model, sinceMillis));
  }

  /** Forgets a window that is whole now. */
  void remove(Profile whole) {
    cuts.removeIf(each -> isOf(each, whole.key()) && window(each).equals(whole.window()));
  }

  /**
   * Takes those out, the earliest first, that end before a window of the same key which is over:
   * windows of a key are over one after the other, so nothing of an earlier one comes any more.
   */
  List<Cut> takeBefore(Profile over) {
    long start = over.window().startMillis();
    return take(each -> isOf(each, over.key()) && window(each).endMillis() <= start);
  }

  /**
   * Takes those out, the earliest first, whose rest has not come in time.
   *
   * @param isWatched whether a key's version is still watched: else nothing comes of it any more
   */
  List<Cut> takeDue(long nowMillis, Predicate<ProfileKey> isWatched) {
    return take(each -> nowMillis >= each.dueMillis(isWatched.test(each.profile().key())));
  }

  private List<Cut> take(Predicate<Cut> isTaken) {
    List<Cut> taken = new ArrayList<>(cuts);
    taken.removeIf(isTaken.negate());
    cuts.removeAll(taken);
    taken.sort(Comparator.comparingLong(each -> window(each).startMillis()));
    return taken;
  }

  private static boolean isOf(Cut cut, ProfileKey key) {
    return cut.profile().key().equals(key);
  }

  private static Window window(Cut cut) {
    return cut.profile().window();
  }
}
