/**
 * The Open Inference Protocol over gRPC: from HTTP/2 messages to requests and back.
 *
 * <p>Start at {@link dev.skeg.runtime.grpc.GrpcServer}, which puts the services together. {@code
 * ModelInfer}, the hot path, goes around gRPC-Java and the generated classes: {@code
 * InferConnection} takes its streams out of the connection, {@code InferStream} is one call, {@code
 * InferRequestDecoder} walks over the message where the network left it, and {@code InferFrames}
 * are the answer's bytes. All other calls are rare and use gRPC-Java and the generated classes, as
 * does the connection itself.
 *
 * <p><b>Threads.</b> Everything runs on the event loops {@code grpc-*}, which never block; an
 * answer of another thread comes back to its connection's loop. <b>May use:</b> {@code endpoint},
 * {@code model}.
 */
@NullMarked
package dev.skeg.runtime.grpc;

import org.jspecify.annotations.NullMarked;
