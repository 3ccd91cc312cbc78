package dev.skeg.monitor.baseline;

import dev.skeg.monitor.data.RowBatch;
import dev.skeg.monitor.data.SplitMix;
import dev.skeg.monitor.profile.DistinctEstimate;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.HeavyValues;
import dev.skeg.monitor.profile.Moments;
import dev.skeg.monitor.profile.NumericBins;
import dev.skeg.monitor.profile.Reservoir;
import dev.skeg.monitor.record.FeatureSpec;
import java.util.Arrays;

/** Counts a column of numbers. */
final class NumericTally extends Tally {
  private final FeatureSpec spec;
  private final NumericBins open;
  private final double center;
  private final MomentSums all;
  private final MomentSums[] byHour;

  NumericTally(FeatureSpec spec, int column, BinPlan plan, boolean hasHours, int blocks) {
    super(column, plan.open().size(), hasHours, blocks);
    this.spec = spec;
    this.open = plan.open();
    this.center = plan.center();
    this.all = new MomentSums(center);
    this.byHour = new MomentSums[hasHours ? Seasons.HOURS : 0];
    Arrays.setAll(byHour, hour -> new MomentSums(center));
  }

  @Override
  void bins(RowBatch batch, short[] bins) {
    double[] numbers = batch.numbers(column);
    int rows = batch.rows();
    for (int row = 0; row < rows; row++) {
      bins[row] = (short) open.binOf(numbers[row]);
    }
  }

  @Override
  void addMoments(RowBatch batch, Scratch scratch) {
    double[] numbers = batch.numbers(column);
    int rows = batch.rows();
    double deviations = 0;
    double squares = 0;
    double min = Double.POSITIVE_INFINITY;
    double max = Double.NEGATIVE_INFINITY;
    int count = 0;
    for (int row = 0; row < rows; row++) {
      double number = numbers[row];
      if (Math.abs(number) <= Double.MAX_VALUE) {
        double deviation = number - center;
        deviations += deviation;
        squares += deviation * deviation;
        count++;
        if (number < min) {
          min = number;
        }
        if (number > max) {
          max = number;
        }
      }
    }
    all.add(count, deviations, squares, min, max);
    if (byHour.length > 0) {
      addByHour(numbers, rows, scratch);
    }
  }

  /** Sums the batch first, so that the order in which batches come makes no difference. */
  private void addByHour(double[] numbers, int rows, Scratch scratch) {
    Arrays.fill(scratch.hourCounts, 0);
    Arrays.fill(scratch.hourDeviations, 0);
    Arrays.fill(scratch.hourSquares, 0);
    Arrays.fill(scratch.hourMin, Double.POSITIVE_INFINITY);
    Arrays.fill(scratch.hourMax, Double.NEGATIVE_INFINITY);
    for (int row = 0; row < rows; row++) {
      int hour = scratch.hours[row];
      double number = numbers[row];
      if (hour >= 0 && Math.abs(number) <= Double.MAX_VALUE) {
        double deviation = number - center;
        scratch.hourCounts[hour]++;
        scratch.hourDeviations[hour] += deviation;
        scratch.hourSquares[hour] += deviation * deviation;
        scratch.hourMin[hour] = Math.min(scratch.hourMin[hour], number);
        scratch.hourMax[hour] = Math.max(scratch.hourMax[hour], number);
      }
    }
    for (int hour = 0; hour < Seasons.HOURS; hour++) {
      if (scratch.hourCounts[hour] > 0) {
        byHour[hour].add(
            scratch.hourCounts[hour],
            scratch.hourDeviations[hour],
            scratch.hourSquares[hour],
            scratch.hourMin[hour],
            scratch.hourMax[hour]);
      }
    }
  }

  @Override
  FeatureBaseline finish(SampledRows sample, Reservoir reservoir, Blocks blocks) {
    long inIntervals = 0;
    for (int bin = open.firstInterval(); bin < binCount; bin++) {
      inIntervals += counts[bin];
    }
    NumericBins bins = BinPlan.close(open, all.min(), all.max(), inIntervals);
    FeatureProfile whole =
        new FeatureProfile(
            spec,
            bins,
            Arrays.copyOf(counts, bins.size()),
            all.moments(),
            distinct(sample.column(column)),
            HeavyValues.NONE,
            reservoir);
    Moments[] moments = new Moments[byHour.length];
    Arrays.setAll(moments, hour -> byHour[hour].moments());
    Seasons seasons = new Seasons(hours(bins.size()), moments);
    return new FeatureBaseline(
        whole, seasons, BlockComparison.of(whole, seasons, blocks, this, bins.size()));
  }

  private static DistinctEstimate distinct(long[] bits) {
    long[] hashes =
        Arrays.stream(bits)
            .filter(one -> !Double.isNaN(Double.longBitsToDouble(one)))
            .map(SplitMix::hash)
            .toArray();
    return DistinctEstimate.of(hashes);
  }
}
