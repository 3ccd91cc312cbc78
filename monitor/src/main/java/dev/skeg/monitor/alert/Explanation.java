package dev.skeg.monitor.alert;

import dev.skeg.monitor.drift.DriftKind;
import dev.skeg.monitor.drift.Effect;
import dev.skeg.monitor.drift.FeatureVerdict;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What most likely lies behind a feature's drift: the first of {@link Cause} that its checks or its
 * effects show.
 *
 * <p>An effect shows a cause only if it is worth a page and a fair part of the whole difference:
 * half a percent of missing values is not why a distribution has doubled.
 *
 * @param detail what shows it, one line for people
 */
public record Explanation(Cause cause, String detail) {
  /** A mass that explains a difference is at least so much of the total variation distance. */
  private static final double FAIR_PART = .25;

  /** Returns the most likely explanation of a feature in drift. */
  public static Explanation of(FeatureVerdict verdict) {
    List<Explanation> signs = new ArrayList<>();
    List<Effect> effects = effects(verdict);
    if (effects.isEmpty()) {
      // Too few rows to measure, or nothing against what it drifts: the drift is an earlier
      // window's, and what a handful of rows look like does not explain it.
      return new Explanation(Cause.SHIFT, shift(effects));
    }
    double whole =
        effects.stream()
            .filter(effect -> effect.metric() == Effect.Metric.TVD)
            .mapToDouble(Effect::lower)
            .max()
            .orElse(0);
    for (Effect effect : effects) {
      boolean shows = effect.isOverFloor() && effect.lower() >= FAIR_PART * whole;
      if (shows) {
        cause(effect.metric())
            .ifPresent(cause -> signs.add(new Explanation(cause, detail(effect))));
      }
    }
    Diagnosis.byCause(verdict.quality())
        .forEach((cause, finding) -> {
          // A check knows no sizes. Where an effect measures the same thing, that has decided.
          boolean measured =
              switch (cause) {
                case MISSING, NEW_CATEGORY, OUT_OF_RANGE, STUCK -> true;
                default -> false;
              };
          if (!measured || signs.stream().anyMatch(sign -> sign.cause() == cause)) {
            signs.add(0, new Explanation(cause, finding.detail()));
          }
        });
    return signs.stream()
        .min(Comparator.comparing(Explanation::cause))
        .orElseGet(() -> new Explanation(Cause.SHIFT, shift(effects)));
  }

  /** Returns the effects against what the feature differs; skew first. */
  private static List<Effect> effects(FeatureVerdict verdict) {
    for (DriftKind kind : verdict.kinds()) {
      List<Effect> effects = verdict.effects().getOrDefault(kind, List.of());
      if (!effects.isEmpty()) {
        return effects;
      }
    }
    return List.of();
  }

  private static Optional<Cause> cause(Effect.Metric metric) {
    return switch (metric) {
      case MISSING -> Optional.of(Cause.MISSING);
      case ATOM -> Optional.of(Cause.STUCK);
      case UNSEEN -> Optional.of(Cause.NEW_CATEGORY);
      case OUT_OF_RANGE -> Optional.of(Cause.OUT_OF_RANGE);
      case MEAN, LOG_SD, KS, TVD -> Optional.empty();
    };
  }

  private static String shift(List<Effect> effects) {
    return effects.stream()
        .filter(Effect::isOverFloor)
        .findFirst()
        .or(() -> effects.stream().findFirst())
        .map(Explanation::detail)
        .orElse("the evidence is of earlier windows");
  }

  /** Returns an effect as a person would say it. */
  public static String detail(Effect effect) {
    return switch (effect.metric()) {
      case MEAN -> text("mean %+.2f standard deviations", effect.value());
      case LOG_SD -> text("standard deviation × %.2f", Math.exp(effect.value()));
      case ATOM -> "share of the value " + effect.subject() + " differs by " + percent(effect);
      case MISSING -> "share of missing values differs by " + percent(effect);
      case UNSEEN -> "share of unseen categories differs by " + percent(effect);
      case OUT_OF_RANGE -> "share of values out of range differs by " + percent(effect);
      case KS -> text("distance of cumulative distributions (KS) %.3f", effect.value());
      case TVD -> percent(effect) + " of all rows are in other bins (TVD)";
    };
  }

  private static String percent(Effect effect) {
    return text("%.1f %%", 100 * Math.abs(effect.value()));
  }

  private static String text(String format, Object value) {
    return String.format(Locale.ROOT, format, value);
  }
}
