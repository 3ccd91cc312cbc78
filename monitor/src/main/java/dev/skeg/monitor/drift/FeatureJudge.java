package dev.skeg.monitor.drift;

import dev.skeg.monitor.baseline.BlockVariation;
import dev.skeg.monitor.baseline.FeatureBaseline;
import dev.skeg.monitor.baseline.SeasonCell;
import dev.skeg.monitor.baseline.Seasons;
import dev.skeg.monitor.drift.evidence.DesignEffects;
import dev.skeg.monitor.drift.evidence.Detector;
import dev.skeg.monitor.drift.evidence.Dispersion;
import dev.skeg.monitor.drift.evidence.EValue;
import dev.skeg.monitor.drift.evidence.Reference;
import dev.skeg.monitor.drift.evidence.Span;
import dev.skeg.monitor.drift.evidence.Stream;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.Window;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One feature's streams and history, of one key.
 *
 * <p><b>Threads.</b> That of its {@link Judge}.
 */
final class FeatureJudge {
  private final FeatureLayout layout;
  private final double[] scored;
  private final Stream drift;
  private final SeasonalHistory history;
  private final Dispersion dispersion = new Dispersion();
  private boolean hasDrift;

  private Optional<FeatureBaseline> baseline;
  private Stream skew;

  /**
   * @param first the key's first profile of this feature, or any: for its bins, and for the order's
   *     scores where there is no baseline
   * @param baseline in the same bins
   */
  FeatureJudge(FeatureProfile first, Optional<FeatureBaseline> baseline, double[] scored) {
    this.baseline = baseline;
    this.scored = scored;
    this.layout = new FeatureLayout(first.bins(), scored);
    this.skew = new Stream(layout.roles());
    this.drift = new Stream(layout.roles());
    this.history = new SeasonalHistory(first.bins().size());
  }

  /** Returns the counts that scores follow from: the baseline's, or the first window's. */
  static double[] scored(FeatureProfile first, Optional<FeatureBaseline> baseline) {
    long[] counts = baseline.map(each -> each.whole().counts()).orElseGet(first::counts);
    double[] scored = Arrays.stream(counts).asDoubleStream().toArray();
    if (Arrays.stream(scored).sum() == 0) {
      Arrays.fill(scored, 1); // Nothing known: all bins alike.
    }
    return scored;
  }

  FeatureLayout layout() {
    return layout;
  }

  /**
   * Holds windows against another baseline in the same bins from now on. What was found against the
   * one before is forgotten; earlier windows are still what they were.
   */
  void rebase(Optional<FeatureBaseline> other) {
    if (!baseline.equals(other)) {
      baseline = other;
      skew = new Stream(layout.roles());
    }
  }

  Optional<FeatureBaseline> baseline() {
    return baseline;
  }

  /**
   * Returns how many streams share the budget: with a baseline one, with enough history one more.
   */
  int streams() {
    return (baseline.isPresent() ? 1 : 0) + (hasDrift ? 1 : 0);
  }

  /** Tells the streams that had no turn in a window that there was one. */
  void missExcept(Set<DriftKind> heard) {
    for (DriftKind kind : DriftKind.values()) {
      if (!heard.contains(kind)) {
        stream(kind).miss();
      }
    }
  }

  Stream stream(DriftKind kind) {
    return switch (kind) {
      case SKEW -> skew;
      case DRIFT -> drift;
    };
  }

  /**
   * A feature's part in one window, before it is decided who is raised.
   *
   * @param season the part of the baseline that the window is held against
   */
  record Hearing(
      FeatureProfile profile,
      Optional<SeasonCell> season,
      Map<DriftKind, Reference> references,
      Map<DriftKind, HeavyShares> heavy,
      Map<DriftKind, Stream.Turn> turns,
      Map<DriftKind, List<Effect>> effects) {}

