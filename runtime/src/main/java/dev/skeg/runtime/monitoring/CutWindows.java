package dev.skeg.runtime.monitoring;

import dev.skeg.monitor.profile.Profile;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.profile.Window;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;

/**
 * Windows that have closed before their end and whose rest may come still, each with the model as
 * it was then. There are as many as are open at once when a version is loaded again.
 *
 * <p><b>Threads.</b> One owner thread.
 */
final class CutWindows {
  private final List<Cut> cuts = new ArrayList<>();

  /** A window that has closed before its end. */
  record Cut(Profile profile, WatchedModel model) {}

  /** Keeps a window, in place of what was there of it before. */
  void put(Profile profile, WatchedModel model) {
    remove(profile);
    cuts.add(new Cut(profile, model));
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
   * @param graceMillis how long after its end the rest of a key's window is waited for
   */
  List<Cut> takeDue(long nowMillis, ToLongFunction<ProfileKey> graceMillis) {
    return take(each ->
        nowMillis - window(each).endMillis() >= graceMillis.applyAsLong(each.profile().key()));
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
