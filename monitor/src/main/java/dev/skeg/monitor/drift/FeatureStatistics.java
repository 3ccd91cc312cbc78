package dev.skeg.monitor.drift;

import dev.skeg.monitor.drift.statistic.Contingency;
import dev.skeg.monitor.drift.statistic.Distances;
import dev.skeg.monitor.drift.statistic.KolmogorovSmirnov;
import dev.skeg.monitor.drift.statistic.Presets;
import dev.skeg.monitor.drift.statistic.SampleStatistics;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.Reservoir;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Computes a window's statistics by name; {@code docs/monitoring.md} has their definitions. */
final class FeatureStatistics {
  /** Added to each bin before a logarithm whose argument may be 0. */
  private static final double JEFFREYS = .5;

  /** Up to which product of sample sizes the exact p of KS is worth its time: 0.1 ms. */
  private static final int MAX_EXACT_STEPS = 40_000;

  private final Map<String, Statistic> found = new LinkedHashMap<>();
  private final FeatureLayout layout;
  private final double[] reference;
  private final double[] counts;
  private final FeatureProfile window;

  private FeatureStatistics(FeatureLayout layout, double[] reference, FeatureProfile window) {
    this.layout = layout;
    this.reference = reference;
    this.window = window;
    this.counts = Arrays.stream(window.counts()).asDoubleStream().toArray();
  }

  /**
   * @param reference counts by bin
   * @param whole the reference's own profile, for what needs raw values; empty where it has none
   * @param compatibility whether the other tools' statistics are wanted too
   */
  static Map<String, Statistic> of(
      FeatureLayout layout,
      double[] reference,
      Optional<FeatureProfile> whole,
      FeatureProfile window,
      boolean compatibility) {
    FeatureStatistics all = new FeatureStatistics(layout, reference, window);
    if (window.rows() > 0 && Arrays.stream(reference).sum() > 0) {
      all.addCounts(compatibility);
      if (layout.isNumeric() && whole.isPresent()) {
        all.addSamples(whole.get().reservoir(), window.reservoir(), compatibility);
      }
    }
    return all.found;
  }

  private void add(String name, double value) {
    add(name, value, window.rows(), window.rows(), Double.NaN);
  }

  private void addPreset(String name, double value, double threshold) {
    add(name, value, window.rows(), window.rows(), threshold);
  }

  private void add(String name, double value, long used, long seen, double threshold) {
    found.put(name, new Statistic(name, value, used, seen, threshold));
  }

  private void addCounts(boolean compatibility) {
    double[] p = Distances.shares(reference);
    double[] q = Distances.shares(counts);
    double[] smoothP = Distances.smoothedShares(reference, JEFFREYS);
    double[] smoothQ = Distances.smoothedShares(counts, JEFFREYS);
    add("psi", Distances.psi(smoothP, smoothQ));
    add("kl", Distances.kullbackLeibler(smoothP, smoothQ));
    add("js_divergence", Distances.jensenShannonBits(p, q));
    add("js_divergence_nats", Distances.jensenShannonNats(p, q));
    add("js_distance", Distances.jensenShannonDistanceBits(p, q));
    add("js_distance_nats", Distances.jensenShannonDistanceNats(p, q));
    add("hellinger", Distances.hellinger(p, q));
    add("tvd", Distances.totalVariation(p, q));
    add("linf", Distances.lInfinity(p, q));
    Contingency test = Contingency.of(reference, counts);
    add("chi2", test.chiSquared());
    add("chi2_p", test.chiSquaredPValue());
    add("g", test.g());
    add("g_p", test.gPValue());
    add("cramers_v", test.cramersV());
    add("cramers_v_corrected", test.corrected());
    double m = Arrays.stream(reference).sum();
    double cumulative = Double.NaN;
    if (layout.isNumeric()) {
      double[] orderedP = ordered(reference);
      double[] orderedQ = ordered(counts);
      cumulative = Distances.kolmogorovSmirnov(orderedP, orderedQ);
      add("ks_binned", cumulative);
      double deviation = deviation(orderedP);
      double distance = Distances.wasserstein(orderedP, orderedQ, values());
      add("wasserstein_binned", distance);
      add("wasserstein_normed_binned", distance / Math.max(deviation, .001));
    }
    double linf = layout.isNumeric() ? cumulative : Distances.lInfinity(p, q);
    add("linf_robust", Distances.robust(linf, m, (double) window.rows()));
    if (compatibility) {
      addPreset("sagemaker:linf_robust", Distances.robust(linf, m, (double) window.rows()), .1);
      if (!layout.isNumeric()) {
        addPreset("evidently:psi", Presets.evidentlyCategoryPsi(reference, counts), .1);
        addPreset("evidently:js", Distances.jensenShannonDistanceNats(p, q), .1);
        addPreset("evidently:chi2_p", Contingency.oneSamplePValue(reference, counts), .05);
        addPreset("nannyml:js", Distances.jensenShannonDistanceBits(p, q), Double.NaN);
        addPreset("nannyml:linf", Distances.lInfinity(p, q), Double.NaN);
        addPreset("tfdv:linf", Distances.lInfinity(p, q), .3);
      }
    }
  }