  /** Holds a window against its references. */
  Hearing hear(FeatureProfile profile, Window window, EffectFloors floors) {
    Optional<SeasonCell> season =
        profile.rows() == 0 ? Optional.empty() : baseline.map(each -> each.cell(window));
    Map<DriftKind, Reference> references = new EnumMap<>(DriftKind.class);
    Map<DriftKind, HeavyShares> heavies = new EnumMap<>(DriftKind.class);
    Map<DriftKind, Stream.Turn> turns = new EnumMap<>(DriftKind.class);
    Map<DriftKind, List<Effect>> effects = new EnumMap<>(DriftKind.class);
    Hearing hearing = new Hearing(profile, season, references, heavies, turns, effects);
    if (profile.rows() == 0) {
      return hearing;
    }
    double[] counts = Arrays.stream(profile.counts()).asDoubleStream().toArray();
    season.ifPresent(
        each -> references.put(DriftKind.SKEW, training(each, window, (double) profile.rows())));
    Optional<SeasonalHistory.Past> past = history.before(window);
    if (past.isPresent()) {
      if (dispersion.isKnown()) {
        references.put(
            DriftKind.DRIFT,
            earlier(
                past.get(),
                atLeastBaseline(dispersion.effects(), window, (double) profile.rows())));
        hasDrift = true;
      }
      if (!drift.isRaised()) { // What is raised shall not make itself usual.
        Reference plain = earlier(past.get(), DesignEffects.NONE);
        dispersion.add(layout.roles(), Span.ofWindow(counts, plain));
      }
    }
    history.add(window, counts);
    references.forEach((kind, reference) -> {
      Optional<FeatureProfile> whole =
          kind == DriftKind.SKEW ? baseline.map(FeatureBaseline::whole) : Optional.empty();
      HeavyShares heavy = HeavyShares.of(profile, reference, whole);
      heavies.put(kind, heavy);
      Stream stream = stream(kind);
      EValue.Heavy[] bets = heavy.bets().toArray(new EValue.Heavy[0]);
      Detector.Reading reading = stream.add(counts, reference, bets);
      List<Effect> found = Effects.of(layout, reading.strongest(), floors, heavy);
      effects.put(kind, found);
      turns.put(
          kind,
          new Stream.Turn(stream, reading, Effects.isOver(found, 1), Effects.isOver(found, .7)));
    });
    return hearing;
  }

  /** Returns the statistics of a window: against the baseline, or else against earlier windows. */
  Map<String, Statistic> statistics(Hearing hearing, boolean compatibility) {
    Reference reference =
        hearing
            .references()
            .getOrDefault(DriftKind.SKEW, hearing.references().get(DriftKind.DRIFT));
    if (reference == null) {
      return Map.of();
    }
    double[] counts = new double[reference.size()];
    Arrays.setAll(counts, reference::count);
    Map<String, Statistic> statistics =
        FeatureStatistics.of(
            layout, counts, baseline.map(FeatureBaseline::whole), hearing.profile(), compatibility);
    addConformal(hearing.profile(), counts, statistics);
    return statistics;
  }

  /** Adds how unusual the window is among the baseline's own blocks, where there are any. */
  private void addConformal(
      FeatureProfile profile, double[] counts, Map<String, Statistic> statistics) {
    if (baseline.isPresent() && baseline.get().variation().blocks() > 0) {
      long[] whole = Arrays.stream(counts).mapToLong(Math::round).toArray();
      double distance = BlockVariation.statistic(profile.counts(), whole);
      double rank = baseline.get().variation().conformal(distance);
      statistics.put(
          "conformal_p",
          new Statistic("conformal_p", rank, profile.rows(), profile.rows(), Double.NaN));
    }
  }

  private Reference training(SeasonCell cell, Window window, double rows) {
    return Reference.of(
        cellOf(cell, window), cell.counts(), atLeastBaseline(DesignEffects.NONE, window, rows));
  }

  private static Reference earlier(SeasonalHistory.Past past, DesignEffects effects) {
    return new Reference(past.cell(), past.counts().byBin(), effects);
  }

