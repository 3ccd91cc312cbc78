package dev.skeg.runtime.backend.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.runtime.backend.BackendModel;
import dev.skeg.runtime.backend.LoadOptions;
import dev.skeg.runtime.backend.UnsupportedOutput;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.model.TensorSpec;
import dev.skeg.runtime.testing.Engine;
import dev.skeg.runtime.testing.OnnxGraph;
import dev.skeg.runtime.testing.OnnxModels;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Real models on the real engine, through the binding. */
final class OnnxModelTest {
  private static final List<DataType> ALL = List.of(DataType.values());

  @RegisterExtension static final Engine ENGINE = new Engine();

  @ParameterizedTest
  @EnumSource(DataType.class)
  void givesBackEveryDatatypeBitForBitFromTheHeapAndMisaligned(DataType type) throws IOException {
    byte[] data =
        type == DataType.BYTES
            ? OnnxModels.wireStrings(
                new byte[] {0, (byte) 0xff, 'a', 0}, new byte[0], utf8("😀é"), utf8("x"))
            : bytes(4 * type.size(), 7, type);
    try (BackendModel model = load(OnnxModels.identity(List.of(type), "n", 2));
        Arena arena = Arena.ofConfined()) {
      MemorySegment misaligned = arena.allocate(data.length + 1L).asSlice(1);
      misaligned.copyFrom(MemorySegment.ofArray(data));

      for (MemorySegment segment : List.of(MemorySegment.ofArray(data), misaligned)) {
        Tensor input =
            new Tensor(model.signature().inputs().getFirst().name(), type, Shape.of(2, 2), segment);
        try (InferenceOutputs outputs = model.run(List.of(input), new int[] {0})) {
          assertThat(outputs.get(0).type()).isEqualTo(type);
          assertThat(outputs.get(0).shape()).isEqualTo(Shape.of(2, 2));
          assertThat(outputs.get(0).data().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(data);
        }
      }
    }
  }

  @Test
  void tellsWhatTheFileSaysOfItself() throws IOException {
    byte[] file = OnnxModels.withMetadata(OnnxModels.dense(3, 2), "names", "[\"größe\",\"😀\"]");
    file = OnnxModels.withMetadata(file, "empty", "");
    BackendModel model = load(file);
    try (model) {
      assertThat(model.metadata("names")).contains("[\"größe\",\"😀\"]");
      assertThat(model.metadata("empty")).contains("");
      assertThat(model.metadata("Names")).isEmpty();
    }

    assertThat(model.metadata("names")).isEmpty();
    try (BackendModel silent = load(OnnxModels.dense(3, 2))) {
      assertThat(silent.metadata("names")).isEmpty();
    }
  }

  @Test
  void readsOfALongTextOfTheFileNoMoreThanItsBeginning() throws IOException {
    String longest = "a".repeat(BackendModel.MAX_METADATA_BYTES);
    byte[] file = OnnxModels.withMetadata(OnnxModels.dense(3, 2), "fits", longest);
    file = OnnxModels.withMetadata(file, "long", longest.repeat(4) + "z");

    try (BackendModel model = load(file)) {
      assertThat(model.metadata("fits")).contains(longest);
      assertThat(model.metadata("long")).contains(longest);
    }
  }

  @Test
  void zeroSizedTensorsGoThroughWithEveryDatatype() throws IOException {
    try (BackendModel model = load(OnnxModels.identity(ALL, "n", 2))) {
      List<Tensor> inputs = new ArrayList<>();
      for (TensorSpec spec : model.signature().inputs()) {
        inputs.add(
            new Tensor(
                spec.name(), spec.type(), Shape.of(0, 2), MemorySegment.ofArray(new byte[0])));
      }

      try (InferenceOutputs outputs = model.run(inputs, new int[] {0, 5, 12})) {
        assertThat(outputs.size()).isEqualTo(3);
        assertThat(outputs.get(2).shape()).isEqualTo(Shape.of(0, 2));
        assertThat(outputs.get(2).data().byteSize()).isZero();
      }
    }
  }

  @Test
  void describesNamesTypesAndShapes() throws IOException {
    try (BackendModel model = load(OnnxModels.dense(3, 2))) {
      assertThat(model.signature().inputs())
          .containsExactly(new TensorSpec("x", DataType.FP32, Shape.of(-1, 3), false));
      assertThat(model.signature().outputs())
          .containsExactly(new TensorSpec("y", DataType.FP32, Shape.of(-1, 2), false));
      assertThat(model.hasCommonFirstDimension()).isTrue();
    }
  }

  @Test
  void scalarsHaveNoDimension() throws IOException {
    try (BackendModel model = load(OnnxModels.scalar());
        InferenceOutputs outputs =
            model.run(List.of(floats("x", Shape.of(), 2.5f)), new int[] {0})) {
      assertThat(outputs.get(0).shape()).isEqualTo(Shape.of());
      assertThat(outputs.get(0).data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0)).isEqualTo(5f);
      assertThat(model.hasCommonFirstDimension()).isFalse();
    }
  }

