package dev.skeg.monitor.alert;

import dev.skeg.monitor.alert.AlertSubject.Part;
import dev.skeg.monitor.drift.DriftState;
import dev.skeg.monitor.drift.Evidence;
import dev.skeg.monitor.drift.FeatureVerdict;
import dev.skeg.monitor.drift.QualityFinding;
import dev.skeg.monitor.drift.WindowVerdict;
import dev.skeg.monitor.record.FeatureSpec;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a window found, and what most likely lies behind it.
 *
 * @param findings at most one of each severity a subject; pages first
 * @param quiet the subjects that were judged and about which nothing was found
 * @param unjudged the subjects with too few rows, or with nothing to hold them against
 */
record Diagnosis(List<Finding> findings, Set<Subject> quiet, Set<Subject> unjudged) {
  /** In windows of fewer rows, one value alone is a great share. */
  private static final long FEW_ROWS = 50;

  /** Who was judged. */
  record Subject(Part part, String name) {}

  static Diagnosis of(WindowVerdict verdict) {
    List<Finding> findings = new ArrayList<>();
    Set<Subject> quiet = new HashSet<>();
    Set<Subject> unjudged = new HashSet<>();
    boolean few = verdict.rows() < FEW_ROWS;
    for (FeatureVerdict feature : verdict.features()) {
      add(feature, few, findings, quiet, unjudged);
    }
    for (FeatureVerdict output : verdict.outputs()) {
      add(output, few, findings, quiet, unjudged);
    }
    Map<Cause, QualityFinding> ofRows = byCause(verdict.quality());
    ofRows.forEach(
        (cause, finding) -> findings.add(notice(Part.ROWS, AlertSubject.ROWS, cause, finding)));
    if (ofRows.isEmpty()) {
      (few ? unjudged : quiet).add(new Subject(Part.ROWS, AlertSubject.ROWS));
    }
    findings.sort(Comparator.comparing(Finding::severity));
    return new Diagnosis(List.copyOf(findings), Set.copyOf(quiet), Set.copyOf(unjudged));
  }

  private static void add(
      FeatureVerdict verdict,
      boolean few,
      List<Finding> findings,
      Set<Subject> quiet,
      Set<Subject> unjudged) {
    Part part = verdict.spec().role() == FeatureSpec.Role.INPUT ? Part.INPUT : Part.OUTPUT;
    String name = verdict.spec().name();
    if (verdict.state() == DriftState.DRIFT) {
      // A drift that is kept from earlier windows: a handful of rows does not say why.
      Explanation sign =
          few ? new Explanation(Cause.SHIFT, "too few rows to tell more") : Explanation.of(verdict);
      double logEvidence =
          verdict.kinds().stream()
              .map(verdict.evidence()::get)
              .filter(evidence -> evidence != null)
              .mapToDouble(Evidence::logDetector)
              .max()
              .orElse(0);
      findings.add(
          new Finding(
              part,
              name,
              sign.cause(),
              Severity.PAGE,
              verdict.kinds(),
              logEvidence,
              sign.detail()));
      return;
    }
    if (verdict.state() == DriftState.INSUFFICIENT) {
      unjudged.add(new Subject(part, name));
    }
    Map<Cause, QualityFinding> odd = byCause(verdict.quality());
    if (!odd.isEmpty()) {
      Map.Entry<Cause, QualityFinding> first = odd.entrySet().iterator().next();
      findings.add(notice(part, name, first.getKey(), first.getValue()));
    } else if (verdict.state() == DriftState.OK) {
      quiet.add(new Subject(part, name));
    }
  }

  private static Finding notice(Part part, String name, Cause cause, QualityFinding finding) {
    return new Finding(part, name, cause, Severity.NOTICE, Set.of(), 0, finding.detail());
  }

  static Map<Cause, QualityFinding> byCause(List<QualityFinding> findings) {
    Map<Cause, QualityFinding> byCause = new EnumMap<>(Cause.class);
    for (QualityFinding finding : findings) {
      byCause.putIfAbsent(cause(finding.check()), finding);
    }
    return byCause;
  }

  private static Cause cause(QualityFinding.Check check) {
    return switch (check) {
      case MISSING -> Cause.MISSING;
      case NOT_FINITE, TYPE -> Cause.TYPE;
      case UNIT -> Cause.UNIT;
      case CONSTANT, STUCK -> Cause.STUCK;
      case UNSEEN -> Cause.NEW_CATEGORY;
      case OUT_OF_RANGE -> Cause.OUT_OF_RANGE;
      case DUPLICATES -> Cause.DUPLICATES;
      case VOLUME -> Cause.VOLUME;
    };
  }
}
