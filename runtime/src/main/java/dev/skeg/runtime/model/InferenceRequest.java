package dev.skeg.runtime.model;

import java.util.List;

/**
 * One request to run a model, decoded but not yet held against the model's signature.
 *
 * @param model the name that the client calls
 * @param version as the client wrote it; empty for the newest one that is ready
 * @param id echoed in the response; empty if the client gave none
 * @param inputs in the request's order
 * @param outputs names of the outputs wanted; empty for all
 * @param terms when to be answered
 * @param marks what the client says of it for later
 * @param receivedNanos when its last byte had been read, as of {@link System#nanoTime()}
 */
public record InferenceRequest(
    String model,
    String version,
    String id,
    List<Tensor> inputs,
    List<String> outputs,
    RequestTerms terms,
    RequestMarks marks,
    long receivedNanos) {
  public InferenceRequest {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }

  /** A request of which its client says nothing for later. */
  public InferenceRequest(
      String model,
      String version,
      String id,
      List<Tensor> inputs,
      List<String> outputs,
      RequestTerms terms,
      long receivedNanos) {
    this(model, version, id, inputs, outputs, terms, RequestMarks.NONE, receivedNanos);
  }

  /**
   * Returns this request with another limit on its time.
   *
   * @param timeoutNanos from received; 0 for none
   */
  public InferenceRequest withTimeout(long timeoutNanos) {
    RequestTerms limited =
        new RequestTerms(timeoutNanos, terms.queueTimeoutNanos(), terms.priority());
    return new InferenceRequest(model, version, id, inputs, outputs, limited, marks, receivedNanos);
  }
}
