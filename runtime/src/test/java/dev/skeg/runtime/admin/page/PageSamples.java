package dev.skeg.runtime.admin.page;

import dev.skeg.monitor.alert.Alert;
import dev.skeg.monitor.alert.AlertFilter;
import dev.skeg.monitor.alert.AlertPolicy;
import dev.skeg.monitor.alert.Alerts;
import dev.skeg.monitor.alert.MemoryAlertStore;
import dev.skeg.monitor.baseline.Baseline;
import dev.skeg.monitor.baseline.BlockVariation;
import dev.skeg.monitor.baseline.FeatureBaseline;
import dev.skeg.monitor.baseline.Seasons;
import dev.skeg.monitor.drift.DriftKind;
import dev.skeg.monitor.drift.DriftState;
import dev.skeg.monitor.drift.Effect;
import dev.skeg.monitor.drift.Evidence;
import dev.skeg.monitor.drift.FeatureVerdict;
import dev.skeg.monitor.drift.QualityFinding;
import dev.skeg.monitor.drift.Statistic;
import dev.skeg.monitor.drift.WindowVerdict;
import dev.skeg.monitor.profile.Bins;
import dev.skeg.monitor.profile.CategoryBins;
import dev.skeg.monitor.profile.CategoryTail;
import dev.skeg.monitor.profile.DistinctEstimate;
import dev.skeg.monitor.profile.FeatureProfile;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.DoubleSupplier;

/** Models with features of many shapes, some of which have drifted. Made of a seed. */
final class PageSamples {
  private static final long HOUR = 3_600_000;
  private static final long START = 1_790_000_000_000L / HOUR * HOUR;
  private static final int BASELINE_ROWS = 20_000;
  private static final int ROWS = 5_000;

  private final Random random = new Random(14);
  private final List<FeatureBaseline> baselines = new ArrayList<>();
  private final List<FeatureProfile> profiles = new ArrayList<>();
  private final List<FeatureVerdict> features = new ArrayList<>();
  private final List<FeatureVerdict> outputs = new ArrayList<>();

  static Window window(int hour) {
    return new Window(START + hour * HOUR, START + (hour + 1) * HOUR);
  }

  PageSamples numeric(String name, DoubleSupplier before, DoubleSupplier now, Effect... effects) {
    return numeric(
        new FeatureSpec(name, FeatureSpec.Role.INPUT, FeatureSpec.Kind.NUMERIC),
        before,
        now,
        effects);
  }

  PageSamples output(String name, DoubleSupplier before, DoubleSupplier now, Effect... effects) {
    return numeric(
        new FeatureSpec(name, FeatureSpec.Role.OUTPUT, FeatureSpec.Kind.NUMERIC),
        before,
        now,
        effects);
  }

  private PageSamples numeric(
      FeatureSpec spec, DoubleSupplier before, DoubleSupplier now, Effect... effects) {
    double[] old = values(before, BASELINE_ROWS);
    double[] sorted = Arrays.stream(old).filter(Double::isFinite).sorted().toArray();
    double[] distinct = Arrays.stream(sorted).distinct().toArray();
    NumericBins bins =
        distinct.length <= 40
            ? new NumericBins(
                distinct,
                Arrays.stream(new double[] {distinct[0], distinct[distinct.length - 1]})
                    .distinct()
                    .toArray())
            : new NumericBins(
                new double[0],
                java.util.stream.IntStream.rangeClosed(0, 64)
                    .mapToDouble(i -> sorted[(int) ((sorted.length - 1L) * i / 64)])
                    .distinct()
                    .toArray());
    add(
        spec,
        bins,
        counts(bins, old),
        Moments.of(old),
        counts(bins, values(now, ROWS)),
        now,
        effects);
    return this;
  }

  private double[] values(DoubleSupplier source, int count) {
    double[] values = new double[count];
    Arrays.setAll(values, i -> source.getAsDouble());
    return values;
  }

