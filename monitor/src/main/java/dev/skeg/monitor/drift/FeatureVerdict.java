package dev.skeg.monitor.drift;

import dev.skeg.monitor.record.FeatureSpec;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What one window says about one feature or output.
 *
 * @param state {@link DriftState#DRIFT} exactly if {@code kinds} is not empty
 * @param kinds against what it differs; a kind stays until its evidence has been low for some
 *     windows
 * @param raised the kinds of {@code kinds} that are new in this window
 * @param statistics by name, in the order for display; against the baseline where there is one
 * @param evidence of each kind that was judged
 * @param effects of each kind that was judged, greatest excess over the floor first
 * @param quality findings about this feature's data
 */
public record FeatureVerdict(
    FeatureSpec spec,
    DriftState state,
    Set<DriftKind> kinds,
    Set<DriftKind> raised,
    Map<String, Statistic> statistics,
    Map<DriftKind, Evidence> evidence,
    Map<DriftKind, List<Effect>> effects,
    List<QualityFinding> quality) {
  public FeatureVerdict {
    kinds = kinds(kinds);
    raised = kinds(raised);
    statistics = Collections.unmodifiableMap(new LinkedHashMap<>(statistics));
    EnumMap<DriftKind, Evidence> evidenceCopy = new EnumMap<>(DriftKind.class);
    evidenceCopy.putAll(evidence);
    evidence = Collections.unmodifiableMap(evidenceCopy);
    EnumMap<DriftKind, List<Effect>> effectsCopy = new EnumMap<>(DriftKind.class);
    effects.forEach((kind, list) -> effectsCopy.put(kind, List.copyOf(list)));
    effects = Collections.unmodifiableMap(effectsCopy);
    quality = List.copyOf(quality);
    if ((state == DriftState.DRIFT) == kinds.isEmpty()) {
      throw new IllegalArgumentException("state: " + state + " with kinds " + kinds);
    }
  }

  private static Set<DriftKind> kinds(Set<DriftKind> given) {
    Set<DriftKind> copy = EnumSet.noneOf(DriftKind.class);
    copy.addAll(given);
    return Collections.unmodifiableSet(copy);
  }

  /**
   * Returns by how much the loudest kind's detector is over its threshold, both logarithms: what
   * features are ranked by. Negative infinity if no kind was judged.
   */
  public double excess() {
    double excess = Double.NEGATIVE_INFINITY;
    for (Evidence each : evidence.values()) {
      excess = Math.max(excess, each.logDetector() - each.logThreshold());
    }
    return excess;
  }
}
