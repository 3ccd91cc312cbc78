package dev.skeg.runtime.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class JsonTensorWriterTest {
  @Test
  void floatsOfAnyBitsAreTheShortestTextThatReadsBackAsThem() throws IOException {
    Random random = new Random(1);
    float[] values = new float[10_000];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.intBitsToFloat(random.nextInt());
    }
    values[0] = Float.MIN_VALUE;
    values[1] = -Float.MAX_VALUE;
    values[2] = -0.0f;
    values[3] = Float.NaN;
    values[4] = Float.NEGATIVE_INFINITY;
    String expected =
        IntStream.range(0, values.length)
            .mapToObj(i ->
                Float.isFinite(values[i]) ? Float.toString(values[i]) : "\"" + values[i] + "\"")
            .collect(Collectors.joining(",", "[", "]"));

    String written = written(DataType.FP32, values.length, MemorySegment.ofArray(values));

    assertThat(written).isEqualTo(expected);
  }

  @Test
  void doublesOfAnyBitsAreTheShortestTextThatReadsBackAsThem() throws IOException {
    Random random = new Random(2);
    double[] values =
        DoubleStream.concat(
                DoubleStream.of(
                    Double.MIN_VALUE,
                    -Double.MAX_VALUE,
                    -Double.MIN_NORMAL, // Of 24 characters, as none has more.
                    -0.0,
                    Double.NaN,
                    Double.POSITIVE_INFINITY),
                random.longs(10_000).mapToDouble(Double::longBitsToDouble))
            .toArray();
    String expected =
        DoubleStream.of(values)
            .mapToObj(
                value -> Double.isFinite(value) ? Double.toString(value) : "\"" + value + "\"")
            .collect(Collectors.joining(",", "[", "]"));

    String written = written(DataType.FP64, values.length, MemorySegment.ofArray(values));

    assertThat(written).isEqualTo(expected);
  }

  private static String written(DataType type, int size, MemorySegment data) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = Json.factory(8, 100).createGenerator(bytes)) {
      JsonTensorWriter.write(json, new Tensor("y", type, Shape.of(size), data));
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
