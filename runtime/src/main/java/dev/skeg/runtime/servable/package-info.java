/**
 * One version of one model: loaded, understood, ready to infer, and freed again.
 *
 * <p>Start at {@link dev.skeg.runtime.servable.Loader}, which makes a {@link
 * dev.skeg.runtime.servable.Servable} of a model file. <b>Threads.</b> A Servable is used by any
 * number of threads, each with a {@link dev.skeg.runtime.servable.ServableHandle} of its own.
 * <b>May use:</b> {@code ragged}, {@code backend}, {@code os}, {@code model}.
 */
@NullMarked
package dev.skeg.runtime.servable;

import org.jspecify.annotations.NullMarked;
