package dev.skeg.monitor.drift.evidence;

/**
 * The e-value of a span: a bet against its reference whose expectation is at most 1 while nothing
 * has changed, and which grows exponentially with rows while something has.
 *
 * <p>It is an average, of equal weights, of bets on different changes; an average of e-values is
 * one:
 *
 * <ul>
 *   <li>the multinomial mixture over all bins of the body together, {@code Γ(s)/Γ(s+n) Π Γ(s p_k +
 *       c_k)/Γ(s p_k) / Π p_k^c_k}, over {@code s} of 30 to 3,000: any change;
 *   <li>exponential tilts of the bins' scores, {@code exp(θ Σ c_k z_k - n ln Σ p_k e^(θ z_k))},
 *       over {@code θ} of ±.02 to ±.4: a mean that moved;
 *   <li>the same of the scores' squares: a spread that changed;
 *   <li>of single bins the count alone, given how many rows are in it on both sides together: by
 *       the null hypothesis binomial, by the bet beta-binomial. This form needs no known share, so
 *       it holds where the reference has no such row.
 * </ul>
 *
 * <p>The first three take the reference's shares {@code p} as known. That they are estimated from
 * {@code m} rows makes the difference of shares vary by {@code 1/n + 1/m} in place of {@code 1/n};
 * dividing counts by {@code 1 + n/m} makes up for it, and all evidence together stays within what
 * {@code m} rows bear. Counts are further divided by the design effect.
 *
 * <p><b>Threads.</b> None: instances are immutable but for scratch space, so one thread each.
 */
public final class EValue {
  private static final double[] CONCENTRATIONS = {30, 100, 300, 1000, 3000};
  private static final double[] RARE_CONCENTRATIONS = {1, 10, 100, 1000};

  /** Heavy values of a window that are bet on at most: each holds more than .5 % of it. */
  static final int MAX_HEAVY = 200;

  /**
   * Rows of the reference, and tempered rows expected of the span, that a bin of the mixture needs.
   */
  private static final double MIN_REFERENCE_COUNT = 10;

  private static final double MIN_EXPECTED_COUNT = 5;

  private final BinRoles roles;
  private final double[] groupShares;
  private final double[] groupCounts;
  private final double[] rareNorms = new double[RARE_CONCENTRATIONS.length];

  public EValue(BinRoles roles) {
    this.roles = roles;
    this.groupShares = new double[roles.body().length];
    this.groupCounts = new double[roles.body().length];
  }

  /**
   * A value of a window that has no bin of its own and yet holds more than .5 % of it.
   *
   * @param count rows of the window with this value
   * @param share of the reference's rows with this value, at most
   */
  public record Heavy(double count, double share) {}

  /**
   * What a span's bets came to, natural logarithms.
   *
   * @param all the average of the rest
   * @param mixture of the body's bins
   * @param mean of the scores' tilts, 0 without scores
   * @param spread of the squares' tilts, 0 without scores
   * @param rare of the bins looked at alone
   */
  public record Parts(double all, double mixture, double mean, double spread, double rare) {}

  /** Returns what a span's bets come to. */
  public Parts of(Span span, Heavy... heavy) {
    if (span.rows() <= 0) {
      return new Parts(0, 0, 0, 0, 0);
    }
    DesignEffects effects = span.effects();
    double baseTemper = 1 / (1 + span.rows() / span.referenceRows());
    double mixture = mixture(span, baseTemper / effects.pooled());
    double rare = rare(span, effects.rare(), heavy);
    if (!roles.isOrdered()) {
      double all = LogGamma.sum(mixture, rare) - Math.log(2);
      return new Parts(all, mixture, 0, 0, rare);
    }
    double mean = tilts(span, baseTemper / effects.mean(), false);
    double spread = tilts(span, baseTemper / effects.spread(), true);
    double all =
        LogGamma.sum(LogGamma.sum(mixture, rare), LogGamma.sum(mean, spread)) - Math.log(4);
    return new Parts(all, mixture, mean, spread, rare);
  }

  private double mixture(Span span, double temper) {
    int groups = group(span, temper);
    if (groups < 2) {
      return 0;
    }
    double total = 0;
    double share = 0;
    for (int g = 0; g < groups; g++) {
      total += groupCounts[g];
      share += groupShares[g];
    }
    double logNull = 0;
    for (int g = 0; g < groups; g++) {
      groupShares[g] /= share;
      logNull += groupCounts[g] * Math.log(groupShares[g]);
    }
    double sum = Double.NEGATIVE_INFINITY;
    for (double s : CONCENTRATIONS) {
      double log = LogGamma.of(s) - LogGamma.of(s + total) - logNull;
      for (int g = 0; g < groups; g++) {
        double prior = s * groupShares[g];
        log += LogGamma.of(prior + groupCounts[g]) - LogGamma.of(prior);
      }
      sum = LogGamma.sum(sum, log);
    }
    return sum - Math.log(CONCENTRATIONS.length);
  }

