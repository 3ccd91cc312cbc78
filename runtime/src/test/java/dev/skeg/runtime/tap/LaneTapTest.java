package dev.skeg.runtime.tap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.skeg.monitor.record.CategoryHash;
import dev.skeg.monitor.record.RecordLayout;
import dev.skeg.monitor.record.RecordLayout.Encoding;
import dev.skeg.monitor.record.RecordRing;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.HeapOutputs;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.RequestMarks;
import dev.skeg.runtime.model.RequestTerms;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Signature;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.model.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a lane has answered, as its ring has it. */
final class LaneTapTest {
  private static final int[] FIRST = {0};

  private final VersionTap version = new VersionTap();

  private static TensorSpec spec(String name, DataType type, long... shape) {
    return new TensorSpec(name, type, Shape.of(shape), false);
  }

  private static TapLayout layout(double sample, TensorSpec input, TensorSpec output) {
    return layout(sample, List.of(input), List.of(output));
  }

  private static TapLayout layout(
      double sample, List<TensorSpec> inputs, List<TensorSpec> outputs) {
    return TapPlanner.plan(
            new Signature(inputs, outputs),
            new FeatureOptions(
                "",
                List.of(),
                List.of(),
                DeclaredFeatures.NONE,
                List.of(),
                List.of(),
                sample,
                "",
                List.of()))
        .layout();
  }

  private static InferenceRequest request(String id) {
    return new InferenceRequest(
        "m", "", id, List.of(), List.of(), RequestTerms.NONE, new RequestMarks(77, List.of()), 0);
  }

  private static Tensor texts(String name, int columns, String... texts) {
    ByteBuffer bytes = ByteBuffer.allocate(1 << 12).order(ByteOrder.LITTLE_ENDIAN);
    for (String text : texts) {
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      bytes.putInt(utf8.length).put(utf8);
    }
    byte[] data = Arrays.copyOf(bytes.array(), bytes.position());
    return new Tensor(
        name,
        DataType.BYTES,
        Shape.of(texts.length / columns, columns),
        MemorySegment.ofArray(data));
  }

  private List<long[]> rows() {
    List<long[]> rows = new ArrayList<>();
    int[] offsets = new int[64];
    for (RecordRing ring : version.rings()) {
      int count = ring.read(offsets);
      for (int i = 0; i < count; i++) {
        int first = offsets[i] + RecordLayout.HEADER;
        rows.add(Arrays.copyOfRange(ring.readable(), first, offsets[i] + ring.width()));
      }
      ring.free(count);
    }
    return rows;
  }

  @Test
  void readsEveryRowsTextsAlsoBehindRowsThatAreNotInTheSample() {
    for (double sample : new double[] {1, .5}) {
      TapLayout layout =
          layout(sample, spec("x", DataType.BYTES, -1, 2), spec("y", DataType.BYTES, -1, 1));
      version.watch(layout);
      LaneTap tap = version.lane();
      String[] inputs = new String[40];
      Arrays.setAll(inputs, i -> "in".repeat(i % 5) + i);
      String[] outputs = new String[20];
      Arrays.setAll(outputs, i -> "out".repeat(i % 3) + i);

      tap.record(
          layout,
          request("some id"),
          List.of(texts("x", 2, inputs)),
          new HeapOutputs(List.of(texts("y", 1, outputs))),
          0);
      tap.publish();

      List<long[]> rows = rows();
      assertThat(rows).hasSizeBetween(sample < 1 ? 4 : 20, sample < 1 ? 16 : 20);
      List<Long> answered = Arrays.stream(outputs).map(CategoryHash::of).toList();
      for (long[] row : rows) {
        int index = answered.indexOf(row[4]); // Behind two texts and their lengths.
        assertThat(index).isNotNegative();
        assertThat(row)
            .startsWith(
                CategoryHash.of(inputs[2 * index]),
                inputs[2 * index].length(),
                CategoryHash.of(inputs[2 * index + 1]),
                inputs[2 * index + 1].length());
      }
    }
  }

  @Test
  void saysThatAnOutputWhichWasNotAnsweredWasNotObserved() {
    TapLayout layout =
        layout(1, spec("x", DataType.BYTES, -1, 1), spec("y", DataType.BYTES, -1, 1));
    version.watch(layout);
    LaneTap tap = version.lane();
    Tensor input = texts("x", 1, "a");

    tap.record(layout, request(""), List.of(input), new HeapOutputs(List.of()), 0);
    tap.record(layout, request(""), List.of(), new HeapOutputs(List.of(texts("y", 1, "b"))), 0);
    tap.publish();

    RecordRing ring = version.rings().getFirst();
    int[] offsets = new int[4];
    assertThat(ring.read(offsets)).isEqualTo(2);
    int output = RecordLayout.HEADER + 2; // Behind a text and its length.
    assertThat(ring.readable()[offsets[0] + output]).isEqualTo(Encoding.CATEGORY.unobserved());
    assertThat(ring.readable()[offsets[0] + RecordLayout.GROUP])
        .isEqualTo(RecordLayout.SOME_UNOBSERVED);
    assertThat(ring.readable()[offsets[1] + output]).isEqualTo(CategoryHash.of("b"));
    assertThat(ring.readable()[offsets[1] + RecordLayout.HEADER]).isEqualTo(CategoryHash.MISSING);
    assertThat(ring.readable()[offsets[1] + RecordLayout.GROUP]).isZero();
  }

