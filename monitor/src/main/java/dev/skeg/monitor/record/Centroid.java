package dev.skeg.monitor.record;

import dev.skeg.monitor.record.FeatureSpec.Role;
import java.util.Arrays;

/**
 * The mean of a tensor's rows: the point about which a model's embeddings lie.
 *
 * <p>How far a row is from it is the cosine distance, 1 − x·c / (‖x‖ ‖c‖): 0 for the same
 * direction, 1 for a right angle, 2 for the opposite. Direction is what an embedding says; its
 * length is a feature of its own, and would be most of a Euclidean distance.
 *
 * <p>Immutable.
 */
public final class Centroid {
  /** Numbers of a row at least: fewer are features by themselves. */
  public static final int MIN_LENGTH = 8;

  /** Numbers of a row at most. */
  public static final int MAX_LENGTH = VectorSummary.MOST_LOOKED_AT;

  private final Role role;
  private final String tensor;
  private final float[] mean;
  private final double[] direction; // The mean, scaled to the length 1.

  /**
   * @param tensor its name
   * @param mean {@value #MIN_LENGTH} to 4,096 finite numbers that are not all 0
   */
  public Centroid(Role role, String tensor, float[] mean) {
    if (mean.length < MIN_LENGTH || mean.length > MAX_LENGTH) {
      throw new IllegalArgumentException(
          "mean: " + mean.length + " numbers (expected: " + MIN_LENGTH + " to " + MAX_LENGTH + ")");
    }
    double squares = 0;
    for (float value : mean) {
      squares += (double) value * value;
    }
    if (!(squares > 0 && squares < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("mean: a length of " + squares + " (expected: above 0)");
    }
    this.role = role;
    this.tensor = tensor;
    this.mean = mean.clone();
    this.direction = new double[mean.length];
    double length = Math.sqrt(squares);
    Arrays.setAll(direction, i -> mean[i] / length);
  }

  /** Returns which side of the model the tensor stands on. */
  public Role role() {
    return role;
  }

  /** Returns the tensor's name. */
  public String tensor() {
    return tensor;
  }

  /** Returns how many numbers a row has. */
  public int length() {
    return mean.length;
  }

  /** Returns the mean of the rows; a copy. */
  public float[] mean() {
    return mean.clone();
  }

  /**
   * Returns the cosine distance of a row, 0 to 2; NaN of a row without a direction, or with a
   * number that is not finite.
   *
   * @param row {@link #length()} numbers, and maybe others behind them
   * @param norm the Euclidean length of the row
   */
  double distance(double[] row, double norm) {
    double dot = 0;
    for (int i = 0; i < direction.length; i++) {
      dot += row[i] * direction[i];
    }
    return Math.clamp(1 - dot / norm, 0.0, 2.0);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Centroid that
        && role == that.role
        && tensor.equals(that.tensor)
        && Arrays.equals(mean, that.mean);
  }

  @Override
  public int hashCode() {
    return tensor.hashCode() * 31 + Arrays.hashCode(mean);
  }

  @Override
  public String toString() {
    return tensor + ": " + mean.length + " numbers";
  }
}
