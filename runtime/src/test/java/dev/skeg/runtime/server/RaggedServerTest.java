package dev.skeg.runtime.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.testing.OnnxGraph;
import dev.skeg.runtime.testing.OnnxModels;
import inference.GRPCInferenceServiceGrpc;
import inference.GrpcService.ModelConfigRequest;
import inference.GrpcService.ModelInferRequest;
import inference.GrpcService.ModelInferResponse;
import inference.GrpcService.ModelMetadataRequest;
import inference.GrpcService.ModelMetadataResponse;
import inference.GrpcService.RepositoryIndexRequest;
import inference.ModelConfigOuterClass.ModelConfig;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models with inputs and outputs of batches, served whole, over both protocols. */
final class RaggedServerTest {
  private static final String SCATTERED =
      """
      max_batch_size: 4
      input { name: "x" data_type: TYPE_FP32 dims: -1 allow_ragged_batch: true }
      output { name: "y" data_type: TYPE_FP32 dims: -1 }
      batch_output { target_name: "y" source_input: "x" }
      """;

  @TempDir static Path directory;

  private static SkegServer server;
  private static ManagedChannel channel;
  private static GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub grpc;
  private static HttpClient client;

  @BeforeAll
  static void start() throws Exception {
    String config = "max_batch_size: 4\n" + OnnxModels.RAGGED_CONFIG.replace('\'', '"');
    model("ragged", OnnxModels.ragged(), config + "dynamic_batching { }");
    model("unborne", OnnxModels.ragged(), config.replace("\"COUNT\"", "\"COUNTS\""));
    byte[] negative =
        new OnnxGraph()
            .input("x", DataType.FP32, "elements")
            .output("y", DataType.FP32, "elements")
            .node("Neg", List.of("x"), List.of("y"))
            .build();
    model("scattered", negative, SCATTERED);
    server = SkegServer.start(FreePorts.config(directory));
    channel = NettyChannelBuilder.forTarget(server.address("grpc")).usePlaintext().build();
    grpc =
        GRPCInferenceServiceGrpc.newBlockingStub(channel).withDeadlineAfter(60, TimeUnit.SECONDS);
    client = HttpClient.newHttpClient();
  }

  @AfterAll
  static void stop() {
    client.close();
    channel.shutdownNow();
    server.stop();
  }

  @Test
  void requestsOfDifferentLengthsAreAnsweredOverRest() throws Exception {
    List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
    for (String data : List.of("1,2,3", "1,2,3,4", "1,2,3,4,5")) {
      answers.add(
          client.sendAsync(
              infer("ragged", tensor("INPUT", data)), HttpResponse.BodyHandlers.ofString()));
    }

    for (int i = 0; i < answers.size(); i++) {
      String body = answers.get(i).get(60, TimeUnit.SECONDS).body();
      int length = i + 3;
      assertThat(body)
          .contains("\"name\":\"OUTPUT\",\"datatype\":\"FP32\",\"shape\":[1," + length + "]")
          .contains("\"data\":[-1.0,-2.0,-3.0")
          .contains("\"shape\":[1,1],\"data\":[" + length + ".0]");
    }
  }

  @Test
  void anAnswerOverGrpcHasTheShapeOfItsRequest() {
    ModelInferResponse three = infer("scattered", "x", 1, 2, 3);
    ModelInferResponse two = infer("scattered", "x", 1, 2);

    assertThat(three.getOutputs(0).getShapeList()).containsExactly(1L, 3L);
    assertThat(floats(three)).containsExactly(-1, -2, -3);
    assertThat(two.getOutputs(0).getShapeList()).containsExactly(1L, 2L);
    assertThat(infer("ragged", "INPUT", 5, 6).getOutputs(1).getShapeList()).containsExactly(1L, 1L);
  }

  @Test
  void requestsOfSeveralRowsAreScatteredToo() throws Exception {
    String rows =
        "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[2,2],\"data\":[1,2,3,4]}]}";

    assertThat(send(infer("scattered", rows)).body())
        .contains("\"shape\":[2,2],\"data\":[-1.0,-2.0,-3.0,-4.0]");
  }