  private static long[] counts(NumericBins bins, double[] values) {
    long[] counts = new long[bins.size()];
    for (double value : values) {
      counts[bins.binOf(value)]++;
    }
    return counts;
  }

  PageSamples categories(
      String name, Map<String, double[]> shares, double unseen, Effect... effects) {
    CategoryBins bins = new CategoryBins(List.copyOf(shares.keySet()), CategoryTail.EMPTY);
    long[] before = new long[bins.size()];
    long[] now = new long[bins.size()];
    int bin = CategoryBins.FIRST_NAMED;
    for (double[] share : shares.values()) {
      before[bin] = Math.round(BASELINE_ROWS * share[0]);
      now[bin++] = Math.round(ROWS * share[1]);
    }
    now[CategoryBins.UNSEEN] = Math.round(ROWS * unseen);
    before[CategoryBins.FIRST_NAMED] += BASELINE_ROWS - Arrays.stream(before).sum();
    now[CategoryBins.FIRST_NAMED] += ROWS - Arrays.stream(now).sum();
    FeatureSpec spec = new FeatureSpec(name, FeatureSpec.Role.INPUT, FeatureSpec.Kind.CATEGORICAL);
    add(spec, bins, before, Moments.EMPTY, now, () -> Double.NaN, effects);
    return this;
  }

  private void add(
      FeatureSpec spec,
      Bins bins,
      long[] before,
      Moments moments,
      long[] now,
      DoubleSupplier nowValues,
      Effect... effects) {
    Moments nowMoments = spec.isNumeric() ? Moments.of(values(nowValues, ROWS)) : Moments.EMPTY;
    baselines.add(
        new FeatureBaseline(
            profile(spec, bins, before, moments), Seasons.NONE, BlockVariation.NONE));
    profiles.add(profile(spec, bins, now, nowMoments));
    boolean drift = effects.length > 0;
    Map<String, Statistic> statistics = new LinkedHashMap<>();
    for (String name : List.of("psi", "js_distance", "ks", "wasserstein", "tvd", "hellinger")) {
      statistics.put(
          name,
          new Statistic(
              name,
              (drift ? .2 : .003) * (1 + random.nextDouble()),
              name.equals("wasserstein") ? 1_024 : ROWS,
              ROWS,
              Double.NaN));
    }
    Set<DriftKind> kinds = drift ? Set.of(DriftKind.SKEW, DriftKind.DRIFT) : Set.of();
    Evidence evidence =
        drift
            ? new Evidence(60 + 300 * random.nextDouble(), 64, 9.6, 2, 1.3, BASELINE_ROWS)
            : new Evidence(-2, 2.5 * random.nextDouble(), 9.6, 1, 1.3, BASELINE_ROWS);
    List<QualityFinding> quality =
        Arrays.stream(effects).anyMatch(effect -> effect.metric() == Effect.Metric.MISSING)
            ? List.of(
                new QualityFinding(
                    QualityFinding.Check.MISSING, .12, .01, "12.0 % are missing (1.0 % expected)"))
            : List.of();
    FeatureVerdict verdict =
        new FeatureVerdict(
            spec,
            drift ? DriftState.DRIFT : DriftState.OK,
            kinds,
            drift ? Set.of(DriftKind.SKEW) : Set.of(),
            statistics,
            Map.of(DriftKind.SKEW, evidence, DriftKind.DRIFT, evidence),
            Map.of(DriftKind.SKEW, List.of(effects), DriftKind.DRIFT, List.of(effects)),
            quality);
    (spec.role() == FeatureSpec.Role.INPUT ? features : outputs).add(verdict);
  }

  private static FeatureProfile profile(
      FeatureSpec spec, Bins bins, long[] counts, Moments moments) {
    return new FeatureProfile(
        spec, bins, counts, moments, DistinctEstimate.EMPTY, HeavyValues.NONE, Reservoir.EMPTY);
  }