  private double[] ordered(double[] byBin) {
    int[] order = layout.order();
    double[] ordered = new double[order.length];
    for (int i = 0; i < order.length; i++) {
      ordered[i] = byBin[order[i]];
    }
    return Distances.shares(ordered);
  }

  private double[] values() {
    int[] order = layout.order();
    double[] values = new double[order.length];
    for (int i = 0; i < order.length; i++) {
      values[i] = layout.value(order[i]);
    }
    return values;
  }

  private double deviation(double[] shares) {
    double[] at = values();
    double mean = 0;
    double square = 0;
    for (int i = 0; i < shares.length; i++) {
      mean += shares[i] * at[i];
    }
    for (int i = 0; i < shares.length; i++) {
      square += shares[i] * (at[i] - mean) * (at[i] - mean);
    }
    return Math.sqrt(square);
  }

  private void addSamples(Reservoir base, Reservoir own, boolean compatibility) {
    double[] x = finite(base);
    double[] y = finite(own);
    if (x.length < 2 || y.length < 2) {
      return;
    }
    long used = own.size();
    long seen = own.rows();
    double distance = SampleStatistics.kolmogorovSmirnov(x, y);
    add("ks", distance, used, seen, Double.NaN);
    double p =
        x.length * y.length <= MAX_EXACT_STEPS
            ? KolmogorovSmirnov.exactPValue(distance, x.length, y.length)
            : KolmogorovSmirnov.asymptoticPValue(distance, x.length, y.length);
    add("ks_p", p, used, seen, Double.NaN);
    double wasserstein = SampleStatistics.wasserstein(x, y);
    double normed = SampleStatistics.normedWasserstein(x, y);
    add("wasserstein", wasserstein, used, seen, Double.NaN);
    add("wasserstein_normed", normed, used, seen, Double.NaN);
    double t = SampleStatistics.cramerVonMises(x, y);
    add("cvm", t, used, seen, Double.NaN);
    double cvmP = SampleStatistics.cramerVonMisesPValue(t, x.length, y.length);
    add("cvm_p", cvmP, used, seen, Double.NaN);
    double andersonDarling = SampleStatistics.andersonDarling(x, y);
    add("ad", andersonDarling, used, seen, Double.NaN);
    add("ad_p", SampleStatistics.andersonDarlingPValue(andersonDarling), used, seen, Double.NaN);
    add("energy", SampleStatistics.energy(x, y), used, seen, Double.NaN);
    if (compatibility) {
      add("evidently:psi", Presets.evidentlyPsi(x, y), used, seen, .1);
      add("evidently:js", Presets.evidentlyJensenShannon(x, y), used, seen, .1);
      add("evidently:wasserstein", normed, used, seen, .1);
      add("evidently:ks_p", p, used, seen, .05);
      add("nannyml:js", Presets.nannymlJensenShannon(x, y), used, seen, Double.NaN);
      add("nannyml:hellinger", Presets.nannymlHellinger(x, y), used, seen, Double.NaN);
      add("nannyml:ks", distance, used, seen, Double.NaN);
      add("nannyml:wasserstein", wasserstein, used, seen, Double.NaN);
      add("tfdv:js", Presets.tfdvJensenShannon(x, y), used, seen, .3);
      add("whylogs:hellinger", Presets.whylogsHellinger(x, y), used, seen, .15);
    }
  }

  private static double[] finite(Reservoir reservoir) {
    return Arrays.stream(reservoir.values()).filter(Double::isFinite).sorted().toArray();
  }
}
