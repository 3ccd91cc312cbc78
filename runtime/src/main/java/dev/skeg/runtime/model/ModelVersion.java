package dev.skeg.runtime.model;

/**
 * One version of one model, as clients name it.
 *
 * @param model not empty
 * @param number 0 or more
 */
public record ModelVersion(String model, long number) {
  /** Returns the version as the wire has it: a decimal string. */
  public String numberText() {
    return Long.toString(number);
  }

  @Override
  public String toString() {
    return model + "/" + number;
  }
}
