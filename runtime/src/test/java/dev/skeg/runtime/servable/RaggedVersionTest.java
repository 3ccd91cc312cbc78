package dev.skeg.runtime.servable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.skeg.runtime.config.ModelConfigFile;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.model.TensorLayouts;
import dev.skeg.runtime.model.TensorSpec;
import dev.skeg.runtime.os.Pace;
import dev.skeg.runtime.testing.Engine;
import dev.skeg.runtime.testing.OnnxGraph;
import dev.skeg.runtime.testing.OnnxModels;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Versions with inputs and outputs of batches, of the real engine, one request in each run. */
final class RaggedVersionTest {
  private static final String RAGGED =
      "input { name: 'x' data_type: TYPE_FP32 dims: -1 allow_ragged_batch: true } ";
  private static final String COUNT =
      "batch_input { kind: BATCH_ELEMENT_COUNT target_name: 'n' data_type: TYPE_INT32"
          + " source_input: 'x' } ";

  @RegisterExtension static final Engine ENGINE = new Engine();

  private final List<Servable> loaded = new ArrayList<>();

  @AfterEach
  void free() {
    for (Servable servable : loaded) {
      assertThat(servable.retire()).isDone();
      servable.free();
    }
  }

  @Test
  void theModelGetsItsInputFlatWithTheInputsThatTheServerMakes() throws IOException {
    Servable servable = load(OnnxModels.ragged(), "max_batch_size: 4 " + OnnxModels.RAGGED_CONFIG);

    List<Tensor> three = run(servable, floats("INPUT", Shape.of(1, 3), 1, 2, 3));
    List<Tensor> five = run(servable, floats("INPUT", Shape.of(1, 5), 5, 4, 3, 2, 1));

    assertThat(shapes(three)).containsExactly(Shape.of(1, 3), Shape.of(1, 1));
    assertThat(values(three.get(0))).containsExactly(-1.0, -2.0, -3.0);
    assertThat(values(three.get(1))).containsExactly(3.0);
    assertThat(values(five.get(0))).containsExactly(-5.0, -4.0, -3.0, -2.0, -1.0);
    assertThat(values(five.get(1))).containsExactly(5.0);
  }

