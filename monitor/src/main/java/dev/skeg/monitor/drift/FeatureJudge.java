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

/**
 * One feature's streams and history, of one key.
 *
 * <p><b>Threads.</b> That of its {@link Judge}.
 */
final class FeatureJudge {
  private static final int DAY = 24;
  private static final int CELLS_PER_LEVEL = 1000;

  private final FeatureLayout layout;
  private final double[] scored;
  private final Optional<FeatureBaseline> baseline;
  private final Stream skew;
  private final Stream drift;
  private final SeasonalHistory history;
  private final Dispersion dispersion = new Dispersion();
  private boolean hasDrift;

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

  Optional<FeatureBaseline> baseline() {
    return baseline;
  }

  /** Returns how many streams share the budget: with a baseline one, with enough history one more. */
  int streams() {
    return (baseline.isPresent() ? 1 : 0) + (hasDrift ? 1 : 0);
  }

  Stream stream(DriftKind kind) {
    return switch (kind) {
      case SKEW -> skew;
      case DRIFT -> drift;
    };
  }

  /** A feature's part in one window, before it is decided who is raised. */
  record Hearing(
      FeatureProfile profile,
      Map<DriftKind, Reference> references,
      Map<DriftKind, Stream.Turn> turns,
      Map<DriftKind, List<Effect>> effects) {}

  /** Holds a window against its references. */
  Hearing hear(FeatureProfile profile, Window window, EffectFloors floors) {
    Map<DriftKind, Reference> references = new EnumMap<>(DriftKind.class);
    Map<DriftKind, Stream.Turn> turns = new EnumMap<>(DriftKind.class);
    Map<DriftKind, List<Effect>> effects = new EnumMap<>(DriftKind.class);
    if (profile.rows() == 0) {
      return new Hearing(profile, references, turns, effects);
    }
    double[] counts = Arrays.stream(profile.counts()).asDoubleStream().toArray();
    baseline.ifPresent(each -> references.put(DriftKind.SKEW, training(each, window)));
    Optional<SeasonalHistory.Past> past = history.before(window);
    if (past.isPresent()) {
      if (dispersion.isKnown()) {
        references.put(
            DriftKind.DRIFT, earlier(past.get(), atLeastBaseline(dispersion.effects(), window)));
        hasDrift = true;
      }
      if (!drift.isRaised()) { // What is raised shall not make itself usual.
        Reference plain = earlier(past.get(), DesignEffects.NONE);
        dispersion.add(layout.roles(), Span.ofWindow(counts, plain));
      }
    }
    history.add(window, counts);
    references.forEach(
        (kind, reference) -> {
          HeavyShares heavy = HeavyShares.of(profile, reference);
          Stream stream = stream(kind);
          EValue.Heavy[] bets = heavy.bets().toArray(new EValue.Heavy[0]);
          Detector.Reading reading = stream.add(counts, reference, bets);
          List<Effect> found =
              Effects.of(
                  layout,
                  reading.strongest(),
                  floors,
                  heavy.label(),
                  heavy.share(),
                  heavy.reference());
          effects.put(kind, found);
          turns.put(
              kind,
              new Stream.Turn(
                  stream, reading, Effects.isOver(found, 1), Effects.isOver(found, .7)));
        });
    return new Hearing(profile, references, turns, effects);
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
    return FeatureStatistics.of(
        layout,
        counts,
        baseline.map(FeatureBaseline::whole),
        hearing.profile(),
        compatibility);
  }

  private Reference training(FeatureBaseline from, Window window) {
    SeasonCell cell = from.cell(window);
    return Reference.of(
        cellOf(cell, window), cell.counts(), atLeastBaseline(DesignEffects.NONE, window));
  }

  private static Reference earlier(SeasonalHistory.Past past, DesignEffects effects) {
    return new Reference(past.cell(), past.counts().byBin(), effects);
  }

  private DesignEffects atLeastBaseline(DesignEffects effects, Window window) {
    if (baseline.isEmpty()) {
      return effects;
    }
    BlockVariation variation = baseline.get().variation();
    BlockVariation.Directions directions = variation.directions();
    // Some hours vary more than others, and then in all directions.
    double hour = variation.designEffect(window.startMillis());
    double factor = Math.max(1, hour / variation.designEffect());
    return new DesignEffects(
        Math.max(effects.pooled(), hour),
        Math.max(effects.mean(), factor * directions.mean()),
        Math.max(effects.spread(), factor * directions.spread()),
        Math.max(effects.rare(), factor * directions.rare()));
  }

  /** Returns which part of the baseline a cell is: windows of the same part share its error. */
  private static int cellOf(SeasonCell cell, Window window) {
    int hour = Seasons.hourOfWeek(window.startMillis());
    int ofKind = hour % DAY + (hour >= 5 * DAY ? DAY : 0);
    return switch (cell.level()) {
      case WHOLE -> 0;
      case HOUR_OF_WEEK -> CELLS_PER_LEVEL + hour;
      case HOUR_OF_DAY_KIND -> 2 * CELLS_PER_LEVEL + ofKind;
      case HOUR_OF_DAY -> 3 * CELLS_PER_LEVEL + hour % DAY;
    };
  }

  void write(DataOutput out) throws IOException {
    out.writeLong(layout.fingerprint());
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
    return judge;
  }
}
