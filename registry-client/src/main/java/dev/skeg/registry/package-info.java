/**
 * Finds model versions where a team keeps them and hands them over as files with a digest.
 *
 * <p>Start at {@link dev.skeg.registry.ModelDirectory}. A library of its own: it knows neither the
 * server nor the monitor. <b>Threads.</b> Everything here is immutable and blocks on the disk.
 * <b>May use:</b> nothing of ours.
 */
@NullMarked
package dev.skeg.registry;

import org.jspecify.annotations.NullMarked;
