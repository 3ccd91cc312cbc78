package dev.skeg.runtime.monitoring;

import dev.skeg.monitor.alert.AlertPolicy;
import dev.skeg.monitor.drift.DriftConfig;

/**
 * How a model's windows are judged, and what becomes of its alerts.
 *
 * @param drift when a window has drifted
 * @param alerts when alerts gather, come back and go
 */
public record Judging(DriftConfig drift, AlertPolicy alerts) {}
