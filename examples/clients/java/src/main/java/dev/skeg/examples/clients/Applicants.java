package dev.skeg.examples.clients;

import java.util.Locale;

/** The two applicants that every example asks about. */
final class Applicants {
  /** salary, commission, age, elevel, car, zipcode, hvalue, hyears, loan; a row each. */
  static final float[][] FEATURES = {
    {90000, 0, 40, 2, 5, 3, 400000, 10, 180000},
    {90000, 0, 40, 2, 5, 3, 400000, 10, 220000}
  };

  private Applicants() {}

  /** Returns the answer as every example prints it. */
  static String line(int row, float score) {
    return String.format(
        Locale.ROOT, "applicant %d: approved with probability %.4f", row + 1, score);
  }
}