  @Test
  void clientsSeeNothingOfWhatTheServerMakes() throws IOException {
    Servable servable = load(OnnxModels.ragged(), "max_batch_size: 4 " + OnnxModels.RAGGED_CONFIG);

    assertThat(servable.signature().inputs())
        .containsExactly(new TensorSpec("INPUT", DataType.FP32, Shape.of(-1, -1), false));
    assertThat(servable.config().getMaxBatchSize()).isEqualTo(4);
    assertThat(servable.config().getInputList()).hasSize(1);
    assertThat(servable.config().getInput(0).getDimsList()).containsExactly(-1L);
    assertThat(servable.config().getInput(0).getAllowRaggedBatch()).isTrue();
    assertThat(servable.config().getBatchInputList()).hasSize(2);
    assertThat(servable.limit()).isEqualTo(new BatchLimit.OneByOne(4));
    assertThat(servable.limit().isBatchable()).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          BATCH_ELEMENT_COUNT                       | Identity | 1,3   | 3
          BATCH_ACCUMULATED_ELEMENT_COUNT           | Identity | 1,2,2 | 4
          BATCH_ACCUMULATED_ELEMENT_COUNT_WITH_ZERO | Pairs    | 1,3   | 0,3
          BATCH_MAX_ELEMENT_COUNT_AS_SHAPE          | Pairs    | 2,2   | 0,0,0,0
          BATCH_ITEM_SHAPE                          | Identity | 2,3,1 | 3,1,3,1
          BATCH_ITEM_SHAPE_FLATTEN                  | Pairs    | 2,3,1 | 3,1,3,1
          """)
  void eachKindReachesTheEngine(String kind, String operator, String dims, String expected)
      throws IOException {
    Shape shape = Shape.of(Arrays.stream(dims.split(",")).mapToLong(Long::parseLong).toArray());
    Object[] made =
        kind.equals("BATCH_ITEM_SHAPE") ? new Object[] {"rows", "rank"} : new Object[] {"all"};
    boolean inPairs = operator.equals("Pairs"); // As many rows as the request has.
    OnnxGraph model =
        new OnnxGraph()
            .input("x", DataType.FP32, "elements")
            .input("n", DataType.INT32, made)
            .output("y", DataType.INT32, inPairs ? new Object[] {"rows", 2} : made)
            .longs("pairs", -1, 2)
            .node(
                inPairs ? "Reshape" : "Identity",
                inPairs ? List.of("n", "pairs") : List.of("n"),
                List.of("y"));
    String ragged = shape.rank() == 3 ? RAGGED.replace("dims: -1", "dims: [-1, -1]") : RAGGED;

    Servable servable =
        load(
            model.build(),
            "max_batch_size: 4 " + ragged + COUNT.replace("BATCH_ELEMENT_COUNT", kind));
    List<Tensor> answer = run(servable, floats("x", shape, new float[(int) shape.elementCount()]));

    assertThat(values(answer.getFirst()))
        .isEqualTo(Arrays.stream(expected.split(",")).map(Double::valueOf).toList());
  }

  @Test
  void anOutputOfABatchTakesTheShapeOfItsSource() throws IOException {
    String config =
        "max_batch_size: 4 input { name: 'x' data_type: TYPE_FP32 dims: [-1, 2] allow_ragged_batch:"
            + " true } output { name: 'y' data_type: TYPE_FP32 dims: [-1, -1] } batch_output {"
            + " target_name: 'y' kind: BATCH_SCATTER_WITH_INPUT_SHAPE source_input: 'x' }";

    Servable servable = load(negative("elements"), config);

    assertThat(servable.signature().outputs().getFirst().shape()).isEqualTo(Shape.of(-1, -1, -1));
    List<Tensor> answer = run(servable, floats("x", Shape.of(2, 1, 2), 1, 2, 3, 4));
    assertThat(answer.getFirst().shape()).isEqualTo(Shape.of(2, 1, 2));
    assertThat(values(answer.getFirst())).containsExactly(-1.0, -2.0, -3.0, -4.0);
    assertThat(load(negative("elements"), config.replace("dims: [-1, -1] }", "}")).signature())
        .as("dims that the file leaves out are the source's")
        .extracting(signature -> signature.outputs().getFirst().shape())
        .isEqualTo(Shape.of(-1, -1, 2));
  }

  @Test
  void anOutputOfABatchThatTheModelMakesTooShortFails() throws IOException {
    Servable servable =
        load(
            negative("elements"),
            "max_batch_size: 4 "
                + RAGGED
                + "output { name: 'y' data_type: TYPE_FP32 dims: [3] } batch_output {"
                + " target_name: 'y' source_input: 'x' }");

    assertThatThrownBy(() -> run(servable, floats("x", Shape.of(1, 2), 1, 2)))
        .isInstanceOf(ServingException.class)
        .hasMessage(
            "output 'y' has 2 elements (expected: those of [1,3], as batch_output shapes it like"
                + " input 'x')");
  }

  @Test
  void textsOfABatchAreCutWhereThoseOfTheRequestEnd() throws IOException {
    byte[] twice =
        new OnnxGraph()
            .input("x", DataType.BYTES, "elements")
            .output("y", DataType.BYTES, "all")
            .node("Concat", List.of("x", "x"), List.of("y"), OnnxGraph.integer("axis", 0))
            .build();
    Servable servable =
        load(
            twice,
            "max_batch_size: 4 "
                + RAGGED.replace("TYPE_FP32", "TYPE_STRING")
                + "output { name: 'y' data_type: TYPE_STRING dims: -1 } batch_output {"
                + " target_name: 'y' source_input: 'x' }");
    byte[] texts = OnnxModels.wireStrings("ab", "", "cde", "f");

    List<Tensor> answer =
        run(
            servable,
            new Tensor("x", DataType.BYTES, Shape.of(2, 2), MemorySegment.ofArray(texts)));

    assertThat(shapes(answer)).containsExactly(Shape.of(2, 2));
    assertThat(answer.getFirst().data().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(texts);
  }

  @Test
  void whatTheModelsFileSaysOfItselfIsTold() throws IOException {
    byte[] file = OnnxModels.withMetadata(OnnxModels.ragged(), "feature_names", "[]");

    Servable servable = load(file, "max_batch_size: 4 " + OnnxModels.RAGGED_CONFIG);

    assertThat(servable.metadata("feature_names")).contains("[]");
  }

  @Test
  void aRaggedInputAloneMakesBatchesOfOneRequestToo() throws IOException {
    String config =
        "max_batch_size: 4 "
            + RAGGED
            + "dynamic_batching { preferred_batch_size: 4 max_queue_delay_microseconds: 100 } ";

    assertThat(load(negative("elements"), config).withoutEffect())
        .containsExactly(
            "config.pbtxt: dynamic_batching.preferred_batch_size: has no effect: with"
                + " allow_ragged_batch each request runs as a batch of its own",
            "config.pbtxt: dynamic_batching.max_queue_delay_microseconds: has no effect: with"
                + " allow_ragged_batch each request runs as a batch of its own");
    assertThat(load(counted(), config + COUNT).withoutEffect())
        .as("said where the file is read")
        .isEmpty();
    assertThat(load(negative("rows", "width"), config).withoutEffect())
        .as("has its dimensions")
        .isEmpty();
  }

  @Test
  void whatTheModelMakesBeyondTheRowsOfTheRequestIsNobodys() throws IOException {
    byte[] echo =
        new OnnxGraph()
            .input("x", DataType.BYTES, "elements")
            .input("n", DataType.INT32, "offsets")
            .output("y", DataType.BYTES, "elements")
            .output("ends", DataType.INT32, "offsets")
            .node("Identity", List.of("x"), List.of("y"))
            .node("Identity", List.of("n"), List.of("ends"))
            .build();
    Servable servable =
        load(
            echo,
            "max_batch_size: 4 "
                + RAGGED.replace("TYPE_FP32", "TYPE_STRING")
                + COUNT
                    .replace("BATCH_ELEMENT", "BATCH_ACCUMULATED_ELEMENT")
                    .replace("ELEMENT_COUNT", "ELEMENT_COUNT_WITH_ZERO"));
    MemorySegment texts = MemorySegment.ofArray(OnnxModels.wireStrings("ab", "c"));

    List<Tensor> answer = run(servable, new Tensor("x", DataType.BYTES, Shape.of(1, 2), texts));

    assertThat(shapes(answer)).containsExactly(Shape.of(1), Shape.of(1));
    assertThat(answer.get(0).data().toArray(ValueLayout.JAVA_BYTE))
        .isEqualTo(OnnxModels.wireStrings("ab"));
    assertThat(values(answer.get(1))).containsExactly(0.0);
  }

  @Test
  void fewerRowsThanTheRequestHasAreAFailure() throws IOException {
    Servable servable = load(counted(), "max_batch_size: 4 " + RAGGED + COUNT);

    ServingException e =
        catchThrowableOfType(
            ServingException.class, () -> run(servable, floats("x", Shape.of(2, 2), 1, 2, 3, 4)));

    assertThat(e.code()).isEqualTo(ErrorCode.INTERNAL);
    assertThat(e)
        .hasMessage(
            "output 'y' has shape [1] for a request of 2 rows (expected: at least as many rows)");
  }

  @Test
  void withoutMaxBatchSizeItIsWhatTritonCompletesItTo() throws IOException {
    Servable rows = load(counted(), RAGGED + COUNT);
    Servable none = load(counted(), "max_batch_size: 0 " + RAGGED + COUNT);

    assertThat(rows.config().getMaxBatchSize()).isEqualTo(4);
    assertThat(rows.signature().inputs().getFirst().shape()).isEqualTo(Shape.of(-1, -1));
    assertThat(none.limit()).isEqualTo(new BatchLimit.NotBatchable());
    assertThat(none.signature().inputs().getFirst().shape()).isEqualTo(Shape.of(-1));
    assertThat(values(run(none, floats("x", Shape.of(2), 1, 2)).getFirst())).containsExactly(2.0);
  }

  @Test
  void aRaggedInputAloneIsGivenFlatToAModelWithoutItsDimensions() throws IOException {
    Servable flat =
        load(
            negative("elements"),
            "max_batch_size: 4 " + RAGGED + "output { name: 'y' data_type: TYPE_FP32 }");
    Servable asItIs = load(negative("rows", "width"), "max_batch_size: 4 " + RAGGED);

    assertThat(flat.signature().inputs().getFirst().shape()).isEqualTo(Shape.of(-1, -1));
    assertThat(values(run(flat, floats("x", Shape.of(2, 1), 1, 2)).getFirst()))
        .containsExactly(-1.0, -2.0);
    assertThat(asItIs.limit()).isEqualTo(new BatchLimit.Declared(4));
  }

  @Test
  void aWarmUpIsDeclaredAsClientsSendTheirInputs() throws IOException {
    String warmup =
        " model_warmup { batch_size: 1 inputs { key: 'INPUT' value { data_type: TYPE_FP32 dims: 3"
            + " random_data: true } } }";

    assertThat(checked("max_batch_size: 4 " + OnnxModels.RAGGED_CONFIG + warmup)).isEmpty();
    assertThat(checked("max_batch_size: 4 " + OnnxModels.RAGGED_CONFIG)).isEmpty();
    assertThatThrownBy(() ->
            checked(
                "max_batch_size: 4 "
                    + OnnxModels.RAGGED_CONFIG
                    + warmup.replace("'INPUT'", "'COUNT'")))
        .hasMessageContaining("model_warmup[0].inputs['COUNT']: the model has no such input");
  }

  @Test
  void isNotRunOnMadeUpDataForItsRowsDoNotStandForThemselves() throws IOException {
    LoadRequest request =
        request(
            negative("elements"),
            "max_batch_size: 4 "
                + RAGGED
                + "output { name: 'y' data_type: TYPE_FP32 dims: [100] } batch_output {"
                + " target_name: 'y' source_input: 'x' }");

    assertThat(VersionChecks.run(load(request), request, Optional.empty(), List.of(), Pace.AT_ONCE))
        .isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          target_name: 'n' | target_name: 'q' | batch_input[0].target_name: "q" is not an input of the model, whose inputs are 'x', 'n'
          source_input: 'x' | source_input: 'q' | batch_input[0].source_input: "q" is not an input of the model that requests have; those are 'x'
          TYPE_INT32 | TYPE_FP32 | batch_input[0].data_type: TYPE_FP32, but input 'n' of the model is INT32
          BATCH_ELEMENT_COUNT | BATCH_ITEM_SHAPE | batch_input[0].kind: BATCH_ITEM_SHAPE makes [-1,1], but input 'n' of the model has the shape [-1]
          max_batch_size: 4 | max_batch_size: 0 output { name: 'q' } | output 'q' is not in the model
          batch_input | batch_output { target_name: 'q' source_input: 'x' } batch_input | batch_output[0].target_name: "q" is not an output of the model, whose outputs are 'y'
          batch_input | batch_output { target_name: 'y' source_input: 'q' } batch_input | batch_output[0].source_input: "q" is not an input of the model that requests have; those are 'x'
          batch_input | output { name: 'y' dims: [1, -1] } batch_output { target_name: 'y' source_input: 'x' } batch_input | batch_output[0].source_input: "x" has the shape [-1,-1], but output 'y' has [-1,1,-1]
          allow_ragged_batch: true | | input 'x': dims: [-1] after the batch dimension, but the model has [-1]
          """)
  void whatTheModelDoesNotBearOutIsRefused(String what, String by, String reason) {
    String config = "max_batch_size: 4 " + RAGGED + COUNT;

    assertThatThrownBy(
            () -> load(counted(), config.replace(what, Objects.requireNonNullElse(by, ""))))
        .isInstanceOf(ServingException.class)
        .hasMessageStartingWith("config.pbtxt: ")
        .hasMessageContaining(reason);
  }

