/**
 * Desired against loaded versions; the only writer of endpoints.
 *
 * <p>Start at {@link dev.skeg.runtime.control.ModelControl}, which is told what is wanted in {@link
 * dev.skeg.runtime.control.ModelPlan}s; {@link dev.skeg.runtime.control.LiveModel} knows the way
 * there. <b>Threads.</b> One control thread writes, a virtual one; versions are loaded beside it on
 * platform threads. <b>May use:</b> {@code endpoint}, {@code batch}, {@code servable}, {@code
 * backend}, {@code config}, {@code os}, {@code telemetry}, {@code model}, the registry client.
 */
@NullMarked
package dev.skeg.runtime.control;

import org.jspecify.annotations.NullMarked;
