package dev.skeg.runtime.telemetry;

import java.util.Locale;

/** A stretch of a request's way whose time is kept in a histogram. */
public enum Stage {
  /** From the last byte read to the start of its batch. */
  QUEUE,
  /** Preparing the input tensors. */
  INPUT,
  /** Inside the backend. */
  INFER,
  /** Preparing the output tensors. */
  OUTPUT,
  /** From the last byte read to the answer. */
  TOTAL;

  /** Returns the value of the {@code stage} label. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
