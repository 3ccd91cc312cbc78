package dev.skeg.runtime.backend.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.runtime.backend.Backend;
import dev.skeg.runtime.backend.BackendModel;
import dev.skeg.runtime.backend.LoadOptions;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.model.TensorSpec;
import dev.skeg.runtime.testing.OnnxModels;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The binding gives, bit for bit, what the engine's official API gives. */
final class ParityTest {
  private static final Path EXAMPLES = Path.of("..", "examples", "models");
  private static final int ROWS = 5;

  @TempDir static Path directory;

  private static Backend binding;
  private static Backend official;

  @BeforeAll
  static void start() {
    binding = new OnnxRuntimeBackend(directory);
    official = new OfficialApiBackend();
  }

  @AfterAll
  static void stop() {
    binding.close();
    official.close();
  }

  @ParameterizedTest
  @EnumSource(
      value = DataType.class,
      mode = EnumSource.Mode.EXCLUDE,
      names = {"UINT16", "UINT32", "UINT64"})
  void everyDatatypeThatTheOfficialApiCarries(DataType type) throws IOException {
    agree(write(OnnxModels.identity(List.of(type), "n", 3)), 11);
  }

  static Stream<Arguments> models() {
    return Stream.of(
        Arguments.of("dense", OnnxModels.dense(32, 8)),
        Arguments.of("mean over rows", OnnxModels.meanOverRows()),
        Arguments.of("scalar", OnnxModels.scalar()),
        Arguments.of("gather", OnnxModels.gather()),
        Arguments.of("beside a sequence", OnnxModels.sequenceOutput()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("models")
  void modelsOfEveryKind(String name, byte[] file) throws IOException {
    agree(write(file), name.hashCode());
  }

  @ParameterizedTest
  @MethodSource("examples")
  void theExampleModels(String model) {
    agree(EXAMPLES.resolve(model).resolve("1").resolve("model.onnx"), model.hashCode());
  }

  static Stream<String> examples() {
    return Stream.of("loan", "digits", "sentiment");
  }

  private static void agree(Path file, long seed) {
    LoadOptions options = new LoadOptions(file, 1);
    try (BackendModel ours = binding.load(options);
        BackendModel theirs = official.load(options)) {
      assertThat(ours.signature()).isEqualTo(theirs.signature());
      List<Tensor> inputs = new ArrayList<>();
      SplittableRandom random = new SplittableRandom(seed);
      for (TensorSpec spec : ours.signature().inputs()) {
        inputs.add(random(spec, random));
      }
      int[] outputs = new int[ours.signature().outputs().size()];
      Arrays.setAll(outputs, i -> i);

      try (InferenceOutputs actual = ours.run(inputs, outputs);
          InferenceOutputs expected = theirs.run(inputs, outputs)) {
        for (int i = 0; i < outputs.length; i++) {
          assertThat(actual.get(i).shape()).isEqualTo(expected.get(i).shape());
          assertThat(bytes(actual.get(i)))
              .as("seed %d, output %s", seed, expected.get(i).name())
              .isEqualTo(bytes(expected.get(i)));
        }
      }
    }
  }

  private static byte[] bytes(Tensor tensor) {
    return tensor.data().toArray(ValueLayout.JAVA_BYTE);
  }

  /** Small whole numbers: an index, an attribute or a pixel alike. */
  private static Tensor random(TensorSpec spec, SplittableRandom random) {
    long[] dims = spec.shape().toArray();
    for (int i = 0; i < dims.length; i++) {
      dims[i] = dims[i] == Shape.VARIABLE ? ROWS : dims[i];
    }
    Shape shape = Shape.of(dims);
    int elements = Math.toIntExact(shape.elementCount());
    byte[] data;
    if (spec.type() == DataType.BYTES) {
      String[] texts = new String[elements];
      Arrays.setAll(texts, i -> "good é " + random.nextInt(1000));
      data = OnnxModels.wireStrings(texts);
    } else {
      ByteBuffer buffer =
          ByteBuffer.allocate(elements * spec.type().size()).order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < elements; i++) {
        int value = random.nextInt(2);
        switch (spec.type()) {
          case BOOL, UINT8, INT8 -> buffer.put((byte) value);
          case UINT16, INT16 -> buffer.putShort((short) value);
          case FP16 -> buffer.putShort(Float.floatToFloat16(value * 0.5f));
          case BF16 -> buffer.putShort((short) (Float.floatToIntBits(value * 0.5f) >>> 16));
          case UINT32, INT32 -> buffer.putInt(value);
          case UINT64, INT64 -> buffer.putLong(value);
          case FP32 -> buffer.putFloat(value + random.nextInt(8) / 8f);
          case FP64 -> buffer.putDouble(value + random.nextInt(8) / 8.0);
          case BYTES -> throw new IllegalStateException("handled above");
        }
      }
      data = buffer.array();
    }
    return new Tensor(spec.name(), spec.type(), shape, MemorySegment.ofArray(data));
  }

  private static Path write(byte[] file) throws IOException {
    Path path = Files.createTempFile(directory, "model", ".onnx");
    Files.write(path, file);
    return path;
  }
}
