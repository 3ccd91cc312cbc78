/**
 * Metrics and logs: what the server tells about itself.
 *
 * <p>Start at {@link dev.skeg.runtime.telemetry.InferenceMetrics} for what is counted, at {@link
 * dev.skeg.runtime.telemetry.PrometheusExporter} for how it is read. <b>Threads.</b> Recording is
 * for any thread, without locks; reading sums up. <b>May use:</b> {@code model}.
 */
@NullMarked
package dev.skeg.runtime.telemetry;

import org.jspecify.annotations.NullMarked;
