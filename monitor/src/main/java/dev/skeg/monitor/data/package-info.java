/**
 * Tables in files: CSV, JSON lines and Parquet, read column by column in one sweep by several
 * threads, however large they are.
 *
 * <p>Start at {@link dev.skeg.monitor.data.TableFile}, then read {@link
 * dev.skeg.monitor.data.RowBatch}. A {@link dev.skeg.monitor.data.Projection} says which columns
 * are wanted and as what: numbers, categories by their hash, or times.
 *
 * <p><b>Threads.</b> A {@link dev.skeg.monitor.data.RowReader} is shared: each thread brings its
 * own batch, and only fetching raw bytes is done one after another. <b>May use:</b> {@code record}.
 */
@NullMarked
package dev.skeg.monitor.data;

import org.jspecify.annotations.NullMarked;