  @Test
  void whatCannotBeMadeOfTheModelsInputsIsRefused() {
    byte[] square =
        new OnnxGraph()
            .input("x", DataType.FP32, "rows", "width")
            .input("n", DataType.INT32, "rows")
            .output("y", DataType.INT32, "rows")
            .node("Identity", List.of("n"), List.of("y"))
            .build();

    assertThatThrownBy(() -> load(square, "max_batch_size: 4 " + RAGGED + COUNT))
        .hasMessageContaining(
            "input 'x': allow_ragged_batch: true, but the model has [-1,-1] (expected: [-1]");
    assertThatThrownBy(() ->
            load(
                counted(),
                "max_batch_size: 0 "
                    + RAGGED
                    + COUNT.replace("ELEMENT_COUNT", "ITEM_SHAPE_FLATTEN")))
        .hasMessageContaining(
            "batch_input[0].kind: BATCH_ITEM_SHAPE_FLATTEN with max_batch_size: 0 (expected: 1 or");
    assertThatThrownBy(() ->
            load(
                OnnxModels.optionalInput(),
                "max_batch_size: 0 batch_output { target_name: 'y' source_input: 'bias' }"))
        .hasMessageContaining(
            "batch_output[0].source_input: \"bias\" may be left out of a request (expected: an");
  }

