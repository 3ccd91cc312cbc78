package dev.skeg.monitor.drift;

import dev.skeg.monitor.baseline.Seasons;
import dev.skeg.monitor.drift.QualityFinding.Check;
import dev.skeg.monitor.profile.Profile;
import dev.skeg.monitor.profile.RowCounts;
import dev.skeg.monitor.profile.Window;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Checks a key's rows as a whole: how many there are, against the same hour of earlier weeks, and
 * whether they repeat. Hours without any row are held against the others, but make nothing usual.
 *
 * <p><b>Threads.</b> That of its {@link Judge}.
 */
final class RowQuality {
  /** How many times fewer or more rows than usual are worth a finding. */
  private static final double VOLUME_FACTOR = 5;

  /** Rows that must be missing at least, lest quiet hours be found. */
  private static final double VOLUME_ROWS = 100;

  private static final double REMEMBERED = .75;
  private static final int DAY = 24;
  private static final int WEEKEND = 5 * DAY;
  private static final long HOUR_MILLIS = 3_600_000;

  // By hour of the week: rows and the time in which they came, older weeks counting less; how
  // often.
  private final double[] rows = new double[Seasons.HOURS];
  private final double[] millis = new double[Seasons.HOURS];
  private final int[] visits = new int[Seasons.HOURS];

  // Of the last hour since the epoch, which is not over yet: it is not held against itself.
  private long lastHour;
  private double lastRows;
  private double lastMillis;

  /**
   * Checks a window and takes it in.
   *
   * @param repeats of each feature that used to have many different values, whether it has few now
   */
  List<QualityFinding> check(Profile profile, List<Boolean> repeats) {
    List<QualityFinding> found = new ArrayList<>();
    if (!profile.counts().isPartial()) {
      volume(profile).ifPresent(found::add);
    }
    long repeated = repeats.stream().filter(each -> each).count();
    if (repeats.size() >= 2 && 2 * repeated > repeats.size()) {
      double share = (double) repeated / repeats.size();
      String detail = repeated + " of " + repeats.size() + " features repeat the same few values";
      found.add(new QualityFinding(Check.DUPLICATES, share, 0, detail));
    }
    return found;
  }

  private Optional<QualityFinding> volume(Profile profile) {
    Window window = profile.window();
    long hour = Math.floorDiv(window.startMillis(), HOUR_MILLIS);
    if (hour != lastHour) {
      endHour();
      lastHour = hour;
    }
    double arrived = arrived(profile.counts());
    double usual = usual(window);
    lastRows += arrived;
    lastMillis += window.lengthMillis();
    boolean isOdd =
        usual > 0
            && Math.abs(arrived - usual) > VOLUME_ROWS
            && (arrived * VOLUME_FACTOR < usual || arrived > usual * VOLUME_FACTOR);
    String detail = String.format(Locale.ROOT, "%.0f rows, usually %.0f", arrived, usual);
    return isOdd
        ? Optional.of(new QualityFinding(Check.VOLUME, arrived, usual, detail))
        : Optional.empty();
  }

  /**
   * Returns the rows that were served: those that were sampled stand for more, dropped ones too.
   */
  private static double arrived(RowCounts counts) {
    double each = counts.recorded() > 0 ? counts.represented() / counts.recorded() : 1;
    return counts.represented() + each * counts.dropped();
  }

  /** Returns how many rows a window of that length has at that hour; 0 if that is not known. */
  private double usual(Window window) {
    int hour = Seasons.hourOfWeek(window.startMillis());
    if (visits[hour] >= SeasonalHistory.FEWEST_VISITS) {
      return rows[hour] / millis[hour] * window.lengthMillis();
    }
    double sum = 0;
    double time = 0;
    int days = 0;
    for (int each = hour % DAY; each < Seasons.HOURS; each += DAY) {
      boolean sameKind = each >= WEEKEND == hour >= WEEKEND;
      if (sameKind && visits[each] > 0) {
        sum += rows[each];
        time += millis[each];
        days++;
      }
    }
    return days >= SeasonalHistory.FEWEST_VISITS ? sum / time * window.lengthMillis() : 0;
  }

  private void endHour() {
    if (lastRows > 0) { // One without any is an outage, or one in which nobody asks: not usual.
      int hour = Seasons.hourOfWeek(lastHour * HOUR_MILLIS);
      rows[hour] = rows[hour] * REMEMBERED + lastRows;
      millis[hour] = millis[hour] * REMEMBERED + lastMillis;
      visits[hour] = Math.min(1_000_000, visits[hour] + 1);
    }
    lastRows = 0;
    lastMillis = 0;
  }

  void write(DataOutput out) throws IOException {
    for (int hour = 0; hour < Seasons.HOURS; hour++) {
      out.writeDouble(rows[hour]);
      out.writeDouble(millis[hour]);
      out.writeInt(visits[hour]);
    }
    out.writeLong(lastHour);
    out.writeDouble(lastRows);
    out.writeDouble(lastMillis);
  }

  void read(DataInput in) throws IOException {
    for (int hour = 0; hour < Seasons.HOURS; hour++) {
      rows[hour] = in.readDouble();
      millis[hour] = in.readDouble();
      visits[hour] = in.readInt();
    }
    lastHour = in.readLong();
    lastRows = in.readDouble();
    lastMillis = in.readDouble();
  }
}
