/**
 * Statistics of two samples, by their definitions: of counts in the same bins, and of sorted
 * values.
 *
 * <p>Start at {@link Distances} and {@link Contingency} for counts, {@link SampleStatistics} for
 * values. All are pure functions. What is called the reference is the first argument.
 *
 * <p><b>May use:</b> nothing of the monitor.
 */
@NullMarked
package dev.skeg.monitor.drift.statistic;

import org.jspecify.annotations.NullMarked;
