package dev.skeg.monitor.profile;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes profiles of no row for the windows in which nobody asks, so that somebody notices when all
 * traffic stays away.
 *
 * <p>There are such windows behind one whose rows had no time but that of their arrival, for a week
 * at most, unless another version of the model has rows by then: one that is kept for a while after
 * a swap is not missed. Where rows have times of their own nobody knows whether there are none or
 * whether they are still to come.
 *
 * <p><b>Threads.</b> One at a time.
 */
final class QuietWindows {
  private static final long WEEK_MILLIS = 7L * 24 * 3_600_000;
  private static final long SLEPT_MILLIS = 10_000;

  private final CollectorConfig config;
  private final List<FeatureProfile> nothing = new ArrayList<>();
  private List<ProfileKey> keys = List.of();
  private @Nullable Window next;
  private long lastMillis; // End of the last one.
  private long tickedMillis = Long.MIN_VALUE;

  QuietWindows(CollectorConfig config, List<Bins> bins) {
    this.config = config;
    for (int i = 0; i < bins.size(); i++) {
      nothing.add(FeatureProfile.empty(config.layout().features().get(i), bins.get(i)));
    }
  }

  /** Notes the time; if nobody looked for long, as while the machine slept, nothing was missed. */
  void tick(long nowMillis) {
    long longest = Math.max(SLEPT_MILLIS, config.windowMillis());
    if (tickedMillis != Long.MIN_VALUE && Math.abs(nowMillis - tickedMillis) > longest) {
      next = null;
    }
    tickedMillis = nowMillis;
  }

  /** Notes a window that had rows. */
  void closed(OpenWindow window, List<Profile> profiles) {
    keys = profiles.stream().map(Profile::key).toList();
    next = window.hasArrivals ? window.window.next() : null;
    lastMillis = window.window.endMillis() + Math.max(WEEK_MILLIS, config.windowMillis());
  }

  /** Notes that others take this one's traffic: until it has rows again, nothing is missed. */
  void superseded() {
    next = null;
  }

  /** Returns the next window that is quiet if no row comes; null if there is none. */
  @Nullable Window next() {
    return next;
  }

  /** Returns the profiles of the next window, of the keys that the last one with rows had. */
  List<Profile> close(RowCounts lost) {
    Window window = next;
    if (window == null) {
      return List.of();
    }
    next = window.endMillis() < lastMillis ? window.next() : null;
    List<Profile> profiles = new ArrayList<>();
    RowCounts counts = lost;
    for (ProfileKey key : keys) {
      profiles.add(new Profile(key, window, counts, nothing));
      counts = RowCounts.NONE;
    }
    return profiles;
  }
}
