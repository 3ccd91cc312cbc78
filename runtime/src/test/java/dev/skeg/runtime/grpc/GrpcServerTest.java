package dev.skeg.runtime.grpc;

import static dev.skeg.runtime.grpc.TestServer.input;
import static dev.skeg.runtime.grpc.TestServer.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import dev.skeg.runtime.endpoint.ServerIdentity;
import dev.skeg.runtime.endpoint.ServerState;
import dev.skeg.runtime.endpoint.ServerState.Phase;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.testing.RecordedRepository;
import inference.GRPCInferenceServiceGrpc;
import inference.GrpcService.ModelConfigRequest;
import inference.GrpcService.ModelInferResponse;
import inference.GrpcService.ModelMetadataRequest;
import inference.GrpcService.ModelMetadataResponse;
import inference.GrpcService.ModelReadyRequest;
import inference.GrpcService.ModelRepositoryParameter;
import inference.GrpcService.RepositoryIndexRequest;
import inference.GrpcService.RepositoryIndexResponse.ModelIndex;
import inference.GrpcService.RepositoryModelLoadRequest;
import inference.GrpcService.RepositoryModelUnloadRequest;
import inference.GrpcService.ServerLiveRequest;
import inference.GrpcService.ServerMetadataRequest;
import inference.GrpcService.ServerMetadataResponse;
import inference.GrpcService.ServerReadyRequest;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The services beside {@code ModelInfer}, and the server's life. */
final class GrpcServerTest {
  private static final HealthCheckRequest WHOLE_SERVER = HealthCheckRequest.getDefaultInstance();

  private final TestServer server = new TestServer();

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void tellsItsStateInEveryPhase() {
    HealthGrpc.HealthBlockingStub health = HealthGrpc.newBlockingStub(server.channel);
    HealthCheckRequest service =
        HealthCheckRequest.newBuilder().setService("inference.GRPCInferenceService").build();

    assertThat(server.stub().serverLive(ServerLiveRequest.getDefaultInstance()).getLive()).isTrue();
    assertThat(isReady()).isFalse();
    assertThat(health.check(WHOLE_SERVER).getStatus()).isEqualTo(ServingStatus.NOT_SERVING);

    server.state.advance(Phase.READY);
    assertThat(isReady()).isTrue();
    assertThat(health.check(WHOLE_SERVER).getStatus()).isEqualTo(ServingStatus.SERVING);
    assertThat(health.check(service).getStatus()).isEqualTo(ServingStatus.SERVING);

    server.state.advance(Phase.DRAINING);
    assertThat(server.stub().serverLive(ServerLiveRequest.getDefaultInstance()).getLive()).isTrue();
    assertThat(isReady()).isFalse();
    assertThat(health.check(service).getStatus()).isEqualTo(ServingStatus.NOT_SERVING);

    server.state.advance(Phase.STOPPING);
    assertThat(server.stub().serverLive(ServerLiveRequest.getDefaultInstance()).getLive())
        .isFalse();
    assertThatThrownBy(
            () -> health.check(HealthCheckRequest.newBuilder().setService("other").build()))
        .hasMessageContaining("NOT_FOUND");
  }

  private boolean isReady() {
    return server.stub().serverReady(ServerReadyRequest.getDefaultInstance()).getReady();
  }

  @Test
  void tellsWatchersOfEveryChange() throws Exception {
    Answers<HealthCheckResponse> watch = new Answers<>();
    HealthGrpc.newStub(server.channel).watch(WHOLE_SERVER, watch);

    assertThat(watch.next().getStatus()).isEqualTo(ServingStatus.NOT_SERVING);
    server.state.advance(Phase.READY);
    assertThat(watch.next().getStatus()).isEqualTo(ServingStatus.SERVING);
    server.state.advance(Phase.DRAINING);
    assertThat(watch.next().getStatus()).isEqualTo(ServingStatus.NOT_SERVING);
  }

