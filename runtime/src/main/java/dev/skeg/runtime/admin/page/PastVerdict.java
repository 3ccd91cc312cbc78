package dev.skeg.runtime.admin.page;

import dev.skeg.monitor.drift.DriftState;
import dev.skeg.monitor.drift.Evidence;
import dev.skeg.monitor.drift.FeatureVerdict;
import dev.skeg.monitor.drift.WindowVerdict;
import dev.skeg.monitor.profile.Window;
import dev.skeg.monitor.record.FeatureSpec;
import java.util.HashMap;
import java.util.Map;

/**
 * What is left of a verdict for the lines of the page.
 *
 * @param levels of each feature and output that was judged
 */
public record PastVerdict(Window window, long rows, Map<Subject, Level> levels) {
  /** Which feature or output. */
  public record Subject(FeatureSpec.Role role, String name) {}

  /**
   * How loud the evidence was.
   *
   * @param ratio logarithm of the detector over that of its threshold: 1 is a page; never over
   *     {@value #MOST} or below minus that
   */
  public record Level(float ratio, DriftState state) {
    static final float MOST = 100;
  }

  public PastVerdict {
    levels = Map.copyOf(levels);
  }

  /** Returns what is left of a verdict. */
  public static PastVerdict of(WindowVerdict verdict) {
    Map<Subject, Level> levels = new HashMap<>();
    verdict.features().forEach(feature -> add(levels, feature));
    verdict.outputs().forEach(output -> add(levels, output));
    return new PastVerdict(verdict.window(), verdict.rows(), levels);
  }

  private static void add(Map<Subject, Level> levels, FeatureVerdict verdict) {
    double ratio = Double.NaN;
    for (Evidence evidence : verdict.evidence().values()) {
      double own = evidence.logDetector() / Math.max(1e-9, evidence.logThreshold());
      ratio = Double.isNaN(ratio) ? own : Math.max(ratio, own);
    }
    if (!Double.isNaN(ratio)) {
      float bounded = (float) Math.clamp(ratio, -Level.MOST, Level.MOST);
      levels.put(
          new Subject(verdict.spec().role(), verdict.spec().name()),
          new Level(bounded, verdict.state()));
    }
  }
}