  @Test
  void summarisesRowsInASlotByTheLengthThatTheyHaveThere() {
    TapLayout layout = layout(1, spec("x", DataType.FP32, -1, -1), spec("y", DataType.FP32, -1, 1));
    version.watch(layout);
    LaneTap tap = version.lane();

    tap.record(
        layout.plan(FIRST, new long[] {4}, FIRST, new long[] {1}),
        request(""),
        new MemorySegment[] {
          MemorySegment.ofArray(new float[] {9, 9, 9, 9, 1, 1, 1, 5, 3, 3, 3, 3})
        },
        new MemorySegment[] {MemorySegment.ofArray(new float[] {7, 8, 9})},
        1,
        0,
        2);
    tap.publish();

    List<long[]> rows = rows();
    assertThat(rows).hasSize(2);
    assertThat(number(layout, rows.get(0), 1)).isEqualTo(2);
    assertThat(number(layout, rows.get(0), 4)).isEqualTo(5);
    assertThat(number(layout, rows.get(0), 13)).isEqualTo(8);
    assertThat(number(layout, rows.get(1), 0)).isEqualTo(6);
    assertThat(number(layout, rows.get(1), 13)).isEqualTo(9);
  }

  @Test
  void looksAtAllChannelsOfAnImage() {
    int pixels = 224 * 224;
    float[] image = new float[3 * pixels];
    for (int i = 0; i < image.length; i++) {
      image[i] = i % 3; // Red, green and blue differ.
    }
    TapLayout layout =
        layout(1, spec("x", DataType.FP32, -1, 224, 224, 3), spec("y", DataType.FP32, -1, 1));
    version.watch(layout);
    LaneTap tap = version.lane();

    tap.record(
        layout.plan(FIRST, new long[] {image.length}, FIRST, new long[] {1}),
        request(""),
        new MemorySegment[] {MemorySegment.ofArray(image)},
        new MemorySegment[] {MemorySegment.ofArray(new float[] {1})},
        0,
        0,
        1);
    tap.publish();

    long[] row = rows().getFirst();
    assertThat(number(layout, row, 0)).isCloseTo(Math.sqrt(pixels * 5.0), within(1.0));
    assertThat(number(layout, row, 1)).isCloseTo(1, within(.01));
    assertThat(number(layout, row, 3)).isEqualTo(0);
    assertThat(number(layout, row, 4)).isEqualTo(2);
    for (int block = 0; block < 8; block++) {
      assertThat(number(layout, row, 5 + block)).isCloseTo(1, within(.02));
    }
  }

  @Test
  void countsRowsThatItCannotRecordAndGoesOn() {
    TapLayout layout = layout(1, spec("x", DataType.FP32, -1, 3), spec("y", DataType.FP32, -1, 1));
    version.watch(layout);
    LaneTap tap = version.lane();
    TapPlan plan = layout.plan(FIRST, new long[] {3}, FIRST, new long[] {1});
    MemorySegment[] inputs = {MemorySegment.ofArray(new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9})};
    MemorySegment[] tooShort = {MemorySegment.ofArray(new float[] {10})};
    MemorySegment[] outputs = {MemorySegment.ofArray(new float[] {10, 20, 30})};

    tap.record(plan, request("a"), inputs, tooShort, 0, 0, 3);
    tap.record(plan, request("b"), inputs, outputs, 2, 0, 1);
    tap.publish();

    List<long[]> rows = rows();
    assertThat(rows).hasSize(2);
    assertThat(number(layout, rows.get(0), 3)).isEqualTo(10);
    assertThat(number(layout, rows.get(1), 0)).isEqualTo(7);
    assertThat(number(layout, rows.get(1), 3)).isEqualTo(30);
    assertThat(version.failures()).isEqualTo(1);
    assertThat(version.takeLost()).isEqualTo(2);
  }

  /** Two of them share a word of a record, and rows of odd lengths begin in its upper half. */
  @Test
  void readsRowsOfFloatsWhereverTheyBeginAndInWhateverOrder() {
    TapLayout layout =
        layout(
            1,
            List.of(spec("a", DataType.FP32, -1, 3), spec("b", DataType.FP32, -1, 4)),
            List.of(
                spec("n", DataType.INT64, -1),
                spec("c", DataType.FP16, -1, 1),
                spec("d", DataType.FP32, -1, 2)));
    version.watch(layout);
    LaneTap tap = version.lane();
    TapPlan plan =
        layout.plan(new int[] {1, 0}, new long[] {4, 3}, new int[] {2, 1, 0}, new long[] {2, 1, 1});

    tap.record(
        plan,
        request(""),
        new MemorySegment[] {
          MemorySegment.ofArray(new float[] {4, 5, Float.NaN, 7, -4, -5, -6, -7}),
          MemorySegment.ofArray(new float[] {1, 2, 3, -1, -2, -3})
        },
        new MemorySegment[] {
          MemorySegment.ofArray(new float[] {10, 11, -10, -11}),
          MemorySegment.ofArray(
              new short[] {Float.floatToFloat16(9), Float.floatToFloat16(Float.NaN)}),
          MemorySegment.ofArray(new long[] {8, -8})
        },
        0,
        0,
        2);
    tap.publish();

    double[][] expected = {
      {1, 2, 3, 4, 5, Double.NaN, 7, 8, 9, 10, 11},
      {-1, -2, -3, -4, -5, -6, -7, -8, Double.NaN, -10, -11}
    };
    List<long[]> rows = rows();
    assertThat(rows).hasSize(2);
    for (int row = 0; row < 2; row++) {
      double[] actual = new double[11];
      for (int feature = 0; feature < actual.length; feature++) {
        actual[feature] = number(layout, rows.get(row), feature);
      }
      assertThat(actual).isEqualTo(expected[row]);
    }
    assertThat(rows.getFirst()).hasSize(7); // 3½ words of inputs, a whole number, and 1½ words.
  }

  private static double number(TapLayout layout, long[] row, int feature) {
    return Records.number(layout.records(), row, 0, feature);
  }
}