  @Test
  void anInputWithADefaultMayBeLeftOut() throws IOException {
    try (BackendModel model = load(OnnxModels.optionalInput())) {
      assertThat(model.signature().inputs())
          .contains(new TensorSpec("bias", DataType.FP32, Shape.of(1), true));

      assertThat(run(model, floats("x", Shape.of(2), 1f, 2f))).containsExactly(2f, 3f);
      assertThat(run(model, floats("x", Shape.of(2), 1f, 2f), floats("bias", Shape.of(1), 10f)))
          .containsExactly(11f, 12f);
    }
  }

  @Test
  void anOutputThatIsNoTensorIsNamedAndTheOthersAreReturned() throws IOException {
    try (BackendModel model = load(OnnxModels.sequenceOutput())) {
      assertThat(model.unsupportedOutputs())
          .containsExactly(new UnsupportedOutput("pair", "a sequence of tensors of FP32"));
      assertThat(run(model, floats("x", Shape.of(2), 1f, 2f))).containsExactly(1f, 2f);
    }
  }

  @Test
  void aFailingRunCarriesTheEnginesMessageAndTheModelLivesOn() throws IOException {
    try (BackendModel model = load(OnnxModels.gather())) {
      Tensor good = longs("index", Shape.of(1), 2);

      assertThatThrownBy(() -> model.run(List.of(longs("index", Shape.of(1), 7)), new int[] {0}))
          .isInstanceOf(ServingException.class)
          .hasMessageContaining("indices element out of data bounds");
      try (InferenceOutputs outputs = model.run(List.of(good), new int[] {0})) {
        assertThat(outputs.get(0).shape()).isEqualTo(Shape.of(1));
        assertThat(outputs.inputNanos()).isPositive();
        assertThat(outputs.outputNanos()).isPositive();
      }
    }
  }

  @Test
  void aFileThatIsNoModelIsRefusedWithTheEnginesMessage() {
    assertThatThrownBy(() -> load(utf8("not a model")))
        .isInstanceOf(ServingException.class)
        .hasMessageContaining("Protobuf parsing failed");
  }

