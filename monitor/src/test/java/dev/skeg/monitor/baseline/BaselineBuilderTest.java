package dev.skeg.monitor.baseline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.skeg.monitor.data.DataException;
import dev.skeg.monitor.data.TableOptions;
import dev.skeg.monitor.profile.Bins;
import dev.skeg.monitor.profile.CategoryBins;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.Moments;
import dev.skeg.monitor.profile.NumericBins;
import dev.skeg.monitor.profile.Window;
import dev.skeg.monitor.record.CategoryHash;
import dev.skeg.monitor.record.Centroid;
import dev.skeg.monitor.record.FeatureSpec.Role;
import dev.skeg.monitor.record.VectorSummary;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BaselineBuilderTest {
  private static final long MONDAY = 1_767_571_200_000L; // 2026-01-05
  private static final long HOUR = 3_600_000;

  @TempDir Path directory;

  private Path write(String name, CharSequence text) {
    try {
      return Files.writeString(directory.resolve(name), text);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static BaselineOptions options(int threads) {
    BaselineOptions standard = BaselineOptions.standard();
    return new BaselineOptions(
        standard.table(),
        Optional.empty(),
        List.of(),
        List.of(),
        Optional.empty(),
        Set.of(),
        Set.of(),
        Duration.ofHours(1),
        threads);
  }

  private static BuiltBaseline build(BaselineOptions options, Path... files) {
    return BaselineBuilder.build(List.of(files), options, (pass, rows, done, total) -> {});
  }

  private static FeatureBaseline feature(BuiltBaseline built, String name) {
    return built.baseline().feature(Role.INPUT, name).orElseThrow();
  }

  /** Rows of several shapes, and what they are. */
  private static final class Rows {
    final StringBuilder csv = new StringBuilder("n,sparse,steps,city,timestamp\n");
    final List<double[]> numbers = new ArrayList<>();
    final List<String> cities = new ArrayList<>();
    final List<Long> times = new ArrayList<>();

    Rows(int count, long seed) {
      Random random = new Random(seed);
      for (int i = 0; i < count; i++) {
        double normal = Math.round(random.nextGaussian() * 1e5) / 1e5;
        double sparse =
            switch (random.nextInt(10)) {
              case 0 -> Double.NaN;
              case 1 -> random.nextBoolean() ? Double.POSITIVE_INFINITY : Double.NEGATIVE_INFINITY;
              case 2, 3, 4 -> 0;
              default -> Math.exp(random.nextGaussian());
            };
        double step = random.nextInt(4) / 10.0;
        // 400 of them, the first ones more frequent.
        String city = "c" + (int) (400 * random.nextDouble() * random.nextDouble());
        long time = MONDAY + (long) (random.nextDouble() * 14 * 24 * HOUR);
        numbers.add(new double[] {normal, sparse, step});
        cities.add(i % 50 == 0 ? "" : city);
        times.add(time);
        csv.append(normal).append(',');
        csv.append(Double.isNaN(sparse) ? "" : String.valueOf(sparse)).append(',');
        csv.append(step).append(',').append(cities.getLast()).append(',').append(time);
        csv.append('\n');
      }
    }

    double[] column(int index) {
      return numbers.stream().mapToDouble(row -> row[index]).toArray();
    }
  }

  /** Embeddings of 16 numbers, and what they are. */
  private List<double[]> embeddings(int rows, StringBuilder lines) {
    Random random = new Random(5);
    List<double[]> embeddings = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      double[] row = new double[16];
      float[] floats = new float[16];
      for (int k = 0; k < 16; k++) {
        floats[k] = (float) (k / 4.0 + random.nextGaussian());
        row[k] = floats[k];
      }
      String list = i % 50 == 7 ? "null" : Arrays.toString(floats);
      lines.append("{\"n\": ").append(i % 3).append(", \"e\": ").append(list).append("}\n");
      if (i % 50 != 7) {
        embeddings.add(row);
      }
    }
    return embeddings;
  }

  /** Returns the centroid of all rows but one. */
  private static Centroid ofOthers(double[] row, int rows, double[] sums) {
    float[] mean = new float[row.length];
    for (int k = 0; k < mean.length; k++) {
      mean[k] = (float) ((sums[k] - row[k]) / (rows - 1));
    }
    return new Centroid(Role.INPUT, "e", mean);
  }

  @Test
  void summarisesListsOfNumbersAndKeepsTheirCentroid() {
    StringBuilder lines = new StringBuilder();
    List<double[]> embeddings = embeddings(5_000, lines);
    Path file = write("t.jsonl", lines);

    BuiltBaseline built = build(options(2), file);

    assertThat(built.schema().leftOut()).isEmpty();
    Centroid centroid = built.baseline().centroid(Role.INPUT, "e").orElseThrow();
    double[] sums = new double[16];
    for (int k = 0; k < 16; k++) {
      int at = k;
      sums[k] = embeddings.stream().mapToDouble(row -> row[at]).sum();
      assertThat(centroid.mean()[k]).isCloseTo((float) (sums[k] / 4_900), within(1e-6f));
    }
    List<String> names = VectorSummary.names("e", true);
    long[] words = new long[names.size()];
    long[][] counts = new long[names.size()][];
    for (double[] row : embeddings) {
      VectorSummary.write(row, row.length, ofOthers(row, embeddings.size(), sums), words, 0);
      for (int i = 0; i < words.length; i++) {
        NumericBins bins = (NumericBins) feature(built, names.get(i)).bins();
        counts[i] = counts[i] == null ? new long[bins.size()] : counts[i];
        counts[i][bins.binOf(Double.longBitsToDouble(words[i]))]++;
      }
    }
    for (int i = 0; i < counts.length; i++) {
      counts[i][Bins.MISSING] += 100;
      FeatureProfile profile = feature(built, names.get(i)).whole();
      // A distance is rounded another way, which may matter at an edge.
      long most = i < VectorSummary.SIZE ? 0 : 1;
      for (int bin = 0; bin < counts[i].length; bin++) {
        assertThat(profile.count(bin)).as(names.get(i)).isCloseTo(counts[i][bin], within(most));
      }
      assertThat(profile.count(NumericBins.BELOW) + profile.count(NumericBins.ABOVE)).isZero();
    }
    assertThat(((NumericBins) feature(built, "e.distance").bins()).edgeCount()).isEqualTo(65);
    assertThat(BaselineFile.toBytes(build(options(5), file).baseline()))
        .isEqualTo(BaselineFile.toBytes(built.baseline()));
  }

  @Test
  void takesListsForNoFeatureIfTheyAreShortOrUnlikeOrAllZero() {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 100; i++) {
      lines.append("{\"n\": ").append(i % 7).append(", \"short\": [1, 2], \"unlike\": ");
      lines.append(i % 2 == 0 ? "[1,2,3,4,5,6,7,8]" : "[1,2,3,4,5,6,7,8,9]");
      lines.append(", \"zero\": [0,0,0,0,0,0,0,0]}\n");
    }
    Path file = write("t.jsonl", lines);

    BuiltBaseline built = build(options(1), file);

    assertThat(built.schema().leftOut())
        .extracting(Schema.Column::name)
        .containsExactly("short", "unlike");
    assertThat(built.baseline().centroids()).isEmpty();
    assertThat(built.baseline().feature(Role.INPUT, "zero.norm")).isPresent();
    assertThat(built.baseline().feature(Role.INPUT, "zero.distance")).isEmpty();
  }

  @Test
  void countsEveryValueExactlyInTheBinsThatItChose() {
    Rows rows = new Rows(100_000, 1);
    BuiltBaseline built = build(options(2), write("t.csv", rows.csv));

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
    Rows rows = new Rows(200_000, 2);
    BuiltBaseline built = build(options(2), write("t.csv", rows.csv));

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
  void isTheSameToTheLastByteWhateverTheNumberOfThreads() {
    Path file = write("t.csv", new Rows(300_000, 3).csv);

    Baseline alone = build(options(1), file).baseline();

    for (int threads : new int[] {2, 5}) {
      Baseline shared = build(options(threads), file).baseline();
      assertThat(shared.features()).isEqualTo(alone.features());
      assertThat(shared).isEqualTo(alone);
    }
  }

  @Test
  void countsByTheHourOfTheWeek() {
    Rows rows = new Rows(100_000, 4);
    BuiltBaseline built = build(options(2), write("t.csv", rows.csv));

    FeatureBaseline feature = feature(built, "n");
    double[] values = rows.column(0);
    long[][] counts = new long[Seasons.HOURS][feature.bins().size()];
    for (int i = 0; i < values.length; i++) {
      int hour = (int) ((rows.times.get(i) - MONDAY) / HOUR % Seasons.HOURS);
      counts[hour][((NumericBins) feature.bins()).binOf(values[i])]++;
    }
    for (int hour = 0; hour < Seasons.HOURS; hour++) {
      assertThat(feature.seasons().counts(hour)).isEqualTo(counts[hour]);
    }
    assertThat(built.baseline().span().orElseThrow().startMillis())
        .isEqualTo(rows.times.stream().mapToLong(time -> time).min().orElseThrow());
    SeasonCell cell = feature.cell(new Window(MONDAY + 5 * HOUR, MONDAY + 6 * HOUR));
    assertThat(cell.level()).isEqualTo(SeasonCell.Level.HOUR_OF_WEEK);
    assertThat(cell.counts()).isEqualTo(counts[5]);
    assertThat(cell.moments().count()).isEqualTo(cell.rows());
  }

  @Test
  void findsADesignEffectOfOneInIndependentRowsAndMoreWhereBlocksDiffer() {
    Random random = new Random(5);
    StringBuilder csv = new StringBuilder("alike,shifted,timestamp\n");
    double shift = 0;
    for (int hour = 0; hour < 600; hour++) {
      shift = .3 * random.nextGaussian();
      for (int i = 0; i < 200; i++) {
        csv.append(random.nextGaussian()).append(',');
        csv.append(shift + random.nextGaussian()).append(',');
        csv.append(MONDAY + hour * HOUR + random.nextInt((int) HOUR)).append('\n');
      }
    }

    BuiltBaseline built = build(options(2), write("t.csv", csv));

    BlockVariation alike = feature(built, "alike").variation();
    assertThat(alike.blocks()).isEqualTo(600);
    assertThat(alike.rowsPerBlock()).isEqualTo(200);
    assertThat(alike.designEffect()).isBetween(1.0, 1.02);
    // Σ(Δp)²/p of a shift of s is about s², so the statistic is about 1 + n s² / 39 with bins
    // pooled
    // until 5 of 200 rows are expected in each.
    assertThat(feature(built, "shifted").variation().designEffect())
        .isCloseTo(1 + 200 * .09 / 31, within(.1));
    assertThat(alike.statistics()).hasSize(600).isSorted();
    assertThat(alike.conformal(0)).isEqualTo(1);
    assertThat(alike.conformal(1e9)).isEqualTo(1 / 601.0);
  }

  @Test
  void readsSeveralFilesOfSeveralFormatsAsOneTable() {
    Path csv = write("a.csv", "a;b\n1;x\n2;y\n");
    Path json = write("b.jsonl", "{\"b\": \"x\", \"a\": 3}\n{\"b\": \"z\", \"a\": 4}\n");

    BuiltBaseline built = build(options(2), csv, json);

    assertThat(built.baseline().rows()).isEqualTo(4);
    assertThat(feature(built, "a").whole().moments().mean()).isEqualTo(2.5);
    assertThat(((CategoryBins) feature(built, "b").bins()).names())
        .containsExactlyInAnyOrder("x", "y", "z");
  }

  @Test
  void leavesOutWhatIsNoFeatureAndSaysWhy() {
    StringBuilder csv = new StringBuilder(",user_id,amount,zip,ok,note,empty,created_at,y,p\n");
    Random random = new Random(6);
    for (int i = 0; i < 200; i++) {
      csv.append(i).append(",u").append(random.nextLong()).append(',').append(i % 17 / 2.0);
      csv.append(",0").append(1000 + i % 9).append(i % 2 == 0 ? ",true" : ",false");
      csv.append(",\"some words that only this row has, number ").append(random.nextInt(10_000));
      csv.append(" of many more of them\",,2026-01-0").append(1 + i % 9).append(",1,0.5\n");
    }
    BaselineOptions given =
        new BaselineOptions(
            TableOptions.standard(),
            Optional.empty(),
            List.of(),
            List.of("p"),
            Optional.of("y"),
            Set.of(),
            Set.of(),
            Duration.ofHours(1),
            2);

    BuiltBaseline built = build(given, write("t.csv", csv));

    assertThat(built.baseline().features().stream().map(one -> one.spec().toString()))
        .containsExactly(
            "FeatureSpec[name=amount, role=INPUT, kind=NUMERIC]",
            "FeatureSpec[name=zip, role=INPUT, kind=CATEGORICAL]",
            "FeatureSpec[name=ok, role=INPUT, kind=NUMERIC]",
            "FeatureSpec[name=p, role=OUTPUT, kind=NUMERIC]");
    assertThat(built.schema().timestamp()).contains("created_at");
    assertThat(built.notes())
        .containsExactly(
            "column unnamed_0 is left out: different in every row",
            "column user_id is left out: different in every row",
            "column note is left out: written language",
            "column empty is left out: no value in the first rows",
            "column y is left out: the label",
            "the rows' time is column created_at (for another: --timestamp COLUMN; for none:"
                + " --exclude created_at)",
            "all times are midnight: they are dates, and tell nothing by the hour");
    assertThat(feature(built, "amount").seasons().isPresent()).isFalse();
  }

  @Test
  void takesNoTimeOfWhateverKindForTheRows() {
    BuiltBaseline built =
        build(
            options(1),
            write("t.csv", "a,birth_date,first_seen_at\n1,1980-01-01,2026-01-01T10:00:00Z\n"));

    assertThat(built.schema().timestamp()).isEmpty();
    assertThat(built.baseline().span()).isEmpty();
    assertThat(built.notes())
        .contains(
            "column birth_date is left out: a time",
            "no column is taken for the rows' time (for one: --timestamp birth_date)");
  }

  @Test
  void buildsOfAColumnWithASingleRareValue() {
    StringBuilder csv = new StringBuilder("a,b\n");
    for (int i = 0; i < 1000; i++) {
      csv.append(i == 500 ? "2.1" : "").append(',').append(i / 10.0).append('\n');
    }

    FeatureBaseline feature = feature(build(options(1), write("t.csv", csv)), "a");

    NumericBins bins = (NumericBins) feature.bins();
    assertThat(feature.whole().count(bins.binOf(2.1f))).isEqualTo(1);
    assertThat(bins.binOf(2.2)).isEqualTo(NumericBins.ABOVE);
  }

  @Test
  void takesKeysThatALaterFileDoesNotBeginWithForMissing() {
    Path first = write("a.jsonl", "{\"a\": 1, \"b\": \"x\"}\n{\"a\": 2, \"b\": \"y\"}\n");
    Path second = write("b.jsonl", "{\"a\": 3}\n");

    BuiltBaseline built = build(options(1), first, second);

    assertThat(feature(built, "b").whole().count(Bins.MISSING)).isEqualTo(1);
    assertThat(built.notes())
        .containsExactly(
            second
                + " has no column b in its first lines; it counts as missing where it is not"
                + " there");
  }

  @Test
  void knowsCategoriesThatAreNumbersHoweverAModelIsAskedWithThem() {
    StringBuilder csv = new StringBuilder("zip,rate,ok\n");
    for (int i = 0; i < 600; i++) {
      csv.append(i % 3 == 0 ? "0" : "").append(1000 + i % 300).append(i % 2 == 0 ? ".0," : ",");
      csv.append(i % 2 == 0 ? "0.1," : "0.20,").append(i % 2 == 0 ? "True\n" : "true\n");
    }
    BaselineOptions given =
        new BaselineOptions(
            TableOptions.standard(),
            Optional.empty(),
            List.of(),
            List.of(),
            Optional.empty(),
            Set.of("zip", "rate", "ok"),
            Set.of(),
            Duration.ofHours(1),
            2);

    BuiltBaseline built = build(given, write("t.csv", csv));

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

  @Test
  void refusesCategoriesThatAreNoTextAndSaysWhere() throws IOException {
    Path file = directory.resolve("latin.csv");
    Files.writeString(file, "a,city\n1,Oslo\n2,Z\u00fcrich\n3,Oslo\n", StandardCharsets.ISO_8859_1);
    Path header = directory.resolve("header.csv");
    Files.writeString(header, "a,gr\u00f6\u00dfe\n1,2\n", StandardCharsets.ISO_8859_1);

    assertThatThrownBy(() -> build(options(1), file))
        .isInstanceOf(DataException.class)
        .hasMessage(
            file
                + ":3: column city: \"Z\uFFFDrich\" is no UTF-8 (expected: UTF-8; iconv -f latin1"
                + " -t utf-8)");
    assertThatThrownBy(() -> build(options(1), header))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("header.csv: the header [a, gr")
        .hasMessageEndingWith("(expected: UTF-8; iconv -f latin1 -t utf-8)");
  }

  @Test
  void saysThatABaselineIsOfOtherWindowsThanItIsComparedWith() {
    Baseline baseline = build(options(1), write("t.csv", new Rows(100, 1).csv)).baseline();

    assertThat(baseline.misfit(Duration.ofHours(1))).isEmpty();
    assertThat(baseline.misfit(Duration.ofMinutes(5)))
        .contains(
            "baseline.json: built for windows of 1h, and monitor.window is 5m: how much windows"
                + " vary by themselves is misjudged (expected: the same; skeg baseline --window"
                + " 5m)");
  }

  @Test
  void namesTheFirstBadValueWhateverThreadFindsOneFirst() {
    StringBuilder csv = new StringBuilder("a,b\n");
    for (int i = 0; i < 400_000; i++) {
      csv.append(i >= 20_000 && i % 1000 == 0 ? "bad" : "1").append(",2\n");
    }
    Path file = write("t.csv", csv);

    for (int threads : new int[] {1, 4}) {
      assertThatThrownBy(() -> build(options(threads), file))
          .isInstanceOf(DataException.class)
          .hasMessage(file + ":20002: column a: \"bad\" (expected: a number)");
    }
  }

  @Test
  void countsBadValuesAsMissingIfTheyAreTo() {
    BaselineOptions lenient =
        new BaselineOptions(
            new TableOptions(Optional.empty(), true, TableOptions.USUAL_MISSING, true),
            Optional.empty(),
            List.of(),
            List.of(),
            Optional.empty(),
            Set.of(),
            Set.of(),
            Duration.ofHours(1),
            2);
    StringBuilder csv = new StringBuilder("a,b\n");
    for (int i = 0; i < 1000; i++) {
      csv.append(i % 100 == 7 ? "bad" : "1.5").append(",2\n");
    }

    BuiltBaseline built = build(lenient, write("t.csv", csv));

    assertThat(feature(built, "a").whole().count(Bins.MISSING)).isEqualTo(10);
    assertThat(built.notes())
        .containsExactly("column a has 10 values that cannot be read and count as missing");
  }

  @Test
  void refusesColumnsThatAreNotThereAndTablesWithoutRowsOrFeatures() {
    BaselineOptions wrong =
        new BaselineOptions(
            TableOptions.standard(),
            Optional.of("when"),
            List.of(),
            List.of(),
            Optional.empty(),
            Set.of(),
            Set.of(),
            Duration.ofHours(1),
            1);
    assertThatThrownBy(() -> build(wrong, write("t.csv", "a\n1\n")))
        .hasMessage("no column when (expected: one of a)");
    assertThatThrownBy(() -> build(options(1), write("e.csv", "a,b\n")))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("no row");
    assertThatThrownBy(() -> build(options(1), write("f.csv", "a\n2026-01-01\n")))
        .hasMessage("no column could be a feature (expected: numbers or names)");
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
        (NumericBins) feature(build(options(2), write("t.csv", csv)), "price").bins();

    assertThat(bins.intervalCount()).isEqualTo(64);
    for (double value : values) {
      assertThat(bins.binOf((float) value)).isEqualTo(bins.binOf(value));
    }
  }
}