  @Test
  void clientsSeeNothingOfWhatTheServerMakes() throws Exception {
    ModelMetadataResponse metadata =
        grpc.modelMetadata(ModelMetadataRequest.newBuilder().setName("ragged").build());
    ModelConfig config =
        grpc.modelConfig(ModelConfigRequest.newBuilder().setName("ragged").build()).getConfig();
    String rest = send(HttpRequest.newBuilder(URI.create(models() + "ragged")).build()).body();

    assertThat(metadata.getInputsList()).hasSize(1);
    assertThat(metadata.getInputs(0).getName()).isEqualTo("INPUT");
    assertThat(metadata.getInputs(0).getShapeList()).containsExactly(-1L, -1L);
    assertThat(rest)
        .contains("{\"name\":\"INPUT\",\"datatype\":\"FP32\",\"shape\":[-1,-1]}")
        .doesNotContain("COUNT", "INDEX");
    assertThat(config.getInputCount()).isEqualTo(1);
    assertThat(config.getMaxBatchSize()).isEqualTo(4);
    assertThat(config.getBatchInputCount()).isEqualTo(2);
    HttpResponse<String> sent =
        send(infer("ragged", tensor("INPUT", "1").replace("\"INPUT\"", "\"COUNT\"")));
    assertThat(sent.statusCode()).isEqualTo(400);
    assertThat(sent.body())
        .contains("unexpected inference input 'COUNT' for model 'ragged', which takes 'INPUT'");
  }

  @Test
  void moreRowsThanTheFileAllowsAreRefused() throws Exception {
    String rows =
        "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[5,1],"
            + "\"data\":[1,2,3,4,5]}]}";

    HttpResponse<String> refused = send(infer("scattered", rows));

    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(refused.body())
        .contains("inference request batch-size must be <= 4 for 'scattered', got 5");
  }

  @Test
  void aVersionThatDoesNotBearItsFileOutIsListedWithTheField() {
    assertThat(grpc.repositoryIndex(RepositoryIndexRequest.getDefaultInstance()).getModelsList())
        .filteredOn(entry -> entry.getName().equals("unborne"))
        .singleElement()
        .satisfies(entry -> assertThat(entry.getState()).isEqualTo("UNAVAILABLE"))
        .satisfies(entry ->
            assertThat(entry.getReason())
                .contains("batch_input[1].target_name: \"COUNTS\" is not an input of the model"));
  }

  private static String models() {
    return "http://" + server.address("http") + "/v2/models/";
  }

  /** Returns a request of one row. */
  private static String tensor(String name, String data) {
    return "{\"inputs\":[{\"name\":\""
        + name
        + "\",\"datatype\":\"FP32\",\"shape\":[1,"
        + data.split(",").length
        + "],\"data\":["
        + data
        + "]}]}";
  }

  private static HttpRequest infer(String model, String body) {
    return HttpRequest.newBuilder(URI.create(models() + model + "/infer"))
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
  }

  private static HttpResponse<String> send(HttpRequest request) throws Exception {
    return client.send(request, HttpResponse.BodyHandlers.ofString());
  }

  private static ModelInferResponse infer(String model, String input, float... values) {
    ByteBuffer data =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      data.putFloat(value);
    }
    return grpc.modelInfer(
        ModelInferRequest.newBuilder()
            .setModelName(model)
            .addInputs(
                ModelInferRequest.InferInputTensor.newBuilder()
                    .setName(input)
                    .setDatatype("FP32")
                    .addShape(1)
                    .addShape(values.length))
            .addRawInputContents(ByteString.copyFrom(data.array()))
            .build());
  }

  private static float[] floats(ModelInferResponse response) {
    FloatBuffer given =
        response
            .getRawOutputContents(0)
            .asReadOnlyByteBuffer()
            .order(ByteOrder.LITTLE_ENDIAN)
            .asFloatBuffer();
    float[] values = new float[given.remaining()];
    given.get(values);
    return values;
  }

  private static void model(String name, byte[] file, String config) throws IOException {
    Path model = directory.resolve("models").resolve(name);
    Files.createDirectories(model.resolve("1"));
    Files.write(model.resolve("1/model.onnx"), file);
    Files.writeString(model.resolve("config.pbtxt"), config);
  }
}
