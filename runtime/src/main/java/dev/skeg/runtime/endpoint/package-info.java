/**
 * Which version answers: a model's live routing, in immutable snapshots.
 *
 * <p>Start at {@link dev.skeg.runtime.endpoint.Endpoints}: all that the transports know of the
 * rest. <b>Threads.</b> Reads are one volatile read; only {@code control} writes. <b>May use:</b>
 * {@code batch}, {@code servable}, {@code model}, {@code telemetry}.
 */
@NullMarked
package dev.skeg.runtime.endpoint;

import org.jspecify.annotations.NullMarked;
