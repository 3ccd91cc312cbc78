package dev.skeg.monitor.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.skeg.monitor.record.CategoryHash;
import dev.skeg.monitor.record.FeatureSpec;
import dev.skeg.monitor.record.FeatureSpec.Kind;
import dev.skeg.monitor.record.FeatureSpec.Role;
import dev.skeg.monitor.record.RecordLayout;
import dev.skeg.monitor.record.RecordLayout.Encoding;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class ProfileBuilderTest {
  private static final ProfileKey KEY = ProfileKey.of("m", 3);
  private static final Window WINDOW = new Window(0, 3_600_000);
  private static final List<Bins> BINS =
      List.of(
          new NumericBins(new double[] {7}, new double[] {-2, -1, -0.5, 0, 0.5, 1, 2}),
          new CategoryBins(List.of("a", "b"), CategoryTail.of(new long[] {CategoryHash.of("c")})));

  @Test
  void countsEveryValueOnce() {
    Profile profile = profile(random(1, 5_000), 512);

    for (FeatureProfile feature : profile.features()) {
      assertThat(Arrays.stream(feature.counts()).sum()).isEqualTo(5_000);
      assertThat(feature.rows()).isEqualTo(5_000);
    }
  }

  @Test
  void countsWhatBinOfSays() {
    List<double[]> rows = random(2, 3_000);
    Profile profile = profile(rows, 100);

    NumericBins bins = (NumericBins) BINS.get(0);
    long[] expected = new long[bins.size()];
    rows.forEach(row -> expected[bins.binOf(row[0])]++);
    assertThat(profile.features().get(0).counts()).isEqualTo(expected);
    Moments plain = Moments.of(rows.stream().mapToDouble(row -> row[0]).toArray());
    Moments moments = profile.features().get(0).moments();
    assertThat(moments.count()).isEqualTo(plain.count());
    assertThat(moments.mean()).isCloseTo(plain.mean(), within(1e-12));
    assertThat(moments.m2()).isCloseTo(plain.m2(), within(1e-9 * plain.m2()));
    assertThat(moments.min()).isEqualTo(plain.min());
    assertThat(moments.max()).isEqualTo(plain.max());
  }

  /** Three outputs, one of each encoding, which every third request asks for. */
  @Test
  void countsAnOutputOnlyOfTheRowsThatAskedForIt() {
    List<Encoding> encodings =
        List.of(Encoding.DOUBLE, Encoding.DOUBLE, Encoding.LONG, Encoding.CATEGORY);
    RecordLayout layout =
        new RecordLayout(
            List.of(
                new FeatureSpec("amount", Role.INPUT, Kind.NUMERIC),
                new FeatureSpec("score", Role.OUTPUT, Kind.NUMERIC),
                new FeatureSpec("label", Role.OUTPUT, Kind.CATEGORICAL),
                new FeatureSpec("text", Role.OUTPUT, Kind.CATEGORICAL)),
            encodings);
    ProfileBuilder builder =
        new ProfileBuilder(
            layout,
            List.of(
                BINS.get(0),
                BINS.get(0),
                new CategoryBins(List.of("1"), CategoryTail.EMPTY),
                BINS.get(1)));
    long[] words = new long[layout.words()];
    int rows = 9_000;
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < rows; i++) {
        boolean asks = i % 3 == 0;
        words[RecordLayout.ID] = i;
        words[RecordLayout.GROUP] = asks ? 0 : RecordLayout.SOME_UNOBSERVED;
        long[] values = {
          Double.doubleToRawLongBits(i % 9 == 0 ? Double.NaN : .1),
          Double.doubleToRawLongBits(i % 9 == 0 ? Double.NaN : .25),
          1,
          CategoryHash.of("a")
        };
        for (int f = 0; f < values.length; f++) {
          words[RecordLayout.HEADER + f] =
              f == 0 || asks ? values[f] : encodings.get(f).unobserved();
        }
        builder.add(words, new int[] {0}, 1);
      }
      Profile profile = builder.build(KEY, WINDOW, RowCounts.of(rows));
      builder.clear();

      assertThat(profile.rows()).isEqualTo(rows);
      List<FeatureProfile> features = profile.features();
      assertThat(features)
          .extracting(FeatureProfile::rows)
          .containsExactly(9_000L, 3_000L, 3_000L, 3_000L);
      assertThat(features)
          .extracting(feature -> feature.count(Bins.MISSING))
          .containsExactly(1_000L, 1_000L, 0L, 0L);
      assertThat(features.get(2).count(CategoryBins.FIRST_NAMED)).isEqualTo(3_000);
      assertThat(features.get(3).count(CategoryBins.UNSEEN)).isZero();
      for (FeatureProfile output : profile.outputs()) {
        assertThat(output.reservoir().rows()).isEqualTo(3_000);
        assertThat(output.reservoir().size()).isBetween(200, 500);
        assertThat(output.distinct().values()).isBetween(10L, 100L);
      }
      HeavyValue heavy = features.get(1).heavy().values().getFirst();
      assertThat(heavy.atLeast()).isEqualTo(2_000);
      assertThat(profile.merge(profile).features().get(1).rows()).isEqualTo(6_000);
    }
  }

  /** Numbers and categories in both halves of words, some of them missing. */
  @Test
  void countsFloatsLikeTheDoublesThatTheyAre() {
    List<FeatureSpec> features = new ArrayList<>();
    List<Bins> bins = new ArrayList<>();
    for (int f = 0; f < 8; f++) {
      boolean isNumeric = f % 3 != 1;
      features.add(
          new FeatureSpec("f" + f, Role.INPUT, isNumeric ? Kind.NUMERIC : Kind.CATEGORICAL));
      bins.add(
          isNumeric ? BINS.get(0) : new CategoryBins(List.of("0", "1", "2"), CategoryTail.EMPTY));
    }
    List<Encoding> floats = new ArrayList<>(Collections.nCopies(8, Encoding.FLOAT));
    floats.set(3, Encoding.LONG);
    List<Encoding> doubles = new ArrayList<>(Collections.nCopies(8, Encoding.DOUBLE));
    doubles.set(3, Encoding.LONG);

    Profile expected = profile(new RecordLayout(features, doubles), bins);
    Profile profile = profile(new RecordLayout(features, floats), bins);

    assertThat(profile).isEqualTo(expected);
    assertThat(profile.features().get(1).count(CategoryBins.FIRST_NAMED)).isPositive();
    assertThat(profile.features().get(6).moments().count()).isEqualTo(2_700);
  }

  private static Profile profile(RecordLayout layout, List<Bins> bins) {
    ProfileBuilder builder = new ProfileBuilder(layout, bins);
    SplittableRandom random = new SplittableRandom(5);
    int batch = 300;
    long[] words = new long[batch * layout.words()];
    int[] offsets = new int[batch];
    for (int round = 0; round < 10; round++) {
      for (int i = 0; i < batch; i++) {
        offsets[i] = i * layout.words();
        words[offsets[i] + RecordLayout.ID] = random.nextLong();
        for (int f = 0; f < layout.size(); f++) {
          Encoding encoding = layout.encodings().get(f);
          float value = random.nextInt(5) * (f % 3 == 1 ? 1 : .3f);
          if (i % 10 == f % 10) {
            value = Float.NaN;
          }
          long bits =
              switch (encoding) {
                case FLOAT -> Float.floatToRawIntBits(value);
                case DOUBLE -> Double.doubleToRawLongBits(value);
                default -> (long) value;
              };
          int place = RecordLayout.place(layout.encodings(), f);
          RecordLayout.put(encoding, bits, words, offsets[i] + RecordLayout.HEADER, place);
        }
      }
      builder.add(words, offsets, batch);
    }
    return builder.build(KEY, WINDOW, RowCounts.of(10L * batch));
  }

  @Test
  void keepsFiniteMomentsOfNumbersAtTheEndOfAllDoubles() {
    List<double[]> rows = new ArrayList<>();
    for (int i = 0; i < 700; i++) {
      rows.add(new double[] {i % 3 == 0 ? -Double.MAX_VALUE : Double.MAX_VALUE, 0});
    }

    Moments moments = profile(rows, 512).features().get(0).moments();

    assertThat(moments.count()).isEqualTo(700);
    assertThat(moments.mean()).isFinite();
    assertThat(moments.m2()).isEqualTo(Double.MAX_VALUE);
    assertThat(moments.merge(moments).mean()).isFinite();
    assertThat(Moments.of(Double.MAX_VALUE, -Double.MAX_VALUE).m2()).isEqualTo(Double.MAX_VALUE);
  }

  @Test
  void readsTheLeastWholeNumberAsMissing() {
    RecordLayout layout =
        new RecordLayout(
            List.of(
                new FeatureSpec("n", Role.INPUT, Kind.NUMERIC),
                new FeatureSpec("label", Role.OUTPUT, Kind.CATEGORICAL)),
            List.of(Encoding.LONG, Encoding.LONG));
    ProfileBuilder builder =
        new ProfileBuilder(
            layout, List.of(BINS.get(0), new CategoryBins(List.of("0", "1"), CategoryTail.EMPTY)));
    long missing = RecordLayout.MISSING_LONG;

    builder.add(new long[] {1, 2, 0, missing, missing, 3, 4, 0, 0, 0}, new int[] {0, 5}, 2);

    for (FeatureProfile feature : builder.build(KEY, WINDOW, RowCounts.of(2)).features()) {
      assertThat(feature.count(Bins.MISSING)).isEqualTo(1);
    }
  }

  @Test
  void keepsMomentsOfNumbersFarFromZero() {
    List<double[]> rows = new ArrayList<>();
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < 4_000; i++) {
      rows.add(new double[] {1e9 + random.nextGaussian(), 0});
    }

    Moments moments = profile(rows, 512).features().get(0).moments();

    assertThat(moments.standardDeviation()).isCloseTo(1, within(0.03));
  }

  @Test
  void isTheSameWhateverTheBatches() {
    List<double[]> rows = random(4, 4_000);
    Profile one = profile(rows, 512);
    Profile other = profile(rows, 77);

    for (int i = 0; i < 2; i++) {
      assertThat(other.features().get(i).counts()).isEqualTo(one.features().get(i).counts());
      assertThat(other.features().get(i).reservoir()).isEqualTo(one.features().get(i).reservoir());
      assertThat(other.features().get(i).distinct()).isEqualTo(one.features().get(i).distinct());
    }
  }

  @Test
  void mergesInAnyOrderToTheSame() {
    for (int seed = 0; seed < 20; seed++) {
      Profile a = profile(random(10 + seed, 1 + 700 * (seed % 4)), 512);
      Profile b = profile(random(50 + seed, 1 + 300 * (seed % 3)), 512);
      Profile c = profile(random(90 + seed, 1_500), 512);

      assertAlike(a.merge(b), b.merge(a), seed);
      assertAlike(a.merge(b).merge(c), a.merge(b.merge(c)), seed);
      assertThat(a.merge(b).rows()).isEqualTo(a.rows() + b.rows());
    }
  }

  private static void assertAlike(Profile one, Profile other, int seed) {
    String at = "seed " + seed;
    assertThat(other.counts()).as(at).isEqualTo(one.counts());
    for (int i = 0; i < 2; i++) {
      FeatureProfile x = one.features().get(i);
      FeatureProfile y = other.features().get(i);
      assertThat(y.counts()).as(at).isEqualTo(x.counts());
      assertThat(y.distinct()).as(at).isEqualTo(x.distinct());
      assertThat(y.heavy()).as(at).isEqualTo(x.heavy());
      assertThat(y.reservoir()).as(at).isEqualTo(x.reservoir());
      assertThat(y.moments().count()).as(at).isEqualTo(x.moments().count());
      assertThat(y.moments().mean()).as(at).isCloseTo(x.moments().mean(), within(1e-9));
      assertThat(y.moments().m2())
          .as(at)
          .isCloseTo(x.moments().m2(), within(1e-9 * (1 + x.moments().m2())));
    }
  }

  @Test
  void addingSplitRowsIsAddingThemAll() {
    List<double[]> rows = random(5, 6_000);
    Profile whole = profile(rows, 512);
    Profile parts =
        profile(rows.subList(0, 2_500), 512).merge(profile(rows.subList(2_500, 6_000), 512));

    for (int i = 0; i < 2; i++) {
      assertThat(parts.features().get(i).counts()).isEqualTo(whole.features().get(i).counts());
    }
  }

  @Test
  void estimatesDistinctValuesOfOneRowIn64() {
    List<double[]> rows = new ArrayList<>();
    for (int i = 0; i < 64_000; i++) {
      rows.add(new double[] {i % 10 + 0.25, 0});
    }

    DistinctEstimate distinct = profile(rows, 512).features().get(0).distinct();

    assertThat(distinct.values()).isBetween(850L, 1_150L);
    assertThat(Math.round(distinct.distinct())).isEqualTo(10);
  }

  @Test
  void samplesUniformly() {
    List<double[]> rows = new ArrayList<>();
    for (int i = 0; i < 50_000; i++) {
      rows.add(new double[] {i, 0});
    }

    Reservoir reservoir = profile(rows, 512).features().get(0).reservoir();

    assertThat(reservoir.size()).isEqualTo(Reservoir.CAPACITY);
    assertThat(reservoir.rows()).isEqualTo(50_000);
    assertThat(Arrays.stream(reservoir.values()).average().orElseThrow())
        .isCloseTo(25_000, within(1_500.0));
    assertThat(Arrays.stream(reservoir.values()).distinct().count()).isEqualTo(1024);
  }

  @Test
  void isReadAsItWasWritten() {
    Profile profile = profile(random(6, 2_000), 512);

    Profile read = ProfileJson.read(ProfileJson.write(profile));

    assertThat(read).isEqualTo(profile);
  }

  /** The file is committed: what a build has written, every later one reads. */
  @Test
  void readsWhatAnEarlierBuildWrote() throws IOException {
    Profile expected = profile(random(8, 300), 512);
    try (InputStream file =
        Objects.requireNonNull(getClass().getResourceAsStream("profile-1.json"))) {
      Profile read = ProfileJson.read(file.readAllBytes());
      assertThat(withoutDistinct(read)).isEqualTo(withoutDistinct(expected));
      assertThat(read.features().getFirst().distinct().distinct()).isCloseTo(2, within(.1));
    }
  }

  /** That build hashed numbers otherwise, and missing ones too. */
  private static Profile withoutDistinct(Profile profile) {
    List<FeatureProfile> features =
        profile.features().stream()
            .map(feature ->
                new FeatureProfile(
                    feature.spec(),
                    feature.bins(),
                    feature.counts(),
                    feature.moments(),
                    DistinctEstimate.EMPTY,
                    feature.heavy(),
                    feature.reservoir()))
            .toList();
    return new Profile(profile.key(), profile.window(), profile.counts(), features);
  }

  static List<double[]> random(long seed, int count) {
    SplittableRandom random = new SplittableRandom(seed);
    List<double[]> rows = new ArrayList<>();
    double[] special = {
      Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 0, -0.0, -1, 7, 1.5, 99
    };
    for (int i = 0; i < count; i++) {
      double number =
          random.nextInt(4) == 0
              ? special[random.nextInt(special.length)]
              : random.nextGaussian(0, 1.2);
      rows.add(new double[] {number, random.nextInt(6)});
    }
    return rows;
  }

  static Profile profile(List<double[]> values, int batch) {
    long[] zips = {
      0, CategoryHash.of("a"), CategoryHash.of("b"), CategoryHash.of("c"), CategoryHash.of("d"), 5
    };
    Rows rows = new Rows();
    long id = 0;
    for (double[] value : values) {
      rows.add(Mixing.mix(id++), 0, 0, value[0], zips[(int) value[1]]);
    }
    ProfileBuilder builder = new ProfileBuilder(Rows.LAYOUT, BINS);
    rows.give(builder::add, batch);
    return builder.build(KEY, WINDOW, RowCounts.of(values.size()));
  }
}
