package dev.skeg.monitor.baseline;

import dev.skeg.monitor.profile.Bins;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.Window;
import dev.skeg.monitor.record.FeatureSpec;

/**
 * What one feature's values look like: all of them, by the hour of the week, and how much they vary
 * by themselves.
 *
 * @param whole all rows
 * @param seasons the same rows by hour of the week; {@link Seasons#NONE} without times
 * @param variation {@link BlockVariation#NONE} without times
 */
public record FeatureBaseline(FeatureProfile whole, Seasons seasons, BlockVariation variation) {
  public FeatureBaseline {
    if (seasons.isPresent() && seasons.bins() != whole.bins().size()) {
      throw new IllegalArgumentException(
          "seasons: " + seasons.bins() + " bins (expected: " + whole.bins().size() + ")");
    }
  }

  public FeatureSpec spec() {
    return whole.spec();
  }

  public Bins bins() {
    return whole.bins();
  }

  /**
   * Returns what a window's values are to be compared with: those of the same hours of the week; if
   * there are fewer than {@link Seasons#FEWEST_ROWS}, those of the same hours of a working day or
   * of a weekend's; if still too few, of any day; at last all.
   */
  public SeasonCell cell(Window window) {
    return seasons.cell(window).orElseGet(() -> SeasonCell.ofWhole(whole));
  }
}
