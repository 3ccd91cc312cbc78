/**
 * When a request runs, and on which lane.
 *
 * <p>Start at {@link dev.skeg.runtime.batch.Lanes}. Each request runs by itself, in the order of
 * arrival. <b>Threads.</b> Requests come from event loops and run on lane threads. <b>May use:</b>
 * {@code servable}, {@code model}.
 */
@NullMarked
package dev.skeg.runtime.batch;

import org.jspecify.annotations.NullMarked;
