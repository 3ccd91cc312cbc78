package dev.skeg.monitor.profile;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A window that still takes rows: a builder for each arm and segment.
 *
 * <p><b>Threads.</b> One at a time.
 */
final class OpenWindow {
  final Window window;
  private final Map<Long, ProfileBuilder> builders = new TreeMap<>();

  /** When the latest of its rows came, by the wall clock. */
  long lastArrivalMillis;

  /** Whether it has rows whose time is when they arrived. */
  boolean hasArrivals;

  OpenWindow(Window window) {
    this.window = window;
  }

  /** Returns the builder of a group, if there is one. */
  ProfileBuilder builder(long group, BuilderPool pool) {
    return builders.computeIfAbsent(group, g -> pool.take());
  }

  /** Returns how many rows it has. */
  long rows() {
    return builders.values().stream().mapToLong(ProfileBuilder::rows).sum();
  }

  /**
   * Returns the profiles of the window, those of all segments together first.
   *
   * @param lost rows that were dropped and that came late, for the first profile
   * @param isPartial whether the window was not watched from its start to its end
   */
  List<Profile> close(CollectorConfig config, BuilderPool pool, RowCounts lost, boolean isPartial) {
    List<Profile> parts = new ArrayList<>();
    for (Map.Entry<Long, ProfileBuilder> entry : builders.entrySet()) {
      ProfileBuilder builder = entry.getValue();
      long rows = builder.rows();
      RowCounts counts = new RowCounts(rows, rows / config.sample(), 0, 0, isPartial);
      parts.add(builder.build(config.key(entry.getKey()), window, counts));
      pool.giveBack(builder);
    }
    List<Profile> all = new ArrayList<>();
    Map<String, Profile> wholes = new LinkedHashMap<>(); // By groups, so the stable arm first.
    for (Profile part : parts) {
      wholes.merge(
          part.key().arm(), part.withKey(part.key().withSegment(ProfileKey.ALL)), Profile::merge);
    }
    RowCounts rest = lost;
    for (Profile whole : wholes.values()) {
      all.add(new Profile(whole.key(), window, whole.counts().merge(rest), whole.features()));
      rest = RowCounts.NONE;
    }
    if (!config.segments().isEmpty()) {
      all.addAll(parts);
    }
    return all;
  }

  /** Builders that wait for the next window: they are large. */
  static final class BuilderPool {
    private static final int MOST = 4;

    private final CollectorConfig config;
    private final List<Bins> bins;
    private final List<ProfileBuilder> free = new ArrayList<>();

    BuilderPool(CollectorConfig config, List<Bins> bins) {
      this.config = config;
      this.bins = List.copyOf(bins);
    }

    ProfileBuilder take() {
      return free.isEmpty() ? new ProfileBuilder(config.layout(), bins) : free.removeLast();
    }

    void giveBack(ProfileBuilder builder) {
      if (free.size() < MOST) {
        builder.clear();
        free.add(builder);
      }
    }
  }
}