  MonitorView view(String model, RowCounts counts, int hours) {
    ProfileKey key = ProfileKey.of(model, 3);
    Window window = window(hours);
    WindowVerdict verdict = new WindowVerdict(key, window, ROWS, features, outputs, List.of());
    Alerts alerts = new Alerts(new MemoryAlertStore(100), AlertPolicy.DEFAULT);
    alerts.judge(verdict, window.endMillis());
    List<Alert> open = alerts.find(AlertFilter.open());
    List<PastVerdict> history = new ArrayList<>();
    for (int hour = Math.max(0, hours - 95); hour < hours; hour++) {
      history.add(past(window(hour), hour > hours - 4));
    }
    history.add(PastVerdict.of(verdict));
    return new MonitorView(
        verdict,
        Optional.of(new Profile(key, window, counts, profiles)),
        Optional.of(new Baseline(BASELINE_ROWS, Optional.empty(), HOUR, baselines)),
        history,
        open,
        List.of(key, ProfileKey.of(model, 2), new ProfileKey(model, 3, ProfileKey.CANDIDATE, "")),
        Optional.of(window(hours - 1)),
        Optional.empty(),
        0);
  }

  private PastVerdict past(Window window, boolean late) {
    Map<PastVerdict.Subject, PastVerdict.Level> levels = new LinkedHashMap<>();
    List<FeatureVerdict> all = new ArrayList<>(features);
    all.addAll(outputs);
    for (FeatureVerdict each : all) {
      boolean hot = late && each.state() == DriftState.DRIFT;
      float ratio = (float) (hot ? .6 + random.nextDouble() : .2 * Math.abs(random.nextGaussian()));
      levels.put(
          new PastVerdict.Subject(each.spec().role(), each.spec().name()),
          new PastVerdict.Level(ratio, ratio > 1 ? DriftState.DRIFT : DriftState.OK));
    }
    double day = Math.sin(window.startMillis() / 86_400_000.0 * 2 * Math.PI);
    return new PastVerdict(window, (long) (ROWS * (1 + .5 * day) + random.nextInt(300)), levels);
  }

  static Effect effect(Effect.Metric metric, String subject, double value, double floor) {
    return new Effect(metric, subject, value, Math.max(0, Math.abs(value) * .9 - .01), floor);
  }

  /** Three features: a shift, new categories, and a healthy one. */
  static MonitorView drifted() {
    Random values = new Random(1);
    Map<String, double[]> channels = new LinkedHashMap<>();
    channels.put("web", new double[] {.6, .55});
    channels.put("branch", new double[] {.25, .2});
    channels.put("phone", new double[] {.15, .13});
    return new PageSamples()
        .numeric(
            "amount",
            () -> Math.exp(4 + values.nextGaussian()),
            () -> Math.exp(4.4 + 1.1 * values.nextGaussian()),
            effect(Effect.Metric.MEAN, "", .31, .05),
            effect(Effect.Metric.KS, "", .16, .02),
            effect(Effect.Metric.TVD, "", .17, .02))
        .categories(
            "channel",
            channels,
            .12,
            effect(Effect.Metric.UNSEEN, "", .12, .005),
            effect(Effect.Metric.TVD, "", .12, .02))
        .numeric(
            "age", () -> 40 + 12 * values.nextGaussian(), () -> 40 + 12 * values.nextGaussian())
        .output(
            "score",
            () -> 1 / (1 + Math.exp(2 + values.nextGaussian())),
            () -> 1 / (1 + Math.exp(1.6 + values.nextGaussian())),
            effect(Effect.Metric.MEAN, "", .35, .05),
            effect(Effect.Metric.TVD, "", .15, .02))
        .view("fraud", new RowCounts(ROWS, ROWS, 12, 3), 200);
  }