  @Test
  void manyThreadsRunOneSessionAtOnce() throws Exception {
    try (BackendModel model = load(OnnxModels.dense(3, 2));
        ExecutorService threads = Executors.newFixedThreadPool(16)) {
      float[] expected = run(model, floats("x", Shape.of(1, 3), 1f, -2f, 3f));
      List<Future<Integer>> wrong = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        wrong.add(
            threads.submit(() -> {
              int differing = 0;
              for (int run = 0; run < 500; run++) {
                float[] actual = run(model, floats("x", Shape.of(1, 3), 1f, -2f, 3f));
                differing += Arrays.equals(actual, expected) ? 0 : 1;
              }
              return differing;
            }));
      }
      for (Future<Integer> each : wrong) {
        assertThat(each.get()).isZero();
      }
    }
  }

  @Test
  void largeInputsOnTheHeapAreCopiedWhole() throws IOException {
    float[] values = new float[1_000_000];
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble();
    }
    try (BackendModel model = load(OnnxModels.identity(List.of(DataType.FP32), "n"))) {
      assertThat(run(model, floats("fp32_in", Shape.of(values.length), values))).isEqualTo(values);
    }
  }

  @Test
  void outputsDoNotLieInTheCallersInputEvenWhenTheGraphAnswersWithItsInput() throws IOException {
    for (byte[] file :
        List.of(OnnxModels.passThrough(), OnnxModels.identity(List.of(DataType.FP32), "n"))) {
      try (BackendModel model = load(file);
          Arena arena = Arena.ofConfined()) {
        String name = model.signature().inputs().getFirst().name();
        MemorySegment data = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1f, 2f);
        Tensor input = new Tensor(name, DataType.FP32, Shape.of(2), data);

        try (InferenceOutputs outputs = model.run(List.of(input), new int[] {0})) {
          data.fill((byte) 0);

          assertThat(outputs.get(0).data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED))
              .containsExactly(1f, 2f);
        }
      }
    }
  }

  @Test
  void outputsOutliveTheirModel() throws IOException {
    for (byte[] file : List.of(OnnxModels.dense(3, 2), OnnxModels.constant(2, 5))) {
      InferenceOutputs outputs;
      byte[] before;
      try (BackendModel model = load(file)) {
        List<Tensor> inputs =
            model.signature().inputs().isEmpty()
                ? List.of()
                : List.of(floats("x", Shape.of(1, 3), 1f, -2f, 3f));
        outputs = model.run(inputs, new int[] {0});
        before = outputs.get(0).data().toArray(ValueLayout.JAVA_BYTE);
      }

      assertThat(outputs.get(0).data().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(before);
      outputs.close();
      outputs.close();
    }
  }

  @Test
  void aClassifierNamesItsSequenceOfMapsAndReturnsItsTensors() throws IOException {
    try (BackendModel model = load(OnnxModels.classifier());
        InferenceOutputs outputs =
            model.run(List.of(floats("x", Shape.of(2, 2), 3f, 1f, 1f, 3f)), new int[] {0})) {
      assertThat(model.unsupportedOutputs().getFirst().reason())
          .startsWith("a sequence of maps from INT64 to ")
          .contains("FP32");
      assertThat(outputs.get(0).data().toArray(ValueLayout.JAVA_LONG_UNALIGNED))
          .containsExactly(7, 9);
    }
  }

  @Test
  void modelsThatTheProtocolCannotCarryAreRefusedWithWhatTheyAre() {
    assertThatThrownBy(() -> load(OnnxModels.sequenceOutputOnly()))
        .isInstanceOf(ServingException.class)
        .hasMessageContaining("no output that can be returned")
        .hasMessageContaining("'probabilities' is a sequence of maps");
    assertThatThrownBy(() -> load(OnnxModels.eightBitFloatInput()))
        .isInstanceOf(ServingException.class)
        .hasMessageContaining("input 'x' is a tensor of float8e4m3fn");
    assertThatThrownBy(() -> load(OnnxModels.unknownOperator()))
        .isInstanceOf(ServingException.class)
        .hasMessageContaining("No Op registered for NoSuchOperator");
    assertThatThrownBy(() -> load(OnnxModels.truncated()))
        .isInstanceOf(ServingException.class)
        .hasMessageContaining("Protobuf parsing failed");
  }

  @Test
  void stringsReachTheModelByteForByte() throws IOException {
    try (BackendModel model = load(OnnxModels.lookup("a", "😀", "é"))) {
      byte[] wire = OnnxModels.wireStrings("😀", "a", "b", "é");
      Tensor text = new Tensor("text", DataType.BYTES, Shape.of(4), MemorySegment.ofArray(wire));
      try (InferenceOutputs outputs = model.run(List.of(text), new int[] {0})) {
        assertThat(outputs.get(0).data().toArray(ValueLayout.JAVA_LONG_UNALIGNED))
            .containsExactly(1, 0, -1, 2);
      }
    }
  }

  @Test
  void weightsInAFileOfTheirOwnAreMappedWhereTheyAreToBeShared() throws IOException {
    int in = 2048;
    int out = 4096;
    Path version = Files.createTempDirectory(ENGINE.directory(), "version");
    try (RandomAccessFile weights =
        new RandomAccessFile(version.resolve("weights").toFile(), "rw")) {
      weights.setLength(4L * in * out); // Zeros.
      weights.write(new byte[] {0, 0, (byte) 0x80, 0x3f}); // And a one.
    }
    Path path = version.resolve("model.onnx");
    Files.write(
        path,
        new OnnxGraph()
            .input("x", DataType.FP32, "n", in)
            .output("y", DataType.FP32, "n", out)
            .external("w", "weights", in, out)
            .node("MatMul", List.of("x", "w"), List.of("y"))
            .build());
    float[] row = new float[in];
    row[0] = 3;
    Tensor x = floats("x", Shape.of(1, in), row);

    long before = anonymousMebibytes();
    try (BackendModel own = ENGINE.backend().load(new LoadOptions(path, 1))) {
      long copied = anonymousMebibytes() - before;
      try (BackendModel one = ENGINE.backend().load(new LoadOptions(path, 1, true));
          BackendModel two = ENGINE.backend().load(new LoadOptions(path, 1, true))) {
        assertThat(copied).isGreaterThan(28);
        assertThat(anonymousMebibytes() - before - copied).isLessThan(12);
        assertThat(run(one, x)).startsWith(3, 0).isEqualTo(run(own, x)).isEqualTo(run(two, x));
      }
    }
  }

  private static long anonymousMebibytes() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(line -> line.startsWith("RssAnon:"))
            .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
            .sum()
        >> 10;
  }

  private static BackendModel load(byte[] file) throws IOException {
    Path path = Files.createTempFile(ENGINE.directory(), "model", ".onnx");
    Files.write(path, file);
    return ENGINE.backend().load(new LoadOptions(path, 1));
  }

  private static float[] run(BackendModel model, Tensor... inputs) {
    try (InferenceOutputs outputs = model.run(List.of(inputs), new int[] {0})) {
      return outputs.get(0).data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
    }
  }

  private static Tensor floats(String name, Shape shape, float... values) {
    return new Tensor(name, DataType.FP32, shape, MemorySegment.ofArray(values));
  }

  private static Tensor longs(String name, Shape shape, long... values) {
    return new Tensor(name, DataType.INT64, shape, MemorySegment.ofArray(values));
  }

  private static byte[] bytes(int length, long seed, DataType type) {
    byte[] bytes = new byte[length];
    new SplittableRandom(seed).nextBytes(bytes);
    if (type == DataType.BOOL) {
      for (int i = 0; i < length; i++) {
        bytes[i] &= 1;
      }
    }
    return bytes;
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
