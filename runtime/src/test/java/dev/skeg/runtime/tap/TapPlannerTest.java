package dev.skeg.runtime.tap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.skeg.monitor.record.Centroid;
import dev.skeg.monitor.record.FeatureSpec;
import dev.skeg.monitor.record.FeatureSpec.Kind;
import dev.skeg.monitor.record.FeatureSpec.Role;
import dev.skeg.monitor.record.RecordLayout;
import dev.skeg.monitor.record.RecordLayout.Encoding;
import dev.skeg.monitor.record.RecordRing;
import dev.skeg.monitor.record.VectorSummary;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.RequestMarks;
import dev.skeg.runtime.model.RequestTerms;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Signature;
import dev.skeg.runtime.model.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class TapPlannerTest {
  private static final Signature TABLE =
      new Signature(
          List.of(tensor("x", DataType.FP32, -1, 3)),
          List.of(tensor("label", DataType.INT64, -1), tensor("p", DataType.FP32, -1, 2)));

  private static TensorSpec tensor(String name, DataType type, long... shape) {
    return new TensorSpec(name, type, Shape.of(shape), false);
  }

  private static List<String> names(TapPlanner.Planned planned) {
    return planned.layout().records().features().stream().map(FeatureSpec::name).toList();
  }

  private static FeatureOptions options(
      String tensor, List<String> names, List<String> categorical, FeatureSpec... known) {
    return new FeatureOptions(
        tensor,
        names,
        categorical,
        DeclaredFeatures.NONE,
        List.of(known),
        List.of(),
        1,
        "",
        List.of());
  }

  @Test
  void numbersTheColumnsThatNobodyNames() {
    TapPlanner.Planned planned = TapPlanner.plan(TABLE, FeatureOptions.NONE);

    assertThat(names(planned)).containsExactly("f0", "f1", "f2", "label", "p[0]", "p[1]");
    assertThat(planned.layout().records().features())
        .extracting(FeatureSpec::kind)
        .containsExactly(
            Kind.NUMERIC, Kind.NUMERIC, Kind.NUMERIC, Kind.CATEGORICAL, Kind.NUMERIC, Kind.NUMERIC);
    assertThat(planned.problems()).isEmpty();
  }

  @Test
  void takesNamesFromTheConfigurationBeforeTheBaseline() {
    FeatureSpec[] known = {
      new FeatureSpec("k", Role.INPUT, Kind.NUMERIC),
      new FeatureSpec("l", Role.INPUT, Kind.CATEGORICAL),
      new FeatureSpec("m", Role.INPUT, Kind.NUMERIC)
    };

    assertThat(names(TapPlanner.plan(TABLE, options("", List.of(), List.of(), known))))
        .startsWith("k", "l", "m");
    TapPlanner.Planned named =
        TapPlanner.plan(TABLE, options("x", List.of("a", "b", "c"), List.of("b"), known));
    assertThat(names(named)).startsWith("a", "b", "c");
    assertThat(named.layout().records().features().get(1).kind()).isEqualTo(Kind.CATEGORICAL);
  }

  @Test
  void saysWhereConfigurationAndModelDoNotAgree() {
    TapPlanner.Planned planned =
        TapPlanner.plan(TABLE, options("y", List.of("a", "b"), List.of("zip")));

    assertThat(names(planned)).startsWith("f0", "f1", "f2");
    assertThat(planned.problems())
        .containsExactly(
            "monitor.features.tensor: y (expected: one of the inputs [x])",
            "monitor.features.names: 2 names (expected: 3, one a column of input 'x')",
            "monitor.features.categorical: zip (expected: a feature or output of the model)");
  }

  private static FeatureSpec input(String name) {
    return new FeatureSpec(name, Role.INPUT, Kind.NUMERIC);
  }

  private static FeatureSpec output(String name) {
    return new FeatureSpec(name, Role.OUTPUT, Kind.NUMERIC);
  }

  @Test
  void saysThatABaselineWithOneColumnTooManyServesNoneOfThem() {
    FeatureSpec[] known = {input("a"), input("b"), input("c"), input("target")};

    TapPlanner.Planned planned = TapPlanner.plan(TABLE, options("", List.of(), List.of(), known));

    assertThat(names(planned)).startsWith("f0", "f1", "f2");
    assertThat(planned.problems())
        .containsExactly(
            "baseline.json: 4 features, none of which is compared, for input 'x' has 3 columns"
                + " (expected: a feature for each column; leave out what is no input by skeg"
                + " baseline --label or --exclude, or name the columns in"
                + " monitor.features.names)");
  }

  @Test
  void takesAColumnThatIsCalledLikeAnOutputForNoInput() {
    FeatureSpec[] known = {input("a"), input("b"), input("c"), input("label")};

    TapPlanner.Planned planned = TapPlanner.plan(TABLE, options("", List.of(), List.of(), known));

    assertThat(names(planned)).startsWith("a", "b", "c");
    assertThat(planned.problems())
        .containsExactly(
            "baseline.json: label: no input of the model (expected: names as a, b, c; leave out"
                + " what is no input by skeg baseline --label, --outputs or --exclude)");
  }

  @Test
  void matchesABaselineByNameWhereTheColumnsAreNamed() {
    FeatureSpec[] known = {input("c"), input("target"), input("b")};

    TapPlanner.Planned named =
        TapPlanner.plan(TABLE, options("x", List.of("a", "b", "c"), List.of("b"), known));
    TapPlanner.Planned numbered =
        TapPlanner.plan(
            TABLE,
            options(
                "", List.of(), List.of(), input("f0"), input("f1"), input("f2"), input("target")));

    assertThat(named.problems())
        .containsExactly(
            "baseline.json: target: no input of the model (expected: names as a; leave out what is"
                + " no input by skeg baseline --label, --outputs or --exclude)",
            "baseline.json: it lacks a, compared with earlier windows only (expected: a column of"
                + " the training data by each name)",
            "baseline.json: numbers in it and categories of the model: b, compared with earlier"
                + " windows only (expected: the same; skeg baseline --categorical)");
    assertThat(names(numbered)).startsWith("f0", "f1", "f2");
    assertThat(numbered.problems()).singleElement().asString().contains(" target: no input");
  }

  @Test
  void saysWhichOutputsOfABaselineTheModelDoesNotHave() {
    TapPlanner.Planned planned =
        TapPlanner.plan(TABLE, options("", List.of(), List.of(), output("score"), output("p[1]")));

    assertThat(planned.problems())
        .containsExactly(
            "baseline.json: score: no output of the model (expected: names as label, p[0]; rename"
                + " the training data's columns, or leave them out of --outputs)",
            "baseline.json: it lacks label, p[0], compared with earlier windows only (expected: a"
                + " column of the training data by each name)");
  }

  @Test
  void saysWhichThresholdsAreOfNothing() {
    TapPlanner.Planned planned =
        TapPlanner.plan(TABLE, options("", List.of("amount", "age", "zip"), List.of()));

    assertThat(
            planned.misplaced(
                Map.of("mean", Map.of("amuont", .2, "age", .3), "tvd", Map.of("label", .1))))
        .containsExactly(
            "monitor.thresholds.mean.amuont: no such feature or output (expected: one of age,"
                + " amount, label, p[0], p[1] and 1 more)");
  }

  @Test
  void callsATensorOfOneColumnByItsOwnName() {
    Signature columns =
        new Signature(
            List.of(tensor("customer_id", DataType.FP32, -1, 1), tensor("age", DataType.FP32, -1)),
            List.of(tensor("y", DataType.FP32, -1)));

    TapPlanner.Planned planned =
        TapPlanner.plan(columns, options("", List.of(), List.of(), input("age"), input("churn")));

    assertThat(names(planned)).containsExactly("customer_id", "age", "y");
    assertThat(planned.problems())
        .hasSize(2)
        .anyMatch(problem -> problem.contains("churn: no input of the model"))
        .anyMatch(problem -> problem.contains("it lacks customer_id"));
  }

  @Test
  void summarisesNamedColumnsThatAreMoreThanARecordHolds() {
    Signature wide =
        new Signature(
            List.of(tensor("x", DataType.FP32, -1, 600)), List.of(tensor("y", DataType.FP32, -1)));
    FeatureSpec[] known = new FeatureSpec[600];
    Arrays.setAll(known, i -> input("c" + i));

    TapPlanner.Planned planned = TapPlanner.plan(wide, options("", List.of(), List.of(), known));

    assertThat(names(planned)).hasSize(14).startsWith("x.norm").endsWith("y");
    assertThat(planned.problems())
        .containsExactly(
            "monitor: 'x' is recorded as a summary: with its 600 columns a row would have more"
                + " than 509 features and outputs");
  }

  @Test
  void summarisesLongRows() {
    Signature image =
        new Signature(
            List.of(tensor("pixels", DataType.FP32, -1, 4, 100)),
            List.of(tensor("y", DataType.FP32, -1, 1)));
    TapPlanner.Planned planned = TapPlanner.plan(image, FeatureOptions.NONE);
    assertThat(names(planned)).hasSize(14).startsWith("pixels.norm", "pixels.mean", "pixels.sd");

    float[] pixels = new float[400];
    Arrays.fill(pixels, 2);
    pixels[399] = 6;
    long[] row = record(planned.layout(), pixels, new float[] {0.5f});

    assertThat(number(planned.layout(), row, 0)).isEqualTo(Math.sqrt(399 * 4 + 36));
    assertThat(number(planned.layout(), row, 1)).isEqualTo(2.01);
    assertThat(number(planned.layout(), row, 3)).isEqualTo(2);
    assertThat(number(planned.layout(), row, 4)).isEqualTo(6);
    assertThat(number(planned.layout(), row, 5)).isEqualTo(2);
    assertThat(number(planned.layout(), row, 12)).isEqualTo(2.08);
    assertThat(number(planned.layout(), row, 13)).isEqualTo(0.5);
  }

  private static Centroid centroid(String tensor, int length) {
    float[] mean = new float[length];
    mean[1] = 3;
    return new Centroid(Role.INPUT, tensor, mean);
  }

  private static FeatureOptions embeddings(Centroid centroid, String... known) {
    return new FeatureOptions(
        "",
        List.of(),
        List.of(),
        DeclaredFeatures.NONE,
        Arrays.stream(known).map(TapPlannerTest::input).toList(),
        List.of(centroid),
        1,
        "",
        List.of());
  }

  @Test
  void measuresTheDistanceToACentroidOfTheBaseline() {
    Signature embedding =
        new Signature(
            List.of(tensor("e", DataType.FP32, -1, 16), tensor("x", DataType.FP32, -1, 2)),
            List.of(tensor("y", DataType.FP32, -1, 1)));
    List<String> summary = VectorSummary.names("e", true);
    List<String> known = new ArrayList<>(summary);
    known.addAll(List.of("amount", "age"));

    TapPlanner.Planned planned =
        TapPlanner.plan(embedding, embeddings(centroid("e", 16), known.toArray(String[]::new)));

    assertThat(planned.problems()).isEmpty();
    known.add("y");
    assertThat(names(planned)).isEqualTo(known); // The table's names are of the other input.
    float[] row = new float[16];
    row[1] = 1;
    row[2] = -1;
    TapLayout layout = TapPlanner.plan(ONE_EMBEDDING, embeddings(centroid("e", 16))).layout();
    assertThat(number(layout, record(layout, row, new float[] {1}), VectorSummary.SIZE))
        .isCloseTo(1 - 1 / Math.sqrt(2), within(1e-15));
  }

  private static final Signature ONE_EMBEDDING =
      new Signature(
          List.of(tensor("e", DataType.FP32, -1, 16)), List.of(tensor("y", DataType.FP32, -1, 1)));

  @Test
  void hasNoDistanceWithoutACentroidOrWithOneOfAnotherLength() {
    assertThat(names(TapPlanner.plan(ONE_EMBEDDING, FeatureOptions.NONE)))
        .hasSize(17)
        .startsWith("f0");
    TapPlanner.Planned planned = TapPlanner.plan(ONE_EMBEDDING, embeddings(centroid("e", 8)));

    assertThat(names(planned)).hasSize(17).doesNotContain("e.distance");
    assertThat(planned.problems())
        .containsExactly(
            "baseline.json: lists of 8 numbers, from whose centroid no distance is measured, for"
                + " input 'e' has rows of 16 (expected: lists as long as its rows)");
  }

  @Test
  void sumsTheFirstRowsOfWhatIsSummarisedWithoutACentroid() {
    Signature wide =
        new Signature(
            List.of(tensor("e", DataType.FP32, -1, 200)),
            List.of(tensor("y", DataType.FP32, -1, 1)));
    TapLayout layout = TapPlanner.plan(wide, FeatureOptions.NONE).layout();
    VersionTap version = new VersionTap();
    version.watch(layout);
    TapPlan plan = layout.plan(new int[] {0}, new long[] {200}, new int[] {0}, new long[] {1});
    float[] rows = new float[100 * 200];
    for (int row = 0; row < 100; row++) {
      rows[row * 200] = row % 2 == 0 ? 1 : 3;
      rows[row * 200 + 199] = row == 5 ? Float.NaN : -1; // Which is no row to sum.
    }
    MemorySegment[] input = {MemorySegment.ofArray(rows)};
    MemorySegment[] output = {MemorySegment.ofArray(new float[100])};

    LaneTap one = version.lane();
    one.record(plan, request(RequestMarks.NONE), input, output, 0, 0, 40);
    assertThat(version.centroids()).isEmpty();
    one.record(plan, request(RequestMarks.NONE), input, output, 40, 0, 60);
    version.lane().record(plan, request(RequestMarks.NONE), input, output, 10, 0, 80);

    Centroid centroid = version.centroids().getFirst();
    assertThat(version.centroids()).hasSize(1);
    assertThat(centroid.tensor()).isEqualTo("e");
    assertThat(centroid.role()).isEqualTo(Role.INPUT);
    assertThat(centroid.length()).isEqualTo(200);
    assertThat(centroid.mean()[0]).isCloseTo(2, within(.02f));
    assertThat(centroid.mean()[100]).isZero();
    assertThat(centroid.mean()[199]).isEqualTo(-1);
    version.watch(layout);
    assertThat(version.centroids()).isEmpty();
  }

  @Test
  void saysThatAnOutputWhichARequestDoesNotAskForWasNotObserved() {
    TapLayout layout = TapPlanner.plan(TABLE, FeatureOptions.NONE).layout();
    VersionTap version = new VersionTap();
    version.watch(layout);
    LaneTap tap = version.lane();
    tap.record(
        layout.plan(new int[] {0}, new long[] {3}, new int[] {1}, new long[] {2}),
        request(RequestMarks.NONE),
        new MemorySegment[] {MemorySegment.ofArray(new float[] {1, 2, 3})},
        new MemorySegment[] {MemorySegment.ofArray(new float[] {4, 5})},
        0,
        0,
        1);
    tap.publish();

    long[] row = first(version);

    assertThat(number(layout, row, 2)).isEqualTo(3);
    assertThat(row[RecordLayout.HEADER + 2])
        .isEqualTo(Encoding.LONG.unobserved()); // Behind 1, 2 and 3.
    assertThat(number(layout, row, 5)).isEqualTo(5);
    assertThat(row[RecordLayout.GROUP])
        .isEqualTo(RecordLayout.ARRIVAL | RecordLayout.SOME_UNOBSERVED);
  }

  private static InferenceRequest request(RequestMarks marks) {
    return new InferenceRequest(
        "m", "", "", List.of(), List.of(), RequestTerms.NONE, marks, System.nanoTime());
  }

  private static long[] record(TapLayout layout, float[] input, float[] output) {
    VersionTap version = new VersionTap();
    version.watch(layout);
    LaneTap tap = version.lane();
    tap.record(
        layout.plan(
            new int[] {0}, new long[] {input.length}, new int[] {0}, new long[] {output.length}),
        request(new RequestMarks(77, List.of())),
        new MemorySegment[] {MemorySegment.ofArray(input)},
        new MemorySegment[] {MemorySegment.ofArray(output)},
        0,
        0,
        1);
    tap.publish();
    long[] row = first(version);
    assertThat(row[RecordLayout.TIME]).isEqualTo(77);
    return row;
  }

  private static long[] first(VersionTap version) {
    RecordRing ring = version.rings().getFirst();
    int[] offsets = new int[4];
    assertThat(ring.read(offsets)).isEqualTo(1);
    return Arrays.copyOfRange(ring.readable(), offsets[0], offsets[0] + ring.width());
  }

  private static double number(TapLayout layout, long[] row, int feature) {
    return Records.number(layout.records(), row, RecordLayout.HEADER, feature);
  }
}