  /** The same with nothing wrong. */
  static MonitorView healthy() {
    Random values = new Random(2);
    Map<String, double[]> channels = new LinkedHashMap<>();
    channels.put("web", new double[] {.6, .6});
    channels.put("branch", new double[] {.25, .25});
    channels.put("phone", new double[] {.15, .15});
    return new PageSamples()
        .numeric(
            "amount",
            () -> Math.exp(4 + values.nextGaussian()),
            () -> Math.exp(4 + values.nextGaussian()))
        .categories("channel", channels, 0)
        .numeric(
            "age", () -> 40 + 12 * values.nextGaussian(), () -> 40 + 12 * values.nextGaussian())
        .output("score", values::nextDouble, values::nextDouble)
        .view("fraud", RowCounts.of(ROWS), 200);
  }

  /** Sixty features of all shapes, with long and hostile names, eight of which have drifted. */
  static MonitorView many() {
    Random values = new Random(3);
    PageSamples samples = new PageSamples();
    for (int i = 0; i < 52; i++) {
      int shape = i % 4;
      String name =
          i == 7
              ? "customer_average_transaction_value_over_the_last_ninety_days_normalised_by_segment"
              : i == 9 ? "<script>alert('x')</script>&\"" : "feature_" + i;
      DoubleSupplier source =
          switch (shape) {
            case 0 -> values::nextGaussian;
            case 1 -> () -> Math.exp(2 * values.nextGaussian());
            case 2 -> () -> values.nextInt(7);
            default -> () -> values.nextDouble() < .3 ? 0 : 50 + 20 * values.nextGaussian();
          };
      samples.numeric(name, source, source);
    }
    Map<String, double[]> countries = new LinkedHashMap<>();
    for (int i = 0; i < 40; i++) {
      double share = .2 * Math.pow(.8, i);
      countries.put(
          i == 3 ? "United Kingdom of Great Britain and Northern Ireland" : "country " + i,
          new double[] {share, i == 5 ? share * 2 : share});
    }
    return samples
        .numeric(
            "income",
            () -> 50 + 9 * values.nextGaussian(),
            () -> values.nextDouble() < .12 ? Double.NaN : 50 + 9 * values.nextGaussian(),
            effect(Effect.Metric.MISSING, "", .12, .005),
            effect(Effect.Metric.TVD, "", .12, .02))
        .numeric(
            "employment_years",
            () -> 9 + 3 * values.nextGaussian(),
            () -> values.nextDouble() < .09 ? Double.NaN : 9 + 3 * values.nextGaussian(),
            effect(Effect.Metric.MISSING, "", .09, .005),
            effect(Effect.Metric.TVD, "", .09, .02))
        .numeric(
            "height_m",
            () -> 1.7 + .1 * values.nextGaussian(),
            () -> 170 + 10 * values.nextGaussian(),
            effect(Effect.Metric.OUT_OF_RANGE, "", .999, .005),
            effect(Effect.Metric.TVD, "", .999, .02))
        .numeric(
            "temperature",
            () -> 20 + 5 * values.nextGaussian(),
            () -> values.nextDouble() < .05 ? 0 : 20 + 5 * values.nextGaussian(),
            effect(Effect.Metric.ATOM, "0.0", .05, .005))
        .numeric(
            "visits",
            () -> Math.floor(3 * values.nextDouble()),
            () -> Math.floor(4 * values.nextDouble()),
            effect(Effect.Metric.OUT_OF_RANGE, "", .25, .005))
        .categories(
            "country",
            countries,
            .03,
            effect(Effect.Metric.UNSEEN, "", .03, .005),
            effect(Effect.Metric.TVD, "", .06, .02))
        .numeric(
            "balance",
            () -> 100 * values.nextGaussian(),
            () -> 130 * values.nextGaussian(),
            effect(Effect.Metric.LOG_SD, "", .26, .1))
        .numeric("constant", () -> 5, () -> 5)
        .output(
            "score",
            values::nextDouble,
            () -> Math.pow(values.nextDouble(), .8),
            effect(Effect.Metric.MEAN, "", .2, .05))
        .output("margin", values::nextGaussian, values::nextGaussian)
        .view(
            "underwriting/mortgage-risk-scorecard-with-a-name-that-is-quite-long",
            RowCounts.of(ROWS),
            400);
  }
}
