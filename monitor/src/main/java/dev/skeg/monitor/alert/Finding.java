package dev.skeg.monitor.alert;

import dev.skeg.monitor.alert.AlertSubject.Part;
import dev.skeg.monitor.drift.DriftKind;
import java.util.Set;

/**
 * Something that a window found about one subject, and what most likely lies behind it.
 *
 * @param logEvidence natural logarithm of the detector; 0 for quality only
 * @param detail one line for people
 */
record Finding(
    Part part,
    String name,
    Cause cause,
    Severity severity,
    Set<DriftKind> kinds,
    double logEvidence,
    String detail) {
  Finding withCause(Cause other) {
    return new Finding(part, name, other, severity, kinds, logEvidence, detail);
  }
}
