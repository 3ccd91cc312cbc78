package dev.skeg.runtime.grpc;

import dev.skeg.runtime.model.InferenceRequest;
import io.grpc.Status;

/** What a message to {@code ModelInfer} turned out to be. */
sealed interface InferCall {
  /** A request to pass on, whose tensors point into the message. */
  record Valid(InferenceRequest request) implements InferCall {}

  /** Refused, for the reason given. */
  record Invalid(Status status) implements InferCall {}
}
