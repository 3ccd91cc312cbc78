package dev.skeg.runtime.telemetry;

import java.util.Locale;

/** A stretch of a request's way whose time is kept in a histogram. */
public enum Stage {
  /** From the last byte read to the start of its batch. */
  QUEUE(0),
  /** Preparing the input tensors. */
  INPUT(1),
  /** Inside the backend. */
  INFER(2),
  /** Preparing the output tensors. */
  OUTPUT(3),
  /** From the last byte read to the answer. */
  TOTAL(4);

  private final int position;

  Stage(int position) {
    this.position = position;
  }

  /** Returns which of the stages this is, from 0 on. */
  int position() {
    return position;
  }

  /** Returns the value of the {@code stage} label. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
