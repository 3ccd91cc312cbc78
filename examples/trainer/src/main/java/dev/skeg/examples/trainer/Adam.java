package dev.skeg.examples.trainer;

/**
 * One array of parameters and the Adam optimizer's two moments of its gradient.
 *
 * <p>Source: D. P. Kingma and J. Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015,
 * algorithm 1, with its default decay rates. <b>Threads.</b> One.
 */
final class Adam {
  private static final double BETA_1 = 0.9;
  private static final double BETA_2 = 0.999;
  private static final double EPSILON = 1e-8;

  final float[] values;
  final float[] gradient;
  private final float[] first;
  private final float[] second;
  private double decay1 = 1;
  private double decay2 = 1;

  Adam(int size) {
    this.values = new float[size];
    this.gradient = new float[size];
    this.first = new float[size];
    this.second = new float[size];
  }

  /** Moves the values against the gradient summed over a batch, and clears the gradient. */
  void step(double rate, int batchSize) {
    decay1 *= BETA_1;
    decay2 *= BETA_2;
    double scale = rate * Math.sqrt(1 - decay2) / (1 - decay1);
    for (int i = 0; i < values.length; i++) {
      float slope = gradient[i] / batchSize;
      first[i] += (float) ((1 - BETA_1) * (slope - first[i]));
      second[i] += (float) ((1 - BETA_2) * (slope * slope - second[i]));
      values[i] -= (float) (scale * first[i] / (Math.sqrt(second[i]) + EPSILON));
      gradient[i] = 0;
    }
  }
}