  private DesignEffects atLeastBaseline(DesignEffects effects, Window window, double rows) {
    double pooled = effects.pooled();
    double mean = effects.mean();
    double spread = effects.spread();
    double rare = effects.rare();
    if (baseline.isPresent()) {
      BlockVariation variation = baseline.get().variation();
      BlockVariation.Directions directions = variation.directions();
      // Some hours vary more than others, and then in all directions.
      double hour = variation.designEffect(window.startMillis());
      double factor = Math.max(1, hour / variation.designEffect());
      pooled = Math.max(pooled, hour);
      mean = Math.max(mean, effect(factor * directions.mean(), variation, rows));
      spread = Math.max(spread, effect(factor * directions.spread(), variation, rows));
      rare = Math.max(rare, effect(factor * directions.rare(), variation, rows));
    }
    // The mixture looks in all directions, and what varies most decides where it is loudest. Pooled
    // over bins that is hidden: among 64 of them most vary nearly as those of independent rows do.
    pooled = Math.max(pooled, layout.isNumeric() ? Math.max(mean, spread) : rare);
    // What is never in the baseline tells nothing of how it comes; where rows resemble one another,
    // so do those out of range, and they come together.
    return new DesignEffects(pooled, mean, spread, Math.max(mean, rare));
  }

  /**
   * Returns an effect with what an estimate from so many blocks may fall short: two standard
   * errors, √(2/B) each, of its excess over that of independent rows.
   *
   * <p>The excess is that of blocks with as many rows as the baseline's had. What a block's rows
   * have in common weighs the more, the more rows there are; so in windows with more rows the
   * excess, where it is beyond chance, is as much greater.
   */
  private static double effect(double estimate, BlockVariation variation, double rows) {
    double error = 2 * Math.sqrt(2.0 / Math.max(BlockVariation.FEWEST_BLOCKS, variation.blocks()));
    double excess = Math.max(0, estimate - 1);
    double scale = variation.rowsPerBlock() > 0 ? rows / variation.rowsPerBlock() : 1;
    return 1 + Math.max(excess * (1 + error), Math.max(0, excess - error) * scale);
  }

  /**
   * Returns which part of the baseline a cell is: windows of the same part share its error. A cell
   * that was widened differs from the very hour by what it pools, and so do its neighbours in the
   * same way: all of them count as one part.
   */
  private static int cellOf(SeasonCell cell, Window window) {
    return switch (cell.level()) {
      case WHOLE -> -1;
      case HOUR_OF_DAY -> -2;
      case HOUR_OF_DAY_KIND -> -3;
      case HOUR_OF_WEEK -> Seasons.hourOfWeek(window.startMillis());
    };
  }

  void write(DataOutput out) throws IOException {
    out.writeLong(layout.fingerprint());
    out.writeLong(fingerprint(baseline));
    for (double count : scored) {
      out.writeDouble(count);
    }
    out.writeBoolean(hasDrift);
    skew.write(out);
    drift.write(out);
    history.write(out);
    dispersion.write(out);
  }

  /**
   * Reads a state that {@link #write} has written.
   *
   * @return a judge that goes on where that one was, or {@code fresh} if its bins are other ones
   */
  static FeatureJudge read(DataInput in, FeatureProfile first, FeatureJudge fresh)
      throws IOException {
    if (in.readLong() != fresh.layout.fingerprint()) {
      return fresh;
    }
    boolean isSameBaseline = in.readLong() == fingerprint(fresh.baseline);
    double[] scored = new double[first.bins().size()];
    for (int bin = 0; bin < scored.length; bin++) {
      scored[bin] = in.readDouble();
    }
    FeatureJudge judge = new FeatureJudge(first, fresh.baseline, scored);
    judge.hasDrift = in.readBoolean();
    judge.skew.read(in);
    judge.drift.read(in);
    judge.history.read(in);
    judge.dispersion.read(in);
    if (!isSameBaseline) {
      judge.skew = new Stream(judge.layout.roles());
    }
    return judge;
  }

  /** Returns a number that tells baselines in the same bins apart, the same in every process. */
  private static long fingerprint(Optional<FeatureBaseline> baseline) {
    if (baseline.isEmpty()) {
      return 0;
    }
    BlockVariation variation = baseline.get().variation();
    BlockVariation.Directions directions = variation.directions();
    long hash = 1;
    for (long part :
        new long[] {
          Arrays.hashCode(baseline.get().whole().counts()),
          baseline.get().seasons().hashCode(),
          variation.blocks(),
          Double.doubleToLongBits(variation.rowsPerBlock()),
          Double.doubleToLongBits(variation.designEffect()),
          Double.doubleToLongBits(directions.mean()),
          Double.doubleToLongBits(directions.spread()),
          Double.doubleToLongBits(directions.rare())
        }) {
      hash = 31 * hash + part;
    }
    return hash;
  }
}
