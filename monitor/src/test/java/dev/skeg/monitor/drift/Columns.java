package dev.skeg.monitor.drift;

import dev.skeg.monitor.baseline.Baseline;
import dev.skeg.monitor.baseline.BlockVariation;
import dev.skeg.monitor.baseline.FeatureBaseline;
import dev.skeg.monitor.baseline.Seasons;
import dev.skeg.monitor.profile.Bins;
import dev.skeg.monitor.profile.CategoryBins;
import dev.skeg.monitor.profile.CategoryTail;
import dev.skeg.monitor.profile.DistinctEstimate;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.HeavyValue;
import dev.skeg.monitor.profile.HeavyValues;
import dev.skeg.monitor.profile.Moments;
import dev.skeg.monitor.profile.NumericBins;
import dev.skeg.monitor.profile.Profile;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.profile.Reservoir;
import dev.skeg.monitor.profile.RowCounts;
import dev.skeg.monitor.profile.Window;
import dev.skeg.monitor.record.FeatureSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** Makes baselines and profiles out of columns of values. */
final class Columns {
  static final long HOUR = 3_600_000;

  private Columns() {}

  static FeatureSpec numeric(String name) {
    return new FeatureSpec(name, FeatureSpec.Role.INPUT, FeatureSpec.Kind.NUMERIC);
  }

  static FeatureSpec categorical(String name) {
    return new FeatureSpec(name, FeatureSpec.Role.INPUT, FeatureSpec.Kind.CATEGORICAL);
  }

  /** Bins at 64 quantiles; values with more than .5 % of the rows are atoms. */
  static NumericBins bins(double... values) {
    double[] sorted = Arrays.stream(values).filter(Double::isFinite).sorted().toArray();
    TreeSet<Double> edges = new TreeSet<>();
    int intervals = NumericBins.MAX_INTERVALS;
    for (int k = 0; k <= intervals; k++) {
      edges.add(sorted[(int) ((long) k * (sorted.length - 1) / intervals)]);
    }
    Map<Double, Integer> counts = new HashMap<>();
    for (double value : sorted) {
      counts.merge(value, 1, Integer::sum);
    }
    double[] atoms =
        counts.entrySet().stream()
            .filter(each -> each.getValue() > HeavyShares.SHARE * values.length)
            .mapToDouble(Map.Entry::getKey)
            .toArray();
    return new NumericBins(atoms, edges.stream().mapToDouble(Double::doubleValue).toArray());
  }

  static CategoryBins categories(int count) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      names.add("c" + i);
    }
    return new CategoryBins(names, CategoryTail.EMPTY);
  }

  static FeatureProfile profile(FeatureSpec spec, NumericBins bins, double... values) {
    long[] counts = new long[bins.size()];
    Map<Double, Integer> repeated = new HashMap<>();
    long[] hashes = new long[values.length];
    for (int i = 0; i < values.length; i++) {
      counts[bins.binOf(values[i])]++;
      if (Double.isFinite(values[i]) && !bins.isAtom(values[i])) {
        repeated.merge(values[i], 1, Integer::sum);
      }
      hashes[i] = mixed(Double.doubleToLongBits(values[i]));
    }
    List<HeavyValue> heavy = new ArrayList<>();
    repeated.forEach((value, count) -> {
      if (count > HeavyShares.SHARE * values.length) {
        heavy.add(new HeavyValue(Double.doubleToRawLongBits(value), count, count));
      }
    });
    int kept = Math.min(Reservoir.CAPACITY, values.length);
    long[] priorities = new long[kept];
    Arrays.setAll(priorities, i -> i);
    return new FeatureProfile(
        spec,
        bins,
        counts,
        Moments.of(values),
        DistinctEstimate.of(hashes),
        new HeavyValues(heavy, 0),
        new Reservoir(values.length, priorities, Arrays.copyOf(values, kept)));
  }

  /** SplitMix64's mixing. */
  private static long mixed(long bits) {
    long z = (bits ^ bits >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }

  /** A profile of counts alone. */
  static FeatureProfile profile(FeatureSpec spec, Bins bins, double[] counts) {
    return profile(spec, bins, counts, HeavyValues.NONE);
  }

  static FeatureProfile profile(FeatureSpec spec, Bins bins, double[] counts, HeavyValues heavy) {
    long[] whole = Arrays.stream(counts).mapToLong(each -> (long) each).toArray();
    return new FeatureProfile(
        spec, bins, whole, Moments.EMPTY, DistinctEstimate.EMPTY, heavy, Reservoir.EMPTY);
  }

  static Baseline baseline(FeatureProfile... wholes) {
    List<FeatureBaseline> features = new ArrayList<>();
    for (FeatureProfile whole : wholes) {
      features.add(new FeatureBaseline(whole, Seasons.NONE, BlockVariation.NONE));
    }
    return new Baseline(wholes[0].rows(), Optional.empty(), HOUR, features);
  }

  /** The profile of the {@code index}-th hour. */
  static Profile hour(int index, FeatureProfile... features) {
    Window window = new Window(index * HOUR, (index + 1) * HOUR);
    long rows = features[0].rows();
    return new Profile(ProfileKey.of("m", 1), window, RowCounts.of(rows), List.of(features));
  }
}