  /** Returns {@code y = -x}. */
  private static byte[] negative(Object... dims) {
    return new OnnxGraph()
        .input("x", DataType.FP32, dims)
        .output("y", DataType.FP32, dims)
        .node("Neg", List.of("x"), List.of("y"))
        .build();
  }

  /** Returns {@code y = n}, beside an input that is only counted. */
  private static byte[] counted() {
    return new OnnxGraph()
        .input("x", DataType.FP32, "elements")
        .input("n", DataType.INT32, "requests")
        .output("y", DataType.INT32, "requests")
        .node("Identity", List.of("n"), List.of("y"))
        .build();
  }

  private static LoadRequest request(byte[] file, String config) throws IOException {
    Path version = Files.createTempDirectory(ENGINE.directory(), "version");
    Path model = Files.write(version.resolve("model.onnx"), file);
    Path pbtxt = Files.writeString(version.resolve("config.pbtxt"), config.replace('\'', '"'));
    ModelConfigFile declared = ModelConfigFile.read(pbtxt, "m");
    return new LoadRequest(
        new ModelVersion("m", 1), model, declared.config(), declared.declaresMaxBatchSize(), 1);
  }

  private Servable load(byte[] file, String config) throws IOException {
    return load(request(file, config));
  }

  private Servable load(LoadRequest request) {
    Servable servable = new Loader(ENGINE.backend()).load(request, Pace.AT_ONCE);
    loaded.add(servable);
    return servable;
  }

