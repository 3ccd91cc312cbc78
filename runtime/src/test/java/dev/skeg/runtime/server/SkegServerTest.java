package dev.skeg.runtime.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import dev.skeg.registry.RegistryException;
import dev.skeg.runtime.config.ServerConfig;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.testing.OnnxModels;
import inference.GRPCInferenceServiceGrpc;
import inference.GrpcService.ModelConfigRequest;
import inference.GrpcService.ModelInferRequest;
import inference.GrpcService.ModelInferResponse;
import inference.GrpcService.ModelReadyRequest;
import inference.GrpcService.RepositoryIndexRequest;
import inference.GrpcService.ServerReadyRequest;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The whole server, with real models and real clients. */
final class SkegServerTest {
  private static final String ONE_ROW =
      "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[1,3],\"data\":[1,2,3]}]}";

  @TempDir static Path directory;

  private static SkegServer server;
  private static ManagedChannel channel;
  private static GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub grpc;
  private static HttpClient client;

  @BeforeAll
  static void start() throws Exception {
    model("dense", 1, OnnxModels.dense(3, 2));
    model("identity", 1, OnnxModels.identity(List.of(DataType.values()), "batch", 2));
    model("wide", 1, OnnxModels.identity(List.of(DataType.FP32), "batch", "width"));
    model("mean", 1, OnnxModels.meanOverRows());
    model("sequence", 1, OnnxModels.sequenceOutput());
    model("optional", 1, OnnxModels.optionalInput());
    model("gather", 1, OnnxModels.gather());
    model("broken", 1, "not a model".getBytes(StandardCharsets.UTF_8));
    model("limited", 1, OnnxModels.dense(3, 2));
    config("limited", "max_batch_size: 2");
    model("versions", 1, OnnxModels.dense(3, 1));
    model("versions", 2, OnnxModels.dense(3, 2));
    model("versions", 3, "not a model".getBytes(StandardCharsets.UTF_8));
    config("versions", "version_policy { all {} }");
    model("misspelt", 1, OnnxModels.dense(3, 2));
    config("misspelt", "max_batch_sice: 2");
    Files.createDirectories(directory.resolve("models").resolve("empty"));
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
  void everyDatatypeComesBackOverGrpc() {
    ModelInferRequest.Builder request = ModelInferRequest.newBuilder().setModelName("identity");
    for (DataType type : DataType.values()) {
      request
          .addInputsBuilder()
          .setName(type.name().toLowerCase(Locale.ROOT) + "_in")
          .setDatatype(type.name())
          .addShape(1)
          .addShape(2);
      request.addRawInputContents(
          ByteString.copyFrom(
              type == DataType.BYTES
                  ? OnnxModels.wireStrings("😀", "")
                  : new byte[2 * type.size()]));
    }

    ModelInferResponse response = grpc.modelInfer(request.build());

    assertThat(response.getRawOutputContentsList()).isEqualTo(request.getRawInputContentsList());
    assertThat(response.getModelVersion()).isEqualTo("1");
  }

  @Test
  void rowsThatAreIndependentMakeAModelBatchableAndOthersDoNot() {
    assertThat(maxBatchSize("dense")).isEqualTo(64);
    assertThat(maxBatchSize("mean")).isZero();
    assertThat(maxBatchSize("limited")).isEqualTo(2);
  }

  @Test
  void onlyADeclaredLimitRefusesALargerBatch() throws Exception {
    String rows =
        "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[100,3],\"data\":["
            + "1,".repeat(299)
            + "1]}]}";

    assertThat(infer("dense", rows).statusCode()).isEqualTo(200);
    HttpResponse<String> refused = infer("limited", rows);
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(refused.body())
        .contains("inference request batch-size must be <= 2 for 'limited', got 100");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          dense | 'name':'y','datatype':'FP32','shape':[1,3] | unexpected inference input 'y' for model 'dense'
          dense | 'name':'x','datatype':'FP64','shape':[1,3] | data-type is 'FP64', but model 'dense' expects 'FP32'
          dense | 'name':'x','datatype':'FP32','shape':[3,1] | unexpected shape for input 'x' for model 'dense'. Expected [-1,3], got [3,1]
          dense | 'name':'x','datatype':'FP32','shape':[3]   | unexpected shape for input 'x'
          absent | 'name':'x','datatype':'FP32','shape':[1,3] | Request for unknown model: 'absent' is not found
          """)
  void whatDoesNotFitTheModelIsNamed(String model, String input, String error) throws Exception {
    String body = "{\"inputs\":[{" + input.replace('\'', '"') + ",\"data\":[1,2,3]}]}";

    HttpResponse<String> response = infer(model, body);

    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(response.body()).contains(error);
  }

  @Test
  void missingInputsAndUnknownOutputsAreNamed() throws Exception {
    assertThat(infer("dense", "{\"inputs\":[]}").body())
        .contains("expected 1 inputs but got 0 inputs for model 'dense'; missing 'x'");
    assertThat(infer("dense", ONE_ROW.replace("}]}", "}],\"outputs\":[{\"name\":\"z\"}]}")).body())
        .contains("unexpected inference output 'z' for model 'dense', which gives 'y'");
  }

  @Test
  void namesOfAnyLengthAreRefusedInAFewWords() {
    String name = "n".repeat(1_000_000);
    ModelInferRequest.Builder dense = ModelInferRequest.newBuilder().setModelName("dense");
    ModelInferRequest.InferInputTensor.Builder input =
        ModelInferRequest.InferInputTensor.newBuilder().setDatatype("FP32").addShape(1).addShape(3);
    ByteString row = ByteString.copyFrom(new byte[12]);

    assertShortRefusal(ModelInferRequest.newBuilder().setModelName(name));
    assertShortRefusal(dense.clone().setModelVersion(name));
    assertShortRefusal(dense.clone().setModelVersion("9".repeat(1_000_000)));
    assertShortRefusal(
        dense.clone().addInputs(input.clone().setName(name)).addRawInputContents(row));
    dense.addInputs(input.setName("x")).addRawInputContents(row);
    dense.addOutputsBuilder().setName(name);
    assertShortRefusal(dense);
  }

  private static void assertShortRefusal(ModelInferRequest.Builder request) {
    StatusRuntimeException refusal =
        catchThrowableOfType(StatusRuntimeException.class, () -> grpc.modelInfer(request.build()));
    assertThat(refusal.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(refusal.getStatus().getDescription())
        .contains("(1000000 characters)")
        .hasSizeLessThan(400);
  }

  @Test
  void rowsWithoutElementsAreLimited() throws Exception {
    String rows =
        "{\"inputs\":[{\"name\":\"fp32_in\",\"datatype\":\"FP32\",\"shape\":[%d,0],\"data\":[]}]}";

    assertThat(infer("wide", rows.formatted(65_536)).statusCode()).isEqualTo(200);
    HttpResponse<String> refused = infer("wide", rows.formatted(65_537));
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(refused.body())
        .contains("the inputs have no elements in 65537 rows for 'wide' (expected: at most 65536");
  }

  @Test
  void anOutputThatIsNoTensorSaysWhatItIs() throws Exception {
    String one = "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[1],\"data\":[1]}]";

    assertThat(infer("sequence", one + "}").statusCode()).isEqualTo(200);
    HttpResponse<String> refused = infer("sequence", one + ",\"outputs\":[{\"name\":\"pair\"}]}");
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(refused.body())
        .contains("output 'pair' of model 'sequence' cannot be returned")
        .contains("a sequence of tensors of FP32");
  }

  @Test
  void anInputWithADefaultMayBeLeftOut() throws Exception {
    HttpResponse<String> response =
        infer(
            "optional",
            "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[2],\"data\":[1,2]}]}");

    assertThat(response.body()).contains("\"data\":[2.0,3.0]");
  }

  @Test
  void aRunThatFailsIsTheServersFaultAndSaysNothingOfItsInside() throws Exception {
    HttpResponse<String> response =
        infer(
            "gather",
            "{\"inputs\":[{\"name\":\"index\",\"datatype\":\"INT64\",\"shape\":[1],\"data\":[9]}]}");

    assertThat(response.statusCode()).isEqualTo(500);
    assertThat(response.body())
        .contains("model 'gather' version 1 failed on this request")
        .doesNotContain("out of data bounds");
  }

  @Test
  void versionsAreServedSideBySideAndTheNewestReadyOneByDefault() throws Exception {
    assertThat(infer("versions", ONE_ROW).body()).contains("\"model_version\":\"2\"");
    assertThat(infer("versions/versions/1", ONE_ROW).body()).contains("\"model_version\":\"1\"");
    HttpResponse<String> unavailable = infer("versions/versions/3", ONE_ROW);
    assertThat(unavailable.statusCode()).isEqualTo(503);
    assertThat(unavailable.body()).contains("is not at ready state");
    assertThat(infer("versions/versions/9", ONE_ROW).statusCode()).isEqualTo(404);
    assertThat(infer("versions/versions/x", ONE_ROW).statusCode()).isEqualTo(400);
  }

  @Test
  void versionsThatCannotBeServedAreListedWithTheirReasonAndHurtNoOther() {
    Map<String, String> reasons = new TreeMap<>();
    grpc.repositoryIndex(RepositoryIndexRequest.getDefaultInstance())
        .getModelsList()
        .forEach(entry ->
            reasons.put(
                entry.getName() + "/" + entry.getVersion(),
                entry.getState() + " " + entry.getReason()));

    assertThat(reasons.get("broken/1")).contains("UNAVAILABLE").contains("Protobuf parsing failed");
    assertThat(reasons.get("versions/3")).contains("UNAVAILABLE");
    assertThat(reasons.get("misspelt/1"))
        .contains("UNAVAILABLE")
        .contains("config.pbtxt:1")
        .contains("max_batch_size");
    assertThat(reasons.get("empty/")).contains("UNAVAILABLE").contains("has no version");
    assertThat(reasons.get("dense/1")).isEqualTo("READY ");
    assertThat(grpc.modelReady(ModelReadyRequest.newBuilder().setName("broken").build()).getReady())
        .isFalse();
  }

  @Test
  void garbageOnTheGrpcPathLeavesTheConnectionAlive() {
    ModelInferRequest wrong =
        ModelInferRequest.newBuilder()
            .setModelName("dense")
            .addInputs(
                ModelInferRequest.InferInputTensor.newBuilder()
                    .setName("x")
                    .setDatatype("FP32")
                    .addShape(1)
                    .addShape(3))
            .addRawInputContents(ByteString.copyFrom(new byte[5]))
            .build();

    assertThatThrownBy(() -> grpc.modelInfer(wrong))
        .isInstanceOf(StatusRuntimeException.class)
        .hasMessageContaining("INVALID_ARGUMENT")
        .hasMessageContaining("'x'");
    assertThat(maxBatchSize("dense")).isEqualTo(64);
  }

  @Test
  void metricsCountWhatWasAnswered() throws Exception {
    assertThat(infer("optional", ONE_ROW).statusCode()).isEqualTo(400);
    assertThat(infer("optional", "{").statusCode()).isEqualTo(400);

    String metrics = get("http://" + server.address("metrics") + "/metrics").body();

    assertThat(metrics)
        .contains(
            "nv_inference_request_failure{model=\"optional\",version=\"1\",reason=\"OTHER\",}")
        .contains("skeg_model_state{model=\"broken\",version=\"1\",state=\"UNAVAILABLE\",} 1.0")
        .containsPattern("skeg_malformed_requests [1-9]")
        .contains("jvm_memory")
        .doesNotContain("nv_inference_count_total");
  }

  @Test
  void theAdminPortTellsStatusAndModelsToThisMachineOnly() throws Exception {
    String admin = "http://" + server.address("admin");

    assertThat(get(admin + "/v1/status").body()).contains("\"ready\":true");
    assertThat(get(admin + "/v1/models/broken").body()).contains("Protobuf parsing failed");
    assertThat(get(admin + "/v1/models/absent").statusCode()).isEqualTo(404);
    assertThat(get(admin + "/v1/openapi.json").body()).contains("/v1/models/{model}");
  }

  @Test
  void everyRequestAcceptedBeforeAStopIsAnswered() throws Exception {
    SkegServer stopping = SkegServer.start(FreePorts.config(directory));
    URI uri = URI.create("http://" + stopping.address("http") + "/v2/models/dense/infer");
    CountDownLatch answered = new CountDownLatch(200);
    Callable<List<Integer>> sender =
        () -> {
          List<Integer> statuses = new ArrayList<>();
          try (HttpClient own = HttpClient.newHttpClient()) {
            while (true) {
              HttpResponse<String> response =
                  own.send(
                      HttpRequest.newBuilder(uri)
                          .POST(HttpRequest.BodyPublishers.ofString(ONE_ROW))
                          .build(),
                      HttpResponse.BodyHandlers.ofString());
              statuses.add(response.body().contains("\"data\"") ? response.statusCode() : -1);
              answered.countDown();
            }
          } catch (IOException e) {
            return statuses; // Refused: the server no longer listens.
          }
        };
    try (ExecutorService senders = Executors.newFixedThreadPool(4)) {
      List<Future<List<Integer>>> results = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        results.add(senders.submit(sender));
      }
      assertThat(answered.await(60, TimeUnit.SECONDS)).isTrue();

      stopping.stop();

      for (Future<List<Integer>> result : results) {
        assertThat(result.get(60, TimeUnit.SECONDS)).isNotEmpty().containsOnly(200);
      }
    }
  }

  @Test
  void aDirectoryThatDoesNotExistIsNamed() {
    assertThatThrownBy(() ->
            SkegServer.start(
                FreePorts.config(directory.resolve("absent"), directory.resolve("data"))))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining(directory.resolve("absent").toString());
  }

  @Test
  void servesBothProtocolsOnUnixDomainSocketsToo() throws Exception {
    Path socketDirectory = Files.createTempDirectory("skeg-sockets");
    Path http = socketDirectory.resolve("http");
    Path grpcSocket = socketDirectory.resolve("grpc");
    Map<String, String> values = new HashMap<>();
    values.put("models-dir", directory.resolve("models").toString());
    values.put("data-dir", directory.resolve("data").toString());
    values.put("http.socket", http.toString());
    values.put("grpc.socket", grpcSocket.toString());
    for (String port : List.of("http.port", "grpc.port", "metrics.port", "admin.port")) {
      values.put(port, "0");
    }
    MultiThreadIoEventLoopGroup loop =
        new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    try (SkegServer local = SkegServer.start(ServerConfig.of(values));
        SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(http))) {
      channel.write(
          ByteBuffer.wrap(
              "GET /v2/health/ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII)));
      String answer =
          new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.US_ASCII);
      ManagedChannel overSocket =
          NettyChannelBuilder.forAddress(new DomainSocketAddress(grpcSocket.toFile()))
              .eventLoopGroup(loop)
              .channelType(EpollDomainSocketChannel.class)
              .usePlaintext()
              .build();
      boolean ready =
          GRPCInferenceServiceGrpc.newBlockingStub(overSocket)
              .withDeadlineAfter(20, TimeUnit.SECONDS)
              .serverReady(ServerReadyRequest.getDefaultInstance())
              .getReady();
      overSocket.shutdownNow();

      assertThat(local.port("http")).isPositive();
      assertThat(answer).startsWith("HTTP/1.1 200 OK").contains("{\"ready\":true}");
      assertThat(ready).isTrue();
    } finally {
      loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }
    assertThat(http).doesNotExist();
    assertThat(grpcSocket).doesNotExist();
  }

  private static int maxBatchSize(String model) {
    return grpc.modelConfig(ModelConfigRequest.newBuilder().setName(model).build())
        .getConfig()
        .getMaxBatchSize();
  }

  private static HttpResponse<String> infer(String model, String body) throws Exception {
    return client.send(
        HttpRequest.newBuilder(
                URI.create("http://" + server.address("http") + "/v2/models/" + model + "/infer"))
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static HttpResponse<String> get(String uri) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create(uri)).build(), HttpResponse.BodyHandlers.ofString());
  }

  private static void model(String name, int version, byte[] file) throws IOException {
    Path versionDirectory =
        directory.resolve("models").resolve(name).resolve(Integer.toString(version));
    Files.createDirectories(versionDirectory);
    Files.write(versionDirectory.resolve("model.onnx"), file);
  }

  private static void config(String name, String text) throws IOException {
    Files.writeString(directory.resolve("models").resolve(name).resolve("config.pbtxt"), text);
  }
}
