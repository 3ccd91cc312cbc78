package dev.skeg.runtime.model;

/**
 * One version of one model, as clients name it.
 *
 * @param model not empty
 * @param number 0 or more
 */
public record ModelVersion(String model, long number) {
  private static final String[] SMALL = new String[1024];

  static {
    for (int i = 0; i < SMALL.length; i++) {
      SMALL[i] = Integer.toString(i);
    }
  }

  /** Returns the version as the wire has it: a decimal string. */
  public String numberText() {
    return number >= 0 && number < SMALL.length ? SMALL[(int) number] : Long.toString(number);
  }

  @Override
  public String toString() {
    return model + "/" + number;
  }
}
