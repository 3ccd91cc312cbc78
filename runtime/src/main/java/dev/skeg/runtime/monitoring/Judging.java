package dev.skeg.runtime.monitoring;

import dev.skeg.monitor.alert.AlertPolicy;
import dev.skeg.monitor.drift.DriftConfig;
import java.time.Duration;

/**
 * How a model's windows are judged, and what becomes of its alerts.
 *
 * @param drift when a window has drifted
 * @param alerts when alerts gather, come back and go
 * @param allowedLateness how long after its end a window may still get rows; 0 s or more
 */
public record Judging(DriftConfig drift, AlertPolicy alerts, Duration allowedLateness) {}
