/**
 * Models of Triton's ragged batching: they take the elements of many requests one behind the other,
 * and further inputs that the server makes to say where each request's end. Here each request is a
 * batch of its own.
 *
 * <p>Start at {@link dev.skeg.runtime.ragged.RaggedPlan}, which reads a configuration against its
 * model; {@link dev.skeg.runtime.ragged.RaggedModel} then looks to everybody else like any model.
 * What a field means is what Triton does with it: <a
 * href="https://github.com/triton-inference-server/server/blob/main/docs/user_guide/ragged_batching.md">Ragged
 * Batching</a>, and, where that is silent, {@code backend_input_collector.cc} and {@code
 * backend_output_responder.cc} of its backend library. <b>Threads.</b> Any; all is immutable.
 * <b>May use:</b> {@code backend}, {@code model}.
 */
@NullMarked
package dev.skeg.runtime.ragged;

import org.jspecify.annotations.NullMarked;