  /** Returns what is noticed in a version of the ragged model before it answers. */
  private List<String> checked(String config) throws IOException {
    LoadRequest request = request(OnnxModels.ragged(), config);
    return VersionChecks.run(load(request), request, Optional.empty(), List.of(), Pace.AT_ONCE);
  }

  private static List<Tensor> run(Servable servable, Tensor... inputs) {
    try (ServableHandle handle = Objects.requireNonNull(servable.acquire());
        InferenceOutputs outputs = handle.run(List.of(inputs), List.of())) {
      List<Tensor> copies = new ArrayList<>();
      for (int i = 0; i < outputs.size(); i++) {
        copies.add(TensorValues.copy(outputs.get(i)));
      }
      return copies;
    }
  }

  private static Tensor floats(String name, Shape shape, float... values) {
    MemorySegment data = MemorySegment.ofArray(new byte[values.length * Float.BYTES]);
    for (int i = 0; i < values.length; i++) {
      data.set(TensorLayouts.FLOAT, (long) i * Float.BYTES, values[i]);
    }
    return new Tensor(name, DataType.FP32, shape, data);
  }

  private static List<Shape> shapes(List<Tensor> tensors) {
    return tensors.stream().map(Tensor::shape).toList();
  }

  private static List<Double> values(Tensor tensor) {
    List<Double> values = new ArrayList<>();
    for (int i = 0; i < tensor.shape().elementCount(); i++) {
      values.add(
          switch (tensor.type()) {
            case INT32 -> (double) tensor.data().get(TensorLayouts.INT, (long) i * Integer.BYTES);
            case INT64 -> (double) tensor.data().get(TensorLayouts.LONG, (long) i * Long.BYTES);
            default -> TensorValues.value(tensor.type(), tensor.data(), i);
          });
    }
    return values;
  }
}
