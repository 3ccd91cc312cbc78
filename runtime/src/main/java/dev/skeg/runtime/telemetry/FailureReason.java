package dev.skeg.runtime.telemetry;

/** Why a request failed; the names are the values of Triton's {@code reason} label. */
public enum FailureReason {
  /** Refused before it ran: queue full, not ready. */
  REJECTED,
  /** The client went away. */
  CANCELED,
  /** The engine failed. */
  BACKEND,
  /** Everything else: above all requests that do not fit the model. */
  OTHER
}