  // Neighbours are pooled until the reference has enough rows to be taken as known, and the span
  // enough for the bin to be worth its place. Neither depends on what was counted in the span.
  private int group(Span span, double temper) {
    double referenceScale = span.referenceRows() / span.rows();
    int groups = 0;
    double expected = 0;
    double count = 0;
    for (int bin : roles.body()) {
      expected += span.expected(bin);
      count += span.count(bin);
      if (expected * referenceScale >= MIN_REFERENCE_COUNT
          && expected * temper >= MIN_EXPECTED_COUNT) {
        groupShares[groups] = expected;
        groupCounts[groups++] = count * temper;
        expected = 0;
        count = 0;
      }
    }
    if (groups > 0) {
      groupShares[groups - 1] += expected;
      groupCounts[groups - 1] += count * temper;
    }
    return groups;
  }

  private double tilts(Span span, double temper, boolean squares) {
    double total = 0;
    for (int k = 0; k < span.size(); k++) {
      total += span.count(k) * (squares ? roles.square(k) : roles.score(k));
    }
    double sum = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < BinRoles.tiltCount(); i++) {
      double[] tilt = squares ? roles.spreadTilt(i) : roles.meanTilt(i);
      double moment = 0;
      for (int k = 0; k < tilt.length; k++) {
        moment += span.expected(k) * tilt[k];
      }
      double log = BinRoles.tilt(i) * total - span.rows() * Math.log(moment / span.rows());
      sum = LogGamma.sum(sum, log * temper);
    }
    return sum - Math.log(BinRoles.tiltCount());
  }

  private double rare(Span span, double effect, Heavy[] heavy) {
    double rows = span.rows() / effect;
    double referenceRows = span.referenceRows() / effect;
    double share = rows / (rows + referenceRows); // Of the rows of both sides together.
    for (int i = 0; i < rareNorms.length; i++) {
      double s = RARE_CONCENTRATIONS[i];
      rareNorms[i] = LogGamma.beta(s * share, s * (1 - share));
    }
    double specials = Double.NEGATIVE_INFINITY;
    for (int[] group : roles.specials()) {
      double count = 0;
      double expected = 0;
      for (int bin : group) {
        count += span.count(bin);
        expected += span.expectedShare(bin);
      }
      specials =
          LogGamma.sum(
              specials, rareBin(count / effect, expected * referenceRows, rows, referenceRows));
    }
    specials -= Math.log(roles.specials().length);
    double singles = Double.NEGATIVE_INFINITY;
    for (int bin : roles.singles()) {
      double log =
          rareBin(
              span.count(bin) / effect,
              span.expectedShare(bin) * referenceRows,
              rows,
              referenceRows);
      singles = LogGamma.sum(singles, log);
    }
    singles -= Math.log(Math.max(1, roles.singles().length));
    // What holds .5 % of a window can be no more than 200 values; those that are none bet nothing.
    int bets = Math.min(heavy.length, MAX_HEAVY);
    double heavies = bets < MAX_HEAVY ? Math.log(MAX_HEAVY - bets) : Double.NEGATIVE_INFINITY;
    for (int i = 0; i < bets; i++) {
      double log =
          heavy[i].count() <= heavy[i].share() * span.rows()
              ? 0
              : rareBin(
                  heavy[i].count() / effect, heavy[i].share() * referenceRows, rows, referenceRows);
      heavies = LogGamma.sum(heavies, log);
    }
    heavies -= Math.log(MAX_HEAVY);
    return roles.singles().length == 0
        ? LogGamma.sum(specials, heavies) - Math.log(2)
        : LogGamma.sum(LogGamma.sum(specials, singles), heavies) - Math.log(3);
  }

  private double rareBin(double count, double reference, double rows, double referenceRows) {
    double a = count;
    double b = reference;
    if (a + b > (rows + referenceRows) / 2) { // Then what is rare is not to be in the bin.
      a = Math.max(0, rows - count);
      b = Math.max(0, referenceRows - reference);
    }
    if (a + b <= 0) {
      return 0;
    }
    double share = rows / (rows + referenceRows);
    double logNull = a * Math.log(share) + b * Math.log1p(-share);
    double sum = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < rareNorms.length; i++) {
      double s = RARE_CONCENTRATIONS[i];
      double log = LogGamma.beta(a + s * share, b + s * (1 - share)) - rareNorms[i] - logNull;
      sum = LogGamma.sum(sum, log);
    }
    return sum - Math.log(rareNorms.length);
  }
}
