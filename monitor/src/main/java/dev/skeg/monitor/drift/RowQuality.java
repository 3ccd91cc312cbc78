package dev.skeg.monitor.drift;

import dev.skeg.monitor.baseline.Seasons;
import dev.skeg.monitor.drift.QualityFinding.Check;
import dev.skeg.monitor.profile.Profile;
import dev.skeg.monitor.profile.Window;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Checks a key's rows as a whole: how many there are, against the same hour of earlier weeks, and
 * whether they repeat.
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

  private final double[] rows = new double[Seasons.HOURS]; // Means, older weeks counting less.
  private final int[] visits = new int[Seasons.HOURS];

  /**
   * Checks a window and takes it in.
   *
   * @param repeats of each feature that used to have many different values, whether it has few now
   */
  List<QualityFinding> check(Profile profile, List<Boolean> repeats) {
    List<QualityFinding> found = new ArrayList<>();
    double arrived = (double) profile.rows() + profile.counts().dropped();
    double usual = usual(profile.window());
    if (usual > 0
        && Math.abs(arrived - usual) > VOLUME_ROWS
        && (arrived * VOLUME_FACTOR < usual || arrived > usual * VOLUME_FACTOR)) {
      String detail = String.format(Locale.ROOT, "%.0f rows, usually %.0f", arrived, usual);
      found.add(new QualityFinding(Check.VOLUME, arrived, usual, detail));
    }
    long repeated = repeats.stream().filter(each -> each).count();
    if (repeats.size() >= 2 && 2 * repeated > repeats.size()) {
      double share = (double) repeated / repeats.size();
      String detail = repeated + " of " + repeats.size() + " features repeat the same few values";
      found.add(new QualityFinding(Check.DUPLICATES, share, 0, detail));
    }
    add(profile.window(), arrived);
    return found;
  }

  private double usual(Window window) {
    int hour = Seasons.hourOfWeek(window.startMillis());
    if (visits[hour] >= SeasonalHistory.FEWEST_VISITS) {
      return rows[hour];
    }
    double sum = 0;
    int days = 0;
    for (int each = hour % DAY; each < Seasons.HOURS; each += DAY) {
      boolean sameKind = each >= 5 * DAY == hour >= 5 * DAY;
      if (sameKind && visits[each] > 0) {
        sum += rows[each];
        days++;
      }
    }
    return days >= SeasonalHistory.FEWEST_VISITS ? sum / days : 0;
  }

  private void add(Window window, double arrived) {
    int hour = Seasons.hourOfWeek(window.startMillis());
    double weight = visits[hour] == 0 ? 1 : 1 - REMEMBERED;
    rows[hour] += weight * (arrived - rows[hour]);
    visits[hour] = Math.min(1_000_000, visits[hour] + 1);
  }

  void write(DataOutput out) throws IOException {
    for (int hour = 0; hour < Seasons.HOURS; hour++) {
      out.writeDouble(rows[hour]);
      out.writeInt(visits[hour]);
    }
  }

  void read(DataInput in) throws IOException {
    for (int hour = 0; hour < Seasons.HOURS; hour++) {
      rows[hour] = in.readDouble();
      visits[hour] = in.readInt();
    }
  }
}
