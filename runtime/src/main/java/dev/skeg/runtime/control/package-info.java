/**
 * Desired against loaded versions; the only writer of endpoints.
 *
 * <p>Start at {@link dev.skeg.runtime.control.ModelControl}. <b>Threads.</b> One control thread
 * writes; versions are loaded beside it on virtual threads. <b>May use:</b> {@code endpoint},
 * {@code servable}, {@code batch}, {@code config}, {@code telemetry}, {@code model}, the registry
 * client.
 */
@NullMarked
package dev.skeg.runtime.control;

import org.jspecify.annotations.NullMarked;
