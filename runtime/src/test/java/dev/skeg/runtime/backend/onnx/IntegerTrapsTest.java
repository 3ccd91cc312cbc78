package dev.skeg.runtime.backend.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.skeg.proto.onnx.AttributeProto;
import dev.skeg.proto.onnx.GraphProto;
import dev.skeg.proto.onnx.ModelProto;
import dev.skeg.proto.onnx.NodeProto;
import dev.skeg.proto.onnx.TensorProto;
import dev.skeg.runtime.backend.BackendModel;
import dev.skeg.runtime.backend.LoadOptions;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.testing.OnnxGraph;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Operators with which a client's numbers can end the process, and that they do. */
final class IntegerTrapsTest {
  @TempDir Path directory;

  private static OnnxGraph twoInputs(DataType type) {
    return new OnnxGraph()
        .operatorSet(14)
        .input("a", type, "n")
        .input("b", type, "n")
        .output("y", type, "n");
  }

  private static List<String> find(OnnxGraph model) throws InvalidProtocolBufferException {
    return IntegerTraps.find(ModelProto.parseFrom(model.build()).getGraph());
  }

  private static NodeProto constant(String name, int type, long... values) {
    TensorProto.Builder tensor = TensorProto.newBuilder().setDataType(type);
    for (long value : values) {
      tensor.addInt64Data(value);
    }
    return NodeProto.newBuilder()
        .setOpType("Constant")
        .addOutput(name)
        .addAttribute(AttributeProto.newBuilder().setName("value").setT(tensor))
        .build();
  }

  /** Returns the graph with a constant of INT64 before its nodes. */
  private static GraphProto with(OnnxGraph model, String name, long... values)
      throws InvalidProtocolBufferException {
    GraphProto graph = ModelProto.parseFrom(model.build()).getGraph();
    return graph.toBuilder()
        .clearNode()
        .addNode(constant(name, TensorProto.DataType.INT64_VALUE, values))
        .addAllNode(graph.getNodeList())
        .build();
  }

  @ParameterizedTest
  @CsvSource({"Div, INT32", "Div, INT64", "Mod, INT32", "Mod, INT64"})
  void aDivisionOfOneInputByAnotherIsFound(String operator, DataType type) throws Exception {
    OnnxGraph model = twoInputs(type).node(operator, List.of("a", "b"), List.of("y"));

    assertThat(find(model))
        .containsExactly(
            "node 'y' ("
                + operator
                + ") divides what comes from input 'a' by what comes from input 'b': the smallest "
                + type
                + " by -1 ends the server's process in ONNX Runtime (expected: a Clip or Max of one"
                + " of them at a constant of 0 or more)");
  }

  @ParameterizedTest
  @EnumSource(
      value = DataType.class,
      names = {"INT8", "INT16", "UINT8", "UINT32", "UINT64", "FP32", "FP64"})
  void otherTypesDoNotTrap(DataType type) throws Exception {
    assertThat(find(twoInputs(type).node("Div", List.of("a", "b"), List.of("y")))).isEmpty();
  }

  @Test
  void theRemainderOfFloatsDoesNotTrap() throws Exception {
    OnnxGraph model =
        twoInputs(DataType.INT64)
            .node("Mod", List.of("a", "b"), List.of("y"), OnnxGraph.integer("fmod", 1));

    assertThat(find(model)).isEmpty();
  }

  @Test
  void operandsAreFollowedThroughOtherOperatorsAndTheirTypes() throws Exception {
    OnnxGraph model =
        new OnnxGraph()
            .input("a", DataType.FP32, "n")
            .input("b", DataType.FP32, "n")
            .output("y", DataType.FP32, "n")
            .node("Cast", List.of("a"), List.of("a1"), OnnxGraph.integer("to", 7))
            .node("Cast", List.of("b"), List.of("b1"), OnnxGraph.integer("to", 7))
            .node("Neg", List.of("b1"), List.of("b2"))
            .node("Div", List.of("a1", "b2"), List.of("q"))
            .node("Cast", List.of("q"), List.of("y"), OnnxGraph.integer("to", 1));

    assertThat(find(model)).singleElement().asString().startsWith("node 'q' (Div)");
  }

  @Test
  void constantsTrapOnlyWhereTheyHoldMinusOne() throws Exception {
    OnnxGraph byConstant =
        new OnnxGraph()
            .input("a", DataType.INT64, "n")
            .output("y", DataType.INT64, "n")
            .node("Div", List.of("a", "k"), List.of("y"));

    assertThat(IntegerTraps.find(with(byConstant, "k", 2, -3, 0))).isEmpty();
    assertThat(IntegerTraps.find(with(byConstant, "k", 2, -1)))
        .singleElement()
        .asString()
        .contains("by a constant -1");
    OnnxGraph ofConstant =
        new OnnxGraph()
            .input("a", DataType.INT64, "n")
            .output("y", DataType.INT64, "n")
            .node("Div", List.of("k", "a"), List.of("y"));
    assertThat(IntegerTraps.find(with(ofConstant, "k", 100))).isEmpty();
  }

