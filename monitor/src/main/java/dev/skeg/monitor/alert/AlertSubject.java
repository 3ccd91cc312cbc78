package dev.skeg.monitor.alert;

import dev.skeg.monitor.drift.DriftKind;
import dev.skeg.monitor.profile.Window;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * One feature or output that an alert is about, or the rows as a whole.
 *
 * @param name the feature's; {@code rows} of the rows as a whole
 * @param kinds against what it differs; empty for findings about quality only
 * @param peakLogEvidence greatest natural logarithm of the detector so far; 0 for quality only
 * @param detail what was found last, one line for people
 * @param since the window in which it was found first
 * @param active whether it still goes on
 * @param quietWindows how many windows that were judged have been without it since it was found
 *     last; those that could not be judged lie between them and say nothing
 * @param unjudgedWindows how many windows in a row could not be judged
 */
public record AlertSubject(
    Part part,
    String name,
    Set<DriftKind> kinds,
    double peakLogEvidence,
    String detail,
    Window since,
    boolean active,
    int quietWindows,
    int unjudgedWindows) {
  /** What of a model a subject is. */
  public enum Part {
    INPUT,
    OUTPUT,
    ROWS
  }

  /** The name of the rows as a whole. */
  public static final String ROWS = "rows";

  public AlertSubject {
    EnumSet<DriftKind> copy = EnumSet.noneOf(DriftKind.class);
    copy.addAll(kinds);
    kinds = Collections.unmodifiableSet(copy);
  }

  boolean is(Finding finding) {
    return part == finding.part() && name.equals(finding.name());
  }

  static AlertSubject of(Finding finding, Window window) {
    return new AlertSubject(
        finding.part(),
        finding.name(),
        finding.kinds(),
        finding.logEvidence(),
        finding.detail(),
        window,
        true,
        0,
        0);
  }

  /** Returns it as found once more. */
  AlertSubject again(Finding finding) {
    return new AlertSubject(
        part,
        name,
        finding.kinds(),
        Math.max(peakLogEvidence, finding.logEvidence()),
        finding.detail(),
        since,
        true,
        0,
        0);
  }

  /**
   * Returns it after a window that was judged and was without it.
   *
   * @param enough such windows after which it is over
   */
  AlertSubject quiet(int enough) {
    int quiet = quietWindows + 1;
    return without(active && quiet < enough, quiet, 0);
  }

  /**
   * Returns it after a window that says nothing of it.
   *
   * @param enough such windows in a row after which nobody knows that it goes on
   */
  AlertSubject unjudged(int enough) {
    int unjudged = unjudgedWindows + 1;
    return without(active && unjudged < enough, quietWindows, unjudged);
  }

  private AlertSubject without(boolean goesOn, int quiet, int unjudged) {
    return new AlertSubject(
        part, name, kinds, peakLogEvidence, detail, since, goesOn, quiet, unjudged);
  }
}
