package dev.skeg.monitor.drift;

/** What became of judging a feature over one window. */
public enum DriftState {
  /** Judged, and nothing that is worth a page. */
  OK,
  /** A difference that is both certain and large enough, now or not long enough gone. */
  DRIFT,
  /**
   * Too few rows for a verdict, or nothing to hold them against. A drift found earlier stays {@link
   * #DRIFT} as long as there is anything to hold its kind against.
   */
  INSUFFICIENT
}