  @Test
  void describesTheServerAndItsModels() {
    ServerMetadataResponse metadata =
        server.stub().serverMetadata(ServerMetadataRequest.getDefaultInstance());
    ModelMetadataResponse model =
        server.stub().modelMetadata(ModelMetadataRequest.newBuilder().setName("identity").build());

    assertThat(metadata.getName()).isEqualTo("skeg");
    assertThat(metadata.getVersion()).isEqualTo("0.1");
    assertThat(metadata.getExtensionsList()).containsExactly("model_configuration");
    assertThat(model.getName()).isEqualTo("identity");
    assertThat(model.getVersionsList()).containsExactly("1", "3");
    assertThat(model.getPlatform()).isEqualTo("onnxruntime_onnx");
    assertThat(model.getInputs(0))
        .isEqualTo(
            ModelMetadataResponse.TensorMetadata.newBuilder()
                .setName("in")
                .setDatatype("FP32")
                .addShape(-1)
                .addShape(9)
                .build());
    assertThat(model.getOutputs(0).getDatatype()).isEqualTo("BYTES");
    assertThat(
            server
                .stub()
                .modelConfig(ModelConfigRequest.newBuilder().setName("identity").build())
                .getConfig()
                .getMaxBatchSize())
        .isEqualTo(64);
    assertThat(isModelReady("identity", "3")).isTrue();
    assertThat(isModelReady("identity", "1")).isFalse();
    assertThat(isModelReady("other", "")).isFalse();
  }

  private boolean isModelReady(String name, String version) {
    return server
        .stub()
        .modelReady(ModelReadyRequest.newBuilder().setName(name).setVersion(version).build())
        .getReady();
  }

  @Test
  void listsTheRepositoryWholeOrOnlyWhatIsReady() {
    List<ModelIndex> all =
        server.stub().repositoryIndex(RepositoryIndexRequest.getDefaultInstance()).getModelsList();
    List<ModelIndex> ready =
        server
            .stub()
            .repositoryIndex(RepositoryIndexRequest.newBuilder().setReady(true).build())
            .getModelsList();

    assertThat(ready)
        .containsExactly(
            ModelIndex.newBuilder().setName("identity").setVersion("3").setState("READY").build());
    assertThat(all)
        .contains(
            ModelIndex.newBuilder()
                .setName("broken")
                .setVersion("1")
                .setState("UNAVAILABLE")
                .setReason("no such operator")
                .build())
        .hasSize(2);
    assertRefused(
        Status.Code.UNIMPLEMENTED,
        "repository_name: 'mine' (expected: empty",
        () ->
            server
                .stub()
                .repositoryIndex(
                    RepositoryIndexRequest.newBuilder().setRepositoryName("mine").build()));
  }

  @Test
  void saysWhichModelOrVersionIsNotKnown() {
    assertRefused(
        Status.Code.INVALID_ARGUMENT,
        "Request for unknown model: 'x' is not found",
        () -> server.stub().modelConfig(ModelConfigRequest.newBuilder().setName("x").build()));
    assertRefused(
        Status.Code.NOT_FOUND,
        "Request for unknown model: 'identity' version 9 is not found",
        () ->
            server
                .stub()
                .modelMetadata(
                    ModelMetadataRequest.newBuilder().setName("identity").setVersion("9").build()));
  }