  @Test
  void whatCannotBeNegativeIsHarmless() throws Exception {
    OnnxGraph clipped =
        twoInputs(DataType.INT64)
            .node("Clip", List.of("b", "one"), List.of("c"))
            .node("Div", List.of("a", "c"), List.of("y"));
    OnnxGraph shape =
        twoInputs(DataType.INT64)
            .node("Shape", List.of("b"), List.of("c"))
            .node("Div", List.of("a", "c"), List.of("y"));

    assertThat(IntegerTraps.find(with(clipped, "one", 1))).isEmpty();
    assertThat(IntegerTraps.find(with(clipped, "one", -5))).hasSize(1);
    assertThat(find(shape)).isEmpty();
  }

  @Test
  void graphsWithinOperatorsAreLookedThrough() throws Exception {
    GraphProto body =
        GraphProto.newBuilder()
            .addNode(
                NodeProto.newBuilder()
                    .setName("inner")
                    .setOpType("Mod")
                    .addInput("a")
                    .addInput("b")
                    .addOutput("r"))
            .build();
    OnnxGraph model =
        twoInputs(DataType.INT64)
            .node(
                "If",
                List.of("c"),
                List.of("y"),
                AttributeProto.newBuilder()
                    .setName("then_branch")
                    .setType(AttributeProto.AttributeType.GRAPH)
                    .setG(body)
                    .build());

    assertThat(find(model)).singleElement().asString().startsWith("node 'inner' (Mod)");
  }

  @Test
  void aFramesLengthThatComesFromAnInputIsFound() throws Exception {
    OnnxGraph model =
        new OnnxGraph()
            .operatorSet(17)
            .input("a", DataType.FP32, 1, "n", 1)
            .input("l", DataType.INT64)
            .output("y", DataType.FP32, "p", "q", "r", 2)
            .node("STFT", List.of("a", "step", "", "l"), List.of("y"));

    assertThat(IntegerTraps.find(with(model, "step", 2)))
        .containsExactly(
            "node 'y' (STFT) takes its frame's length from input 'l': a length of 0 ends the"
                + " server's process in ONNX Runtime (expected: a constant)");
  }

  @Test
  void noMoreThanAFewAreNamed() throws Exception {
    OnnxGraph model = twoInputs(DataType.INT64);
    for (int i = 0; i < 20; i++) {
      model.node("Div", List.of("a", "b"), List.of("y" + i));
    }

    assertThat(find(model)).hasSize(9).last().asString().startsWith("12 more nodes");
  }

  @Test
  void aLoadedModelSaysSoAndOneWithWeightsIsReadWithoutThem() throws IOException {
    byte[] model =
        twoInputs(DataType.INT64)
            .floats("w", new long[] {300_000}, 1)
            .node("Div", List.of("a", "b"), List.of("y"))
            .build();
    Path file = Files.write(directory.resolve("model.onnx"), model);

    try (OnnxRuntimeBackend backend = new OnnxRuntimeBackend(directory);
        BackendModel loaded = backend.load(new LoadOptions(file, 1))) {
      assertThat(loaded.warnings()).singleElement().asString().contains("input 'b'");
    }
    assertThat(GraphFile.read(file).orElseThrow().getSerializedSize()).isLessThan(1_000);
    Path other = Files.write(directory.resolve("other.onnx"), new byte[] {1, 2, 3, 4, 5});
    assertThat(GraphFile.read(other)).isEmpty();
  }

  /** What the warning says is so; a release of the engine for which it is not needs no warning. */
  @ParameterizedTest
  @CsvSource({"Div, INT64, min", "Mod, INT32, min", "Mod, INT64, min"})
  @EnabledIfSystemProperty(named = "os.arch", matches = "amd64|x86_64")
  void theProcessEnds(String operator, DataType type, String dividend) throws Exception {
    int code = runInAProcess(operator, type, dividend);

    assertThat(code).isNotIn(0, DivisionProcess.REFUSED);
    assertThat(errorFile()).content().contains("SIGFPE");
  }

  /** The engine looks for a divisor of zero. */
  @ParameterizedTest
  @CsvSource({"Div, INT32, zero", "Div, INT64, zero", "Mod, INT64, zero"})
  void aDivisorOfZeroIsAnErrorOfTheRequest(String operator, DataType type, String divisor)
      throws Exception {
    assertThat(runInAProcess(operator, type, divisor)).isEqualTo(DivisionProcess.REFUSED);
  }

  private Path errorFile() {
    return directory.resolve("trap.log");
  }

  private int runInAProcess(String operator, DataType type, String values) throws Exception {
    OnnxGraph model = twoInputs(type).node(operator, List.of("a", "b"), List.of("y"));
    Path file = Files.write(directory.resolve("model.onnx"), model.build());
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:-CreateCoredumpOnCrash",
                "-XX:ErrorFile=" + errorFile(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                DivisionProcess.class.getName(),
                file.toString(),
                type.name(),
                values)
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("output").toFile())
            .start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return process.exitValue();
  }
}
