/**
 * Baselines: what a model's features looked like in its training data, to compare serving with.
 *
 * <p>Start at {@link dev.skeg.monitor.baseline.Baseline}, then read {@link
 * dev.skeg.monitor.baseline.FeatureBaseline}. {@link dev.skeg.monitor.baseline.BaselineFile} reads
 * and writes {@code baseline.json}.
 *
 * <p><b>Threads.</b> Baselines are immutable. <b>May use:</b> {@code data}, {@code profile}, {@code
 * record}.
 */
@NullMarked
package dev.skeg.monitor.baseline;

import org.jspecify.annotations.NullMarked;
