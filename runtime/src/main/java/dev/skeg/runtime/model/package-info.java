/**
 * The values that travel with a request: datatypes, shapes, tensors, the request and its result.
 *
 * <p>Start at {@link dev.skeg.runtime.model.InferenceRequest} and {@link
 * dev.skeg.runtime.model.InferenceResult}. Everything here is immutable, but for the memory that a
 * {@link dev.skeg.runtime.model.Tensor} points to. <b>May use:</b> nothing of ours.
 */
@NullMarked
package dev.skeg.runtime.model;

import org.jspecify.annotations.NullMarked;
