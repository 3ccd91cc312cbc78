package dev.skeg.monitor.baseline;

import static dev.skeg.monitor.baseline.BaselineFixture.build;
import static dev.skeg.monitor.baseline.BaselineFixture.feature;
import static dev.skeg.monitor.baseline.BaselineFixture.options;
import static dev.skeg.monitor.baseline.BaselineFixture.withCategorical;
import static dev.skeg.monitor.baseline.BaselineFixture.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.skeg.monitor.profile.Bins;
import dev.skeg.monitor.profile.CategoryBins;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.Moments;
import dev.skeg.monitor.profile.NumericBins;
import dev.skeg.monitor.record.CategoryHash;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@link BaselineBuilder} counts, and in which bins. */
final class BaselineBuilderTest {
  @TempDir Path directory;

  @Test
  void countsEveryValueExactlyInTheBinsThatItChose() {
    MixedRows rows = new MixedRows(100_000, 1);
    BuiltBaseline built = build(options(2), write(directory, "t.csv", rows.csv));

    assertThat(built.baseline().rows()).isEqualTo(100_000);
    for (String name : List.of("n", "sparse", "steps")) {
      FeatureProfile profile = feature(built, name).whole();
      double[] values = rows.column(List.of("n", "sparse", "steps").indexOf(name));
      NumericBins bins = (NumericBins) profile.bins();
      long[] counts = new long[bins.size()];
      for (double value : values) {
        counts[bins.binOf(value)]++;
      }
      assertThat(profile.counts()).as(name).isEqualTo(counts);
      assertThat(counts[NumericBins.BELOW] + counts[NumericBins.ABOVE]).isZero();
      Moments moments = Moments.of(values);
      assertThat(profile.moments().count()).isEqualTo(moments.count());
      assertThat(profile.moments().mean()).isCloseTo(moments.mean(), within(1e-12));
      assertThat(profile.moments().variance()).isCloseTo(moments.variance(), within(1e-10));
      assertThat(profile.moments().min()).isEqualTo(moments.min());
      assertThat(profile.moments().max()).isEqualTo(moments.max());
      assertThat(profile.reservoir().size()).isEqualTo(1024);
    }
    FeatureProfile city = feature(built, "city").whole();
    CategoryBins bins = (CategoryBins) city.bins();
    long[] counts = new long[bins.size()];
    for (String name : rows.cities) {
      counts[bins.binOf(CategoryHash.of(name))]++;
    }
    assertThat(city.counts()).isEqualTo(counts);
    assertThat(city.count(Bins.MISSING)).isEqualTo(2000);
    assertThat(city.count(CategoryBins.UNSEEN)).isZero();
    assertThat(bins.names()).hasSize(128).startsWith("c0");
    assertThat(bins.tail().count()).isGreaterThan(200);
  }

  @Test
  void cutsNumbersIntoEqualPartsAndGivesRepeatedValuesABinOfTheirOwn() {
    MixedRows rows = new MixedRows(200_000, 2);
    BuiltBaseline built = build(options(2), write(directory, "t.csv", rows.csv));

    FeatureProfile normal = feature(built, "n").whole();
    NumericBins bins = (NumericBins) normal.bins();
    assertThat(bins.intervalCount()).isEqualTo(64);
    for (int bin = bins.firstInterval(); bin < bins.size(); bin++) {
      assertThat(normal.count(bin) / 200_000.0).isCloseTo(1 / 64.0, within(.004));
    }
    NumericBins sparse = (NumericBins) feature(built, "sparse").bins();
    assertThat(feature(built, "sparse").whole().count(sparse.binOf(0)) / 200_000.0)
        .isCloseTo(.3, within(.01));
    NumericBins steps = (NumericBins) feature(built, "steps").bins();
    assertThat(steps.intervalCount()).isZero();
    for (double atom : new double[] {-1, 0, .1, .2, .3}) {
      assertThat(steps.isAtom(atom)).isTrue();
    }
    assertThat(steps.binOf(.15)).isEqualTo(NumericBins.BELOW);
    assertThat(steps.binOf(.4)).isEqualTo(NumericBins.ABOVE);
  }

