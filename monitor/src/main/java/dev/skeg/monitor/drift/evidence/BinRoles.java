package dev.skeg.monitor.drift.evidence;

/**
 * What the bins of a feature mean for evidence: which have an order and scores in it, which are
 * looked at alone.
 *
 * <p>The score of a bin is the standard normal quantile of the middle of its mass's span in the
 * baseline (van der Waerden's), scaled to mean 0 and variance 1 there. So a mean shift of a normal
 * feature shows nearly as well as in its values, and no single value counts for more than 3.
 *
 * <p>Immutable.
 */
public final class BinRoles {
  /** Sizes of the exponential tilts of scores, each both ways. */
  private static final double[] TILTS = {.02, .05, .1, .2, .4};

  private final int size;
  private final boolean ordered;
  private final double[] scores;
  private final double[] squares;
  private final double[][] meanTilts;
  private final double[][] spreadTilts;
  private final int[][] specials;
  private final int[] singles;
  private final int[] body;

  /**
   * @param baseline counts by bin of the whole baseline, which the scores follow from
   * @param order bins from the least to the greatest value, those without a place in the order left
   *     out; empty for categories
   * @param specials groups of bins looked at alone whatever the feature (missing, unseen, both ends
   *     out of range)
   * @param singles other bins looked at alone: atoms, named categories
   * @param body bins that the mixture looks at all together, neighbours beside each other
   */
  public BinRoles(double[] baseline, int[] order, int[][] specials, int[] singles, int[] body) {
    this.size = baseline.length;
    this.ordered = order.length > 0;
    this.scores = new double[size];
    this.squares = new double[size];
    this.specials = copy(specials);
    this.singles = singles.clone();
    this.body = body.clone();
    if (ordered) {
      score(baseline, order);
    }
    this.meanTilts = tilts(scores);
    this.spreadTilts = tilts(squares);
  }

  private static int[][] copy(int[][] given) {
    int[][] copy = given.clone();
    for (int i = 0; i < copy.length; i++) {
      copy[i] = copy[i].clone();
    }
    return copy;
  }

  private void score(double[] baseline, int[] order) {
    double total = 0;
    for (int bin : order) {
      total += baseline[bin];
    }
    double below = 0;
    for (int bin : order) {
      // Half a row's mass at either end, so that a bin without any still has a finite score.
      double middle = (below + baseline[bin] / 2 + .5) / (total + 1);
      scores[bin] = NormalQuantile.of(middle);
      below += baseline[bin];
    }
    standardize(scores, baseline, order, total);
    for (int bin : order) {
      squares[bin] = scores[bin] * scores[bin];
    }
    standardize(squares, baseline, order, total);
  }

  private static void standardize(double[] values, double[] baseline, int[] order, double total) {
    double mean = 0;
    double square = 0;
    for (int bin : order) {
      mean += values[bin] * baseline[bin] / total;
      square += values[bin] * values[bin] * baseline[bin] / total;
    }
    double deviation = Math.sqrt(Math.max(0, square - mean * mean));
    for (int bin : order) {
      // A constant baseline has no deviation, and then the scores say nothing.
      values[bin] = deviation > 1e-9 ? (values[bin] - mean) / deviation : 0;
      values[bin] = Math.clamp(values[bin], -6, 6);
    }
  }

  private double[][] tilts(double[] values) {
    double[][] tilts = new double[2 * TILTS.length][size];
    for (int i = 0; i < tilts.length; i++) {
      for (int k = 0; k < size; k++) {
        tilts[i][k] = Math.exp(tilt(i) * values[k]);
      }
    }
    return tilts;
  }

  static int tiltCount() {
    return 2 * TILTS.length;
  }

  static double tilt(int index) {
    return index < TILTS.length ? TILTS[index] : -TILTS[index - TILTS.length];
  }

  /** Returns how many bins there are. */
  public int size() {
    return size;
  }

  /** Returns whether the bins have scores. */
  public boolean isOrdered() {
    return ordered;
  }

  /** Returns a bin's score, 0 for one without a place in the order. */
  public double score(int bin) {
    return scores[bin];
  }

  /** Returns the scaled square of a bin's score. */
  public double square(int bin) {
    return squares[bin];
  }

  double[] meanTilt(int index) {
    return meanTilts[index];
  }

  double[] spreadTilt(int index) {
    return spreadTilts[index];
  }

  int[][] specials() {
    return specials;
  }

  int[] singles() {
    return singles;
  }

  int[] body() {
    return body;
  }
}
