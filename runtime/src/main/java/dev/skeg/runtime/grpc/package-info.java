/**
 * The Open Inference Protocol over gRPC: from HTTP/2 messages to requests and back.
 *
 * <p>Start at {@link dev.skeg.runtime.grpc.GrpcServer}, which puts the services together. {@code
 * ModelInfer}, the hot path, goes around the generated classes: {@code InferRequestDecoder} walks
 * over the message where the network left it, {@code ModelInferHandler} hands the request over, and
 * {@code InferReply} writes the answer's bytes from the memory that the model wrote them to. All
 * other calls are rare and use the generated classes.
 *
 * <p><b>Threads.</b> Everything runs on the event loops {@code grpc-*}, which never block; an
 * answer is written by whichever thread completes the request. <b>May use:</b> {@code endpoint},
 * {@code model}.
 */
@NullMarked
package dev.skeg.runtime.grpc;

import org.jspecify.annotations.NullMarked;