  @Test
  void keepsEdgesAwayFromValuesSoThatFloat32MovesNoneOverOne() {
    Random random = new Random(8);
    StringBuilder csv = new StringBuilder("price\n");
    List<Double> values = new ArrayList<>();
    for (int i = 0; i < 50_000; i++) {
      double price = random.nextInt(5000) / 100.0; // Each value .02 % of the rows.
      values.add(price);
      csv.append(price).append('\n');
    }

    NumericBins bins =
        (NumericBins) feature(build(options(2), write(directory, "t.csv", csv)), "price").bins();

    assertThat(bins.intervalCount()).isEqualTo(64);
    for (double value : values) {
      assertThat(bins.binOf((float) value)).isEqualTo(bins.binOf(value));
    }
  }

  @Test
  void isTheSameToTheLastByteWhateverTheNumberOfThreads() {
    Path file = write(directory, "t.csv", new MixedRows(300_000, 3).csv);

    Baseline alone = build(options(1), file).baseline();

    for (int threads : new int[] {2, 5}) {
      Baseline shared = build(options(threads), file).baseline();
      assertThat(shared.features()).isEqualTo(alone.features());
      assertThat(shared).isEqualTo(alone);
    }
  }

  @Test
  void readsSeveralFilesOfSeveralFormatsAsOneTable() {
    Path csv = write(directory, "a.csv", "a;b\n1;x\n2;y\n");
    Path json = write(directory, "b.jsonl", "{\"b\": \"x\", \"a\": 3}\n{\"b\": \"z\", \"a\": 4}\n");

    BuiltBaseline built = build(options(2), csv, json);

    assertThat(built.baseline().rows()).isEqualTo(4);
    assertThat(feature(built, "a").whole().moments().mean()).isEqualTo(2.5);
    assertThat(((CategoryBins) feature(built, "b").bins()).names())
        .containsExactlyInAnyOrder("x", "y", "z");
  }

  @Test
  void buildsOfAColumnWithASingleRareValue() {
    StringBuilder csv = new StringBuilder("a,b\n");
    for (int i = 0; i < 1000; i++) {
      csv.append(i == 500 ? "2.1" : "").append(',').append(i / 10.0).append('\n');
    }

    FeatureBaseline feature = feature(build(options(1), write(directory, "t.csv", csv)), "a");

    NumericBins bins = (NumericBins) feature.bins();
    assertThat(feature.whole().count(bins.binOf(2.1f))).isEqualTo(1);
    assertThat(bins.binOf(2.2)).isEqualTo(NumericBins.ABOVE);
  }

  @Test
  void knowsCategoriesThatAreNumbersHoweverAModelIsAskedWithThem() {
    StringBuilder csv = new StringBuilder("zip,rate,ok\n");
    for (int i = 0; i < 600; i++) {
      csv.append(i % 3 == 0 ? "0" : "").append(1000 + i % 300).append(i % 2 == 0 ? ".0," : ",");
      csv.append(i % 2 == 0 ? "0.1," : "0.20,").append(i % 2 == 0 ? "True\n" : "true\n");
    }
    BaselineOptions given = withCategorical("zip", "rate", "ok");

    BuiltBaseline built = build(given, write(directory, "t.csv", csv));

    CategoryBins zip = (CategoryBins) feature(built, "zip").bins();
    for (int code = 1000; code < 1300; code++) {
      assertThat(zip.binOf(CategoryHash.of(code))).isNotEqualTo(CategoryBins.UNSEEN);
    }
    assertThat(zip.names()).hasSize(128).allMatch(name -> name.matches("1\\d{3}"));
    CategoryBins rate = (CategoryBins) feature(built, "rate").bins();
    assertThat(rate.binOf(CategoryHash.of((double) 0.1f))).isNotEqualTo(CategoryBins.UNSEEN);
    assertThat(rate.names()).containsExactlyInAnyOrder("0.1", "0.2");
    assertThat(((CategoryBins) feature(built, "ok").bins()).names()).containsExactly("1");
  }
}
