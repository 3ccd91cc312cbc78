/**
 * After the response: what a version was asked and what it answered, row by row, on its way to
 * those who watch it.
 *
 * <p>Start at {@link VersionTap}. Each lane has a {@link LaneTap}, which writes records into a ring
 * of its own; whoever watches drains the rings on a thread of theirs. Nobody waits for anybody: a
 * full ring drops and counts. A version that nobody watches costs one read a batch.
 *
 * <p><b>Threads.</b> A lane's tap belongs to the holder of the lane's baton. <b>May use:</b> {@code
 * model} and the monitor.
 */
@NullMarked
package dev.skeg.runtime.tap;

import org.jspecify.annotations.NullMarked;
