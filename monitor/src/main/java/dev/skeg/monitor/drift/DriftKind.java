package dev.skeg.monitor.drift;

/** What a window is held against. */
public enum DriftKind {
  /** Serving against the training data: the baseline, or its season cell. */
  SKEW,
  /** Serving against earlier serving: the same hour of earlier weeks, or what history there is. */
  DRIFT
}
