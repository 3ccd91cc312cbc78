package dev.skeg.monitor.profile;

import dev.skeg.monitor.record.RecordLayout;
import java.util.List;
import java.util.Optional;

/**
 * How a version's records become profiles.
 *
 * @param bins of the layout's features, in its order; nothing for those that are to be learnt
 * @param windowMillis length of a window, 1,000 or more
 * @param allowedLatenessMillis how much later than its end a window closes, for rows that come
 *     late; 0 or more, 16 windows at most
 * @param sample the part of all rows that is recorded, above 0, at most 1
 * @param segments declared ones, whose rows have profiles of their own; a record's segment is 0 for
 *     none of them, else 1 and its place here
 */
public record CollectorConfig(
    String model,
    long version,
    RecordLayout layout,
    List<Optional<Bins>> bins,
    long windowMillis,
    long allowedLatenessMillis,
    double sample,
    List<String> segments) {
  /** Windows for which rows may be late, at most. */
  public static final int MAX_LATE_WINDOWS = 16;

  /** Segments at most. */
  public static final int MAX_SEGMENTS = 32;

  public CollectorConfig {
    bins = List.copyOf(bins);
    segments = List.copyOf(segments);
    if (bins.size() != layout.size()) {
      throw new IllegalArgumentException(
          "bins: " + bins.size() + " (expected: " + layout.size() + ", one a feature)");
    }
    if (windowMillis < 1000) {
      throw new IllegalArgumentException("windowMillis: " + windowMillis + " (expected: >= 1000)");
    }
    if (allowedLatenessMillis < 0 || allowedLatenessMillis / MAX_LATE_WINDOWS > windowMillis) {
      throw new IllegalArgumentException(
          "allowedLatenessMillis: "
              + allowedLatenessMillis
              + " (expected: 0 to "
              + MAX_LATE_WINDOWS
              + " windows)");
    }
    if (!(sample > 0 && sample <= 1)) {
      throw new IllegalArgumentException("sample: " + sample + " (expected: above 0, at most 1)");
    }
    if (segments.size() > MAX_SEGMENTS) {
      throw new IllegalArgumentException(
          "segments: " + segments.size() + " (expected: at most " + MAX_SEGMENTS + ")");
    }
  }

  /** Returns the key of a record's rows. */
  ProfileKey key(long group) {
    int segment = (int) group & 0xFFFF;
    String name =
        segments.isEmpty()
            ? ProfileKey.ALL
            : segment == 0 || segment > segments.size()
                ? ProfileKey.OTHER
                : segments.get(segment - 1);
    String arm = (group >>> 32 & 0xFF) == 0 ? ProfileKey.STABLE : ProfileKey.CANDIDATE;
    return new ProfileKey(model, version, arm, name);
  }
}
