package dev.skeg.runtime.ragged;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.model.TensorLayouts;
import inference.ModelConfigOuterClass.BatchInput.Kind;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the server makes of the shape of one request's input, as Triton does for a batch of one. */
final class GeneratedInputTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          BATCH_ELEMENT_COUNT                       | 1,3   | 1   | 3
          BATCH_ELEMENT_COUNT                       | 2,3,4 | 1   | 24
          BATCH_ELEMENT_COUNT                       | 1,0   | 1   | 0
          BATCH_ACCUMULATED_ELEMENT_COUNT           | 2,3   | 1   | 6
          BATCH_ACCUMULATED_ELEMENT_COUNT_WITH_ZERO | 2,3   | 2   | 0,6
          BATCH_MAX_ELEMENT_COUNT_AS_SHAPE          | 2,2   | 4   | 0,0,0,0
          BATCH_ITEM_SHAPE                          | 2,3,1 | 2,2 | 3,1,3,1
          BATCH_ITEM_SHAPE                          | 1,2,2 | 1,2 | 2,2
          BATCH_ITEM_SHAPE_FLATTEN                  | 2,3,1 | 4   | 3,1,3,1
          BATCH_ITEM_SHAPE_FLATTEN                  | 1,5   | 1   | 5
          """)
  void eachKindIsWhatTritonMakesOfABatchOfOneRequest(
      Kind kind, String given, String shape, String values) {
    for (DataType type : List.of(DataType.FP32, DataType.INT32)) {
      GeneratedInput input = new GeneratedInput("made", type, kind, "x");

      try (Arena memory = Arena.ofConfined()) {
        Tensor made = input.tensor(shape(given), memory);

        assertThat(made.name()).isEqualTo("made");
        assertThat(made.type()).isEqualTo(type);
        assertThat(made.shape()).isEqualTo(shape(shape));
        assertThat(values(made))
            .isEqualTo(Arrays.stream(values.split(",")).map(Long::valueOf).toList());
      }
    }
  }

  @Test
  void rowsOfNoDimensionHaveAShapeWithoutNumbers() {
    GeneratedInput input = new GeneratedInput("made", DataType.INT32, Kind.BATCH_ITEM_SHAPE, "x");

    try (Arena memory = Arena.ofConfined()) {
      assertThat(input.tensor(Shape.of(3), memory).shape()).isEqualTo(Shape.of(3, 0));
    }
  }

  @Test
  void hasNoOtherType() {
    assertThatThrownBy(
            () -> new GeneratedInput("made", DataType.INT64, Kind.BATCH_ELEMENT_COUNT, "x"))
        .hasMessageContaining("INT64 (expected: FP32 or INT32)");
  }

  private static Shape shape(String dims) {
    return Shape.of(Arrays.stream(dims.split(",")).mapToLong(Long::parseLong).toArray());
  }

  private static List<Long> values(Tensor tensor) {
    List<Long> values = new ArrayList<>();
    for (long at = 0; at < tensor.data().byteSize(); at += Integer.BYTES) {
      values.add(
          tensor.type() == DataType.FP32
              ? (long) tensor.data().get(TensorLayouts.FLOAT, at)
              : (long) tensor.data().get(TensorLayouts.INT, at));
    }
    return values;
  }
}
