package dev.skeg.monitor.profile;

import dev.skeg.monitor.record.FeatureSpec;
import dev.skeg.monitor.record.RecordLayout;
import dev.skeg.monitor.record.RecordLayout.Encoding;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does a value cost that is drained into a profile: 64 quantile edges, moments, heavy values,
 * reservoir, distinct values of one row in 64? Rows of 20 features, float32 or categories; the
 * figure is per value.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class ProfileBuilderBenchmark {
  private static final int FEATURES = 20;
  private static final int BATCHES = 64;
  private static final int ROWS = BATCHES * ProfileBuilder.MAX_BATCH;

  /**
   * What the values are: all different; whole numbers, the frequent ones atoms; always the same;
   * categories.
   */
  @Param({"continuous", "counts", "constant", "categories"})
  String kind = "";

  private ProfileBuilder builder;
  private long[] words;
  private int[][] offsets;

  /** Makes rows, and a builder that has seen them. */
  @Setup(Level.Iteration)
  public void prepare() {
    SplittableRandom random = new SplittableRandom(1);
    boolean isNumeric = !kind.equals("categories");
    List<FeatureSpec> features = new ArrayList<>();
    List<Bins> bins = new ArrayList<>();
    double[] sorted = new double[65 * 100];
    for (int f = 0; f < FEATURES; f++) {
      features.add(
          new FeatureSpec(
              "f" + f,
              FeatureSpec.Role.INPUT,
              isNumeric ? FeatureSpec.Kind.NUMERIC : FeatureSpec.Kind.CATEGORICAL));
      Arrays.setAll(sorted, i -> value(random));
      Arrays.sort(sorted);
      bins.add(bins(sorted));
    }
    RecordLayout layout =
        new RecordLayout(
            features,
            features.stream().map(f -> isNumeric ? Encoding.FLOAT : Encoding.LONG).toList());
    builder = new ProfileBuilder(layout, bins);
    words = new long[ROWS * layout.words()];
    offsets = new int[BATCHES][ProfileBuilder.MAX_BATCH];
    for (int row = 0; row < ROWS; row++) {
      int offset = row * layout.words();
      offsets[row / ProfileBuilder.MAX_BATCH][row % ProfileBuilder.MAX_BATCH] = offset;
      words[offset + RecordLayout.ID] = random.nextLong();
      for (int f = 0; f < FEATURES; f++) {
        double value = value(random);
        Encoding encoding = layout.encodings().get(f);
        long bits = isNumeric ? Float.floatToRawIntBits((float) value) : (long) value;
        int place = RecordLayout.place(layout.encodings(), f);
        RecordLayout.put(encoding, bits, words, offset + RecordLayout.HEADER, place);
      }
    }
    drain();
  }

  private double value(SplittableRandom random) {
    return switch (kind) {
      case "continuous" -> random.nextGaussian();
      case "constant" -> .3f;
      default -> Math.floor(20 * random.nextExponential());
    };
  }

  private Bins bins(double[] sorted) {
    return switch (kind) {
      case "continuous", "constant" -> new NumericBins(new double[0], edges(sorted));
      case "counts" -> {
        double[] atoms = new double[60];
        Arrays.setAll(atoms, i -> i);
        yield new NumericBins(atoms, edges(sorted));
      }
      default -> {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
          names.add(Integer.toString(i));
        }
        yield new CategoryBins(names, CategoryTail.EMPTY);
      }
    };
  }

  private static double[] edges(double[] sorted) {
    double[] edges = new double[65];
    Arrays.setAll(edges, i -> sorted[Math.min(sorted.length - 1, i * 100)]);
    return Arrays.stream(edges).distinct().toArray();
  }

  @Benchmark
  @OperationsPerInvocation(ROWS * FEATURES)
  public long drain() {
    for (int[] batch : offsets) {
      builder.add(words, batch, batch.length);
    }
    return builder.rows();
  }
}
