/**
 * When a request runs, with whom, and on which lane.
 *
 * <p>Start at {@link dev.skeg.runtime.batch.Batcher}: one for each version. Requests that came in
 * one {@link dev.skeg.runtime.batch.Turn} of an event loop are decided over together. Those that
 * must wait do so in a {@link dev.skeg.runtime.batch.RequestQueue}; a {@link
 * dev.skeg.runtime.batch.Lane} runs what a {@link dev.skeg.runtime.batch.Batch} holds, all of one
 * {@link dev.skeg.runtime.batch.ShapeClass}, whose {@link dev.skeg.runtime.batch.CostCurve} tells
 * what that will take. <b>Threads.</b> Requests come from event loops and run there or on lane
 * threads; no locks between them. <b>May use:</b> {@code servable}, {@code backend}, {@code os},
 * {@code model}, {@code telemetry}.
 */
@NullMarked
package dev.skeg.runtime.batch;

import org.jspecify.annotations.NullMarked;
