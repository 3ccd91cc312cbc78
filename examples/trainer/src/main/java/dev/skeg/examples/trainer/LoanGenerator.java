package dev.skeg.examples.trainer;

import java.util.SplittableRandom;

/**
 * Loan applicants with a known rule for who is approved.
 *
 * <p>The nine attributes, their distributions and the rule are those of R. Agrawal, T. Imielinski
 * and A. Swami, "Database Mining: A Performance Perspective", IEEE Transactions on Knowledge and
 * Data Engineering 5(6), 1993. The rule is their function 9, which weighs income against education
 * level and the loan asked for: an applicant is approved whose disposable income {@code 2/3 (salary
 * + commission) - 5000 elevel - loan / 5 - 10000} is positive. About half are. After labelling,
 * each numeric attribute but hyears is perturbed by up to {@value #PERTURBATION} of its range, as
 * the paper does, so no model can be perfect.
 *
 * <p><b>Threads.</b> One.
 */
final class LoanGenerator {
  /** Names of the attributes, in the order of {@link Applicant#features}. */
  static final String[] ATTRIBUTES = {
    "salary", "commission", "age", "elevel", "car", "zipcode", "hvalue", "hyears", "loan"
  };

  private static final double PERTURBATION = 0.05;

  private final SplittableRandom random;

  LoanGenerator(long seed) {
    this.random = new SplittableRandom(seed);
  }

  /**
   * Someone who asks for a loan.
   *
   * @param features in the order of {@link #ATTRIBUTES}
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared; a row of a large data set.
  record Applicant(float[] features, boolean approved) {}

  /** Returns the next applicant. */
  Applicant next() {
    double salary = random.nextDouble(20_000, 150_000);
    double commission = salary >= 75_000 ? 0 : random.nextDouble(10_000, 75_000);
    double age = random.nextInt(20, 81);
    int elevel = random.nextInt(5);
    int car = random.nextInt(1, 21);
    int zipcode = random.nextInt(9);
    double hvalue = (9 - zipcode) * 100_000 * random.nextDouble(0.5, 1.5);
    int hyears = random.nextInt(1, 31);
    double loan = random.nextDouble(0, 500_000);
    boolean approved = 2 * (salary + commission) / 3 - 5_000 * elevel - loan / 5 - 10_000 > 0;
    float[] features = {
      (float) perturbed(salary, 20_000, 150_000),
      (float) (commission == 0 ? 0 : perturbed(commission, 10_000, 75_000)),
      (float) Math.rint(perturbed(age, 20, 80)),
      elevel,
      car,
      zipcode,
      (float) perturbed(hvalue, 50_000, 1_350_000),
      hyears,
      (float) perturbed(loan, 0, 500_000)
    };
    return new Applicant(features, approved);
  }

  private double perturbed(double value, double low, double high) {
    double moved = value + random.nextDouble(-1, 1) * PERTURBATION * (high - low);
    return Math.clamp(moved, low, high);
  }
}