  @Test
  void modelsAreLoadedAndUnloadedOffTheEventLoops() {
    RepositoryModelLoadRequest load =
        RepositoryModelLoadRequest.newBuilder().setModelName("echo").build();

    assertThat(server.stub().repositoryModelLoad(load)).isNotNull();
    assertThat(
            server
                .stub()
                .repositoryModelUnload(
                    // KServe's dialect has the model's name in the first field.
                    RepositoryModelUnloadRequest.newBuilder().setRepositoryName("echo").build()))
        .isNotNull();
    assertThat(server.repository.calls()).containsExactly("load echo", "unload echo");

    assertRefused(
        Status.Code.NOT_FOUND,
        "failed to load 'absent'",
        () -> server.stub().repositoryModelLoad(load.toBuilder().setModelName("absent").build()));
    assertRefused(
        Status.Code.INVALID_ARGUMENT,
        "model_name",
        () -> server.stub().repositoryModelLoad(load.toBuilder().clearModelName().build()));
    assertRefused(
        Status.Code.UNIMPLEMENTED,
        "parameters: config (expected: none",
        () ->
            server
                .stub()
                .repositoryModelLoad(
                    load.toBuilder()
                        .putParameters("config", ModelRepositoryParameter.getDefaultInstance())
                        .build()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ServerLive", "ModelReady", "ModelMetadata", "RepositoryIndex"})
  void refusesWhatIsNotProtobufOnTheRareCallsToo(String method) {
    assertRefused(
        Status.Code.INVALID_ARGUMENT,
        "malformed message to " + method,
        () -> server.send(method, new byte[] {-1}));
  }

  static List<String> notBuilt() {
    List<String> methods = new ArrayList<>();
    for (MethodDescriptor<?, ?> method :
        GRPCInferenceServiceGrpc.getServiceDescriptor().getMethods()) {
      methods.add(String.valueOf(method.getBareMethodName()));
    }
    methods.removeAll(
        List.of(
            "ServerLive",
            "ServerReady",
            "ModelReady",
            "ServerMetadata",
            "ModelMetadata",
            "ModelConfig",
            "ModelInfer",
            "RepositoryIndex",
            "RepositoryModelLoad",
            "RepositoryModelUnload"));
    return methods;
  }

  @ParameterizedTest
  @MethodSource("notBuilt")
  void namesTheCallThatIsNotImplemented(String method) {
    assertRefused(
        Status.Code.UNIMPLEMENTED,
        method + " is not implemented by this server",
        () -> server.send(method, new byte[0]));
  }

  @Test
  void tellsItsServicesAndMessagesByReflectionInBothVersions() throws Exception {
    Answers<io.grpc.reflection.v1.ServerReflectionResponse> answers = new Answers<>();
    StreamObserver<io.grpc.reflection.v1.ServerReflectionRequest> requests =
        io.grpc.reflection.v1.ServerReflectionGrpc.newStub(server.channel)
            .serverReflectionInfo(answers);
    requests.onNext(
        io.grpc.reflection.v1.ServerReflectionRequest.newBuilder().setListServices("").build());
    requests.onNext(
        io.grpc.reflection.v1.ServerReflectionRequest.newBuilder()
            .setFileContainingSymbol("inference.GRPCInferenceService")
            .build());
    Answers<io.grpc.reflection.v1alpha.ServerReflectionResponse> older = new Answers<>();
    StreamObserver<io.grpc.reflection.v1alpha.ServerReflectionRequest> olderRequests =
        io.grpc.reflection.v1alpha.ServerReflectionGrpc.newStub(server.channel)
            .serverReflectionInfo(older);
    olderRequests.onNext(
        io.grpc.reflection.v1alpha.ServerReflectionRequest.newBuilder()
            .setListServices("")
            .build());

    assertThat(answers.next().getListServicesResponse().getServiceList())
        .extracting(io.grpc.reflection.v1.ServiceResponse::getName)
        .containsExactlyInAnyOrder(
            "inference.GRPCInferenceService",
            "grpc.health.v1.Health",
            "grpc.reflection.v1.ServerReflection",
            "grpc.reflection.v1alpha.ServerReflection");
    FileDescriptorProto file =
        FileDescriptorProto.parseFrom(
            answers.next().getFileDescriptorResponse().getFileDescriptorProto(0));
    assertThat(file.getService(0).getMethodCount()).isEqualTo(20);
    assertThat(older.next().getListServicesResponse().getServiceCount()).isEqualTo(4);
    requests.onCompleted();
    olderRequests.onCompleted();
  }

  @Test
  void readsSmallRequestsWhereTheNetworkLeftThem() {
    server
        .stub()
        .modelInfer(
            request("identity")
                .addInputs(input("x", "INT32", 1))
                .addRawInputContents(ByteString.copyFrom(new byte[4]))
                .build());

    InferenceRequest request = server.endpoints.requests.remove();
    assertThat(request.inputs().getFirst().data().isNative()).isTrue();
  }

  @Test
  void closesTheOutputsOfACallThatTheClientGaveUp() throws Exception {
    var call =
        server.channel.newCall(
            GRPCInferenceServiceGrpc.getModelInferMethod(), io.grpc.CallOptions.DEFAULT);
    var answer = ClientCalls.futureUnaryCall(call, request("held").build());
    Runnable complete = server.endpoints.held.poll(20, TimeUnit.SECONDS);

    call.cancel("no longer wanted", null);
    assertThatThrownBy(() -> answer.get(20, TimeUnit.SECONDS)).hasMessageContaining("CANCELLED");
    assertThat(complete).isNotNull();
    complete.run();

    server.endpoints.awaitClosedOutputs();
    assertThat(server.endpoints.closedOutputs).hasValue(1);
    assertThat(server.stub().modelInfer(request("identity").build()).getModelVersion())
        .isEqualTo("3");
  }

  @Test
  void answersWhatIsInFlightWhenItStopsAndTakesNothingNew() throws Exception {
    var inFlight =
        GRPCInferenceServiceGrpc.newFutureStub(server.channel)
            .modelInfer(request("held").setId("last").build());
    Runnable complete = server.endpoints.held.poll(20, TimeUnit.SECONDS);
    assertThat(complete).isNotNull();

    CompletableFuture<Boolean> stopped =
        CompletableFuture.supplyAsync(() -> server.server.stop(TestServer.LONG));
    // Refused once the client knows of the stop; until then answered. Either way in time.
    Status.Code refusal = Status.Code.OK;
    while (refusal == Status.Code.OK) {
      try {
        server.stub().modelInfer(request("identity").build());
      } catch (StatusRuntimeException e) {
        refusal = e.getStatus().getCode();
      }
    }
    assertThat(stopped).isNotDone();
    complete.run();

    ModelInferResponse last = inFlight.get(20, TimeUnit.SECONDS);
    assertThat(last.getId()).isEqualTo("last");
    assertThat(refusal).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(stopped.get(20, TimeUnit.SECONDS)).isTrue();
    server.endpoints.awaitClosedOutputs();
  }

  @Test
  void cutsOffWhatIsNotAnsweredByTheDeadline() throws Exception {
    var inFlight =
        GRPCInferenceServiceGrpc.newFutureStub(server.channel).modelInfer(request("held").build());
    Runnable complete = server.endpoints.held.poll(20, TimeUnit.SECONDS);
    assertThat(complete).isNotNull();

    assertThat(server.server.stop(Duration.ofMillis(1))).isFalse();
    assertThatThrownBy(() -> inFlight.get(20, TimeUnit.SECONDS))
        .hasMessageContaining("UNAVAILABLE");
    complete.run();

    server.endpoints.awaitClosedOutputs();
  }

  @Test
  void doesNotWaitForWatchersWhenItStops() throws Exception {
    Answers<HealthCheckResponse> watch = new Answers<>();
    HealthGrpc.newStub(server.channel).watch(WHOLE_SERVER, watch);
    watch.next();

    assertThat(server.server.stop(TestServer.LONG)).isTrue();

    assertThat(Status.fromThrowable(watch.failure()).getCode()).isEqualTo(Status.Code.UNAVAILABLE);
  }

  @Test
  void saysWhatItCannotBindTo() {
    GrpcServer second =
        new GrpcServer(
            GrpcConfig.of("127.0.0.1", server.port),
            new ServerIdentity("skeg", "0.1", List.of()),
            server.endpoints,
            new RecordedRepository(),
            new ServerState());

    assertThatThrownBy(second::start)
        .isInstanceOf(ServingException.class)
        .hasMessageContaining("gRPC cannot listen on 127.0.0.1:" + server.port)
        .hasMessageContaining("Address already in use");
  }

  private static void assertRefused(Status.Code code, String text, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> {
              assertThat(e.getStatus().getCode()).isEqualTo(code);
              assertThat(e.getStatus().getDescription()).startsWith(text);
            });
  }

  /** Collects what a stream brings. */
  private static final class Answers<T> implements StreamObserver<T> {
    private final BlockingQueue<T> answers = new LinkedBlockingQueue<>();
    private final CompletableFuture<Throwable> failure = new CompletableFuture<>();

    T next() throws InterruptedException {
      T answer = answers.poll(20, TimeUnit.SECONDS);
      if (answer == null) {
        throw new AssertionError("no answer in 20 s; failure: " + failure);
      }
      return answer;
    }

    Throwable failure() throws Exception {
      return failure.get(20, TimeUnit.SECONDS);
    }

    @Override
    public void onNext(T value) {
      answers.add(value);
    }

    @Override
    public void onError(Throwable t) {
      failure.complete(t);
    }

    @Override
    public void onCompleted() {}
  }
}
