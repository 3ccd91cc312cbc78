package dev.skeg.runtime.grpc;

import static dev.skeg.runtime.grpc.TestServer.input;
import static dev.skeg.runtime.grpc.TestServer.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.google.protobuf.ByteString;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.InferenceRequest;
import inference.GrpcService.InferParameter;
import inference.GrpcService.InferTensorContents;
import inference.GrpcService.ModelInferRequest;
import inference.GrpcService.ModelInferRequest.InferInputTensor;
import inference.GrpcService.ModelInferRequest.InferRequestedOutputTensor;
import inference.GrpcService.ModelInferResponse;
import inference.GrpcService.ModelInferResponse.InferOutputTensor;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code ModelInfer} on the wire, over a model that answers with its inputs. */
final class ModelInferTest {
  private static TestServer server;

  @BeforeAll
  static void start() {
    server = new TestServer();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @AfterEach
  void everyOutputIsClosed() {
    server.endpoints.awaitClosedOutputs();
  }

  @ParameterizedTest
  @EnumSource(DataType.class)
  void carriesEveryDatatypeRaw(DataType type) {
    byte[] data =
        type == DataType.BYTES
            ? HexFormat.of().parseHex("00000000" + "04000000f09f9880" + "02000000ff00")
            : new byte[3 * type.size()];
    if (type == DataType.BOOL) {
      data[1] = 1;
    } else if (type.isFixedSize()) {
      new Random(7).nextBytes(data);
    }

    ModelInferResponse response =
        server
            .stub()
            .modelInfer(
                request("identity")
                    .setId("42")
                    .addInputs(input("x", type.name(), 3, 1))
                    .addRawInputContents(ByteString.copyFrom(data))
                    .build());

    assertThat(response)
        .isEqualTo(
            ModelInferResponse.newBuilder()
                .setModelName("identity")
                .setModelVersion("3")
                .setId("42")
                .addOutputs(
                    InferOutputTensor.newBuilder()
                        .setName("x")
                        .setDatatype(type.name())
                        .addShape(3)
                        .addShape(1))
                .addRawOutputContents(ByteString.copyFrom(data))
                .build());
  }

  static Stream<Arguments> typed() {
    return Stream.of(
        arguments("BOOL", contents().addBoolContents(true).addBoolContents(false), "0100"),
        arguments("INT8", contents().addIntContents(-128).addIntContents(127), "807f"),
        arguments("INT16", contents().addIntContents(-32768).addIntContents(258), "00800201"),
        arguments(
            "INT32",
            contents().addIntContents(Integer.MIN_VALUE).addIntContents(1),
            "0000008001000000"),
        arguments(
            "INT64",
            contents().addInt64Contents(Long.MIN_VALUE).addInt64Contents(-2),
            "0000000000000080feffffffffffffff"),
        arguments("UINT8", contents().addUintContents(255).addUintContents(0), "ff00"),
        arguments("UINT16", contents().addUintContents(65535).addUintContents(1), "ffff0100"),
        arguments("UINT32", contents().addUintContents(-1).addUintContents(1), "ffffffff01000000"),
        arguments(
            "UINT64",
            contents().addUint64Contents(-1).addUint64Contents(1),
            "ffffffffffffffff0100000000000000"),
        arguments(
            "FP32",
            contents().addFp32Contents(Float.NaN).addFp32Contents(-1.5f),
            "0000c07f0000c0bf"),
        arguments(
            "FP64",
            contents().addFp64Contents(Double.NEGATIVE_INFINITY).addFp64Contents(1.5),
            "000000000000f0ff000000000000f83f"),
        arguments(
            "BYTES",
            contents()
                .addBytesContents(ByteString.copyFromUtf8("😀"))
                .addBytesContents(ByteString.EMPTY),
            "04000000f09f988000000000"));
  }

  private static InferTensorContents.Builder contents() {
    return InferTensorContents.newBuilder();
  }

  @ParameterizedTest
  @MethodSource("typed")
  void packsTypedContentsAndAnswersRaw(
      String datatype, InferTensorContents.Builder contents, String expected) {
    ModelInferResponse response =
        server
            .stub()
            .modelInfer(
                request("identity")
                    .addInputs(input("x", datatype, 2).setContents(contents))
                    .build());

    assertThat(HexFormat.of().formatHex(response.getRawOutputContents(0).toByteArray()))
        .isEqualTo(expected);
    assertThat(response.getOutputs(0).hasContents()).isFalse();
    assertThat(response.getId()).isEmpty();
  }

  @Test
  void carriesScalarsEmptyTensorsAndRequestsWithoutInputs() {
    ModelInferResponse scalar =
        server
            .stub()
            .modelInfer(
                request("identity")
                    .addInputs(input("scalar", "INT16"))
                    .addInputs(input("empty", "FP64", 0, 5))
                    .addInputs(input("none", "BYTES", 0))
                    .addRawInputContents(ByteString.copyFrom(new byte[] {1, 2}))
                    .addRawInputContents(ByteString.EMPTY)
                    .addRawInputContents(ByteString.EMPTY)
                    .build());
    ModelInferResponse typed =
        server
            .stub()
            .modelInfer(request("identity").addInputs(input("empty", "FP16", 2, 0)).build());
    ModelInferResponse nothing = server.stub().modelInfer(request("identity").build());

    assertThat(scalar.getOutputs(0).getShapeList()).isEmpty();
    assertThat(scalar.getOutputs(1).getShapeList()).containsExactly(0L, 5L);
    assertThat(scalar.getRawOutputContentsList())
        .containsExactly(
            ByteString.copyFrom(new byte[] {1, 2}), ByteString.EMPTY, ByteString.EMPTY);
    assertThat(typed.getRawOutputContentsList()).containsExactly(ByteString.EMPTY);
    assertThat(nothing.getOutputsList()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 16_000, 16_384, 40_000, 1 << 20, 20 << 20})
  void carriesTensorsOfEverySizeUnchanged(int size) {
    byte[] first = new byte[size];
    byte[] second = new byte[size / 2 + 1];
    Random random = new Random(size);
    random.nextBytes(first);
    random.nextBytes(second);

    ModelInferResponse response =
        server
            .stub()
            .modelInfer(
                request("elsewhere")
                    .addInputs(input("first", "UINT8", size))
                    .addInputs(input("second", "INT8", second.length))
                    .addRawInputContents(ByteString.copyFrom(first))
                    .addRawInputContents(ByteString.copyFrom(second))
                    .build());

    assertThat(response.getRawOutputContents(0).toByteArray()).isEqualTo(first);
    assertThat(response.getRawOutputContents(1).toByteArray()).isEqualTo(second);
  }

  @Test
  void readsFieldsInAnyOrderInPiecesPackedOrNotAndSkipsUnknownOnes() throws IOException {
    ByteArrayOutputStream message = new ByteArrayOutputStream();
    // Unknown: a varint, a group with a field inside, 64 and 32 bits.
    message.write(HexFormat.of().parseHex("a00601" + "a306" + "0801" + "a406"));
    message.write(HexFormat.of().parseHex("a1060102030405060708" + "a50601020304"));
    // An input whose shape is one dimension unpacked and one packed, and whose contents come in two
    // pieces: one element of its own, then two packed.
    String name = "0a0178" + "1205494e543332";
    String shape = "1801" + "1a0103";
    String pieces = "2a02" + "1007" + "2a04" + "12020809";
    String input = name + shape + pieces;
    message.write(HexFormat.of().parseHex("2a" + "%02x".formatted(input.length() / 2) + input));
    // The model's name last, and twice: the last one counts.
    message.write(ModelInferRequest.newBuilder().setModelName("wrong").build().toByteArray());
    message.write(ModelInferRequest.newBuilder().setModelName("identity").build().toByteArray());

    ModelInferResponse response =
        ModelInferResponse.parseFrom(server.send("ModelInfer", message.toByteArray()));

    assertThat(response.getOutputs(0).getShapeList()).containsExactly(1L, 3L);
    assertThat(response.getRawOutputContents(0).toByteArray())
        .isEqualTo(HexFormat.of().parseHex("070000000800000009000000"));
  }

  @Test
  void handsOverVersionIdOutputsAndAcceptsParametersThatAreTheClientsOwn() {
    server.endpoints.requests.clear();

    server
        .stub()
        .modelInfer(
            request("identity")
                .setModelVersion("3")
                .setId("é-1")
                .putParameters("timeout", InferParameter.newBuilder().setInt64Param(5).build())
                .putParameters("priority", InferParameter.newBuilder().setUint64Param(1).build())
                .putParameters("sequence_id", InferParameter.newBuilder().setInt64Param(0).build())
                .putParameters(
                    "sequence_start", InferParameter.newBuilder().setBoolParam(false).build())
                .putParameters(
                    "triton_enable_empty_final_response",
                    InferParameter.newBuilder().setBoolParam(true).build())
                .putParameters("mine", InferParameter.newBuilder().setDoubleParam(0.5).build())
                .putParameters("none", InferParameter.getDefaultInstance())
                .addOutputs(InferRequestedOutputTensor.newBuilder().setName("b"))
                .addOutputs(
                    InferRequestedOutputTensor.newBuilder()
                        .setName("a")
                        .putParameters(
                            "mine", InferParameter.newBuilder().setStringParam("x").build()))
                .build());

    InferenceRequest request = server.endpoints.requests.remove();
    assertThat(request.version()).isEqualTo("3");
    assertThat(request.id()).isEqualTo("é-1");
    assertThat(request.outputs()).containsExactly("b", "a");
  }

  static Stream<Arguments> refused() {
    InferInputTensor typed =
        input("x", "INT32", 1).setContents(contents().addIntContents(1)).build();
    ByteString four = ByteString.copyFrom(new byte[4]);
    return Stream.of(
        refusal(
            "contents field must not be specified when using raw_input_contents for input 'x' for"
                + " model 'identity'",
            request("identity").addInputs(typed).addRawInputContents(four)),
        refusal(
            "expected 2 raw_input_contents, one for each input, but got 1",
            request("identity")
                .addInputs(input("x", "FP32", 1))
                .addInputs(input("y", "FP32", 1))
                .addRawInputContents(four)),
        refusal(
            "expected 0 raw_input_contents, one for each input, but got 1",
            request("identity").addRawInputContents(four)),
        refusal(
            "input 'x': input byte size mismatch: expected 8 bytes for FP32 of shape [2,1], got 4",
            request("identity").addInputs(input("x", "FP32", 2, 1)).addRawInputContents(four)),
        refusal(
            "input 'x': shape [2, -1] has dimension -1 (expected: 0 or more)",
            request("identity").addInputs(input("x", "FP32", 2, -1)).addRawInputContents(four)),
        refusal(
            "has too many elements",
            request("identity")
                .addInputs(input("x", "FP32", 1L << 62, 2))
                .addRawInputContents(four)),
        refusal(
            "has too many elements",
            request("identity").addInputs(input("x", "FP64", 1L << 61)).addRawInputContents(four)),
        refusal(
            "shape has 65 dimensions (expected: at most 64)",
            request("identity").addInputs(input("x", "FP32", new long[65]))),
        refusal(
            "input 'x': datatype 'FP33' (expected: one of [BOOL, UINT8,",
            request("identity").addInputs(input("x", "FP33", 1)).addRawInputContents(four)),
        refusal(
            "input 'x': datatype '' (expected: one of",
            request("identity").addInputs(input("x", "", 1)).addRawInputContents(four)),
        refusal(
            "BOOL element 2 is 7 (expected: 0 or 1)",
            request("identity")
                .addInputs(input("x", "BOOL", 3))
                .addRawInputContents(ByteString.copyFrom(new byte[] {0, 1, 7}))),
        refusal(
            "input 'x': expected 2 BYTES elements for shape [2], got 1",
            request("identity").addInputs(input("x", "BYTES", 2)).addRawInputContents(four)),
        refusal(
            "BYTES element 0: its length is 4294967295, but 1 bytes are left",
            request("identity")
                .addInputs(input("x", "BYTES", 1))
                .addRawInputContents(ByteString.copyFrom(new byte[] {-1, -1, -1, -1, 5}))),
        refusal(
            "BYTES element 1: 2 bytes are left for its length (expected: 4)",
            request("identity")
                .addInputs(input("x", "BYTES", 1))
                .addRawInputContents(ByteString.copyFrom(new byte[6]))),
        refusal(
            "input 'x': datatype FP32 does not travel in int_contents (expected: fp32_contents or"
                + " raw_input_contents)",
            request("identity")
                .addInputs(input("x", "FP32", 1).setContents(contents().addIntContents(1)))),
        refusal(
            "datatype FP16 does not travel in fp32_contents (expected: raw_input_contents)",
            request("identity")
                .addInputs(input("x", "FP16", 1).setContents(contents().addFp32Contents(1)))),
        refusal(
            "expected 1 elements for shape [1] in raw_input_contents, got 0",
            request("identity").addInputs(input("x", "BF16", 1))),
        refusal(
            "expected 3 elements for shape [3] in int_contents or raw_input_contents, got 1",
            request("identity")
                .addInputs(input("x", "INT32", 3).setContents(contents().addIntContents(1)))),
        refusal(
            "input 'x': INT8 element 1 is 128 (expected: -128 to 127)",
            request("identity")
                .addInputs(
                    input("x", "INT8", 2)
                        .setContents(contents().addIntContents(-128).addIntContents(128)))),
        refusal(
            "INT16 element 0 is -32769 (expected: -32768 to 32767)",
            request("identity")
                .addInputs(input("x", "INT16", 1).setContents(contents().addIntContents(-32769)))),
        refusal(
            "UINT8 element 0 is 256 (expected: 0 to 255)",
            request("identity")
                .addInputs(input("x", "UINT8", 1).setContents(contents().addUintContents(256)))),
        refusal(
            "UINT16 element 0 is 4294967295 (expected: 0 to 65535)",
            request("identity")
                .addInputs(input("x", "UINT16", 1).setContents(contents().addUintContents(-1)))),
        refusal(
            "input 'x' is given more than once",
            request("identity").addInputs(typed).addInputs(typed)),
        refusal("input without a name", request("identity").addInputs(input("", "INT32", 0))),
        refusal(
            "output 'a' is given more than once",
            request("identity")
                .addOutputs(InferRequestedOutputTensor.newBuilder().setName("a"))
                .addOutputs(InferRequestedOutputTensor.newBuilder().setName("a"))),
        refusal(
            "output without a name",
            request("identity").addOutputs(InferRequestedOutputTensor.getDefaultInstance())),
        refusal(
            "parameter 'timeout' is string_param soon (expected: int64_param or uint64_param, 0 or"
                + " more)",
            request("identity")
                .putParameters(
                    "timeout", InferParameter.newBuilder().setStringParam("soon").build())),
        refusal(
            "parameter 'priority' is int64_param -1",
            request("identity")
                .putParameters("priority", InferParameter.newBuilder().setInt64Param(-1).build())),
        refusal(
            "keys that start with 'triton_' are reserved",
            request("identity")
                .putParameters("triton_x", InferParameter.newBuilder().setInt64Param(1).build())),
        refusal(
            "parameter 'binary_data_output' is reserved",
            request("identity")
                .putParameters(
                    "binary_data_output", InferParameter.newBuilder().setBoolParam(true).build())),
        arguments(
            Status.Code.UNIMPLEMENTED,
            "parameter 'sequence_id': stateful models are not supported",
            request("identity")
                .putParameters(
                    "sequence_id", InferParameter.newBuilder().setStringParam("s").build())),
        arguments(
            Status.Code.UNIMPLEMENTED,
            "parameter 'shared_memory_region': shared memory is not supported",
            request("identity")
                .addInputs(
                    input("x", "FP32", 1)
                        .putParameters(
                            "shared_memory_region",
                            InferParameter.newBuilder().setStringParam("r").build()))),
        arguments(
            Status.Code.UNIMPLEMENTED,
            "parameter 'classification': not supported",
            request("identity")
                .addOutputs(
                    InferRequestedOutputTensor.newBuilder()
                        .setName("y")
                        .putParameters(
                            "classification",
                            InferParameter.newBuilder().setInt64Param(3).build()))));
  }

  private static Arguments refusal(String text, ModelInferRequest.Builder request) {
    return arguments(Status.Code.INVALID_ARGUMENT, text, request);
  }

  @ParameterizedTest
  @MethodSource("refused")
  void refusesWhatIsWrongAndSaysWhat(
      Status.Code code, String text, ModelInferRequest.Builder request) {
    assertThatThrownBy(() -> server.stub().modelInfer(request.build()))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> {
              assertThat(e.getStatus().getCode()).isEqualTo(code);
              assertThat(e.getStatus().getDescription()).contains(text).contains("'identity'");
            });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ff", // A tag that does not end.
        "00", // Field number 0.
        "0a05616263", // A name longer than the message.
        "0a02c328", // A name that is not UTF-8.
        "220b0a07c328616263646512020801", // A parameter's key that is not UTF-8.
        "0affffffff0f", // A negative length.
        "0c", // The end of a group that was not begun.
        "a306a40e", // A group ended as another one.
        "a30608", // A group that does not end.
        "2a042a023205", // An element longer than its contents.
        "2a0532033202010203", // Not enough for a float.
        "07", // A wire type that does not exist.
      })
  void refusesWhatIsNotProtobufAndTheConnectionLivesOn(String hex) {
    assertThatThrownBy(() -> server.send("ModelInfer", HexFormat.of().parseHex(hex)))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> {
              assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
              assertThat(e.getStatus().getDescription())
                  .startsWith("malformed ModelInferRequest of " + hex.length() / 2 + " bytes: ");
            });

    assertThat(server.stub().modelInfer(request("identity").build()).getModelVersion())
        .isEqualTo("3");
  }

  static Stream<Arguments> outcomes() {
    return Stream.of(
        arguments("rejected-INVALID_ARGUMENT", Status.Code.INVALID_ARGUMENT, "rejected: "),
        arguments("rejected-NOT_FOUND", Status.Code.NOT_FOUND, "rejected: "),
        arguments("rejected-UNAVAILABLE", Status.Code.UNAVAILABLE, "rejected: "),
        arguments("rejected-UNSUPPORTED", Status.Code.UNIMPLEMENTED, "rejected: "),
        arguments("rejected-ALREADY_EXISTS", Status.Code.ALREADY_EXISTS, "rejected: "),
        arguments("rejected-CANCELLED", Status.Code.CANCELLED, "rejected: "),
        arguments("rejected-INTERNAL", Status.Code.INTERNAL, "rejected: "),
        arguments("failing", Status.Code.INTERNAL, "the engine said no"),
        arguments("throwing", Status.Code.INTERNAL, "internal error"));
  }

  @ParameterizedTest
  @MethodSource("outcomes")
  void passesOnWhyThereIsNoAnswer(String model, Status.Code code, String text) {
    assertThatThrownBy(() -> server.stub().modelInfer(request(model).build()))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> {
              assertThat(e.getStatus().getCode()).isEqualTo(code);
              assertThat(e.getStatus().getDescription()).startsWith(text);
            });
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "deflate"})
  void readsCompressedRequestsAndAnswersInTheSameEncoding(String encoding) {
    AtomicReference<String> answeredIn = new AtomicReference<>();
    byte[] data = "0123456789".repeat(50_000).getBytes(StandardCharsets.US_ASCII);

    ModelInferResponse response =
        server
            .stub()
            .withCompression(encoding)
            .withInterceptors(new EncodingOf(answeredIn))
            .modelInfer(
                request("identity")
                    .addInputs(input("x", "UINT8", data.length))
                    .addRawInputContents(ByteString.copyFrom(data))
                    .build());

    assertThat(response.getRawOutputContents(0).toByteArray()).isEqualTo(data);
    assertThat(answeredIn).hasValue(encoding);
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "deflate"})
  void refusesWhatIsTooLargeOnceDecompressed(String encoding) {
    try (TestServer small =
        new TestServer(GrpcConfig.of("127.0.0.1", 0).withMaxMessageBytes(1 << 20))) {
      ModelInferRequest bomb =
          request("identity")
              .addInputs(input("x", "UINT8", 8 << 20))
              .addRawInputContents(ByteString.copyFrom(new byte[8 << 20]))
              .build();

      assertThatThrownBy(() -> small.stub().withCompression(encoding).modelInfer(bomb))
          .isInstanceOfSatisfying(
              StatusRuntimeException.class,
              e -> {
                assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
                assertThat(e.getStatus().getDescription()).contains("1048576");
              });
      assertThat(small.stub().modelInfer(request("identity").build()).getModelVersion())
          .isEqualTo("3");
    }
  }

  @Test
  void refusesMessagesAndConvertedContentsAboveTheLimit() {
    try (TestServer small =
        new TestServer(GrpcConfig.of("127.0.0.1", 0).withMaxMessageBytes(1000))) {
      InferTensorContents.Builder zeros = contents();
      for (int i = 0; i < 200; i++) {
        zeros.addInt64Contents(0);
      }

      assertThatThrownBy(() ->
              small
                  .stub()
                  .modelInfer(
                      request("identity")
                          .addInputs(input("x", "UINT8", 2000))
                          .addRawInputContents(ByteString.copyFrom(new byte[2000]))
                          .build()))
          .isInstanceOfSatisfying(
              StatusRuntimeException.class,
              e -> {
                assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
                assertThat(e.getStatus().getDescription()).contains("1000");
              });
      assertThatThrownBy(() ->
              small
                  .stub()
                  .modelInfer(
                      request("identity")
                          .addInputs(input("x", "INT64", 200).setContents(zeros))
                          .build()))
          .hasMessageContaining("input 'x': contents take more than 1000 bytes as tensors");
      assertThat(small.stub().modelInfer(request("identity").build()).getModelVersion())
          .isEqualTo("3");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "deflate"})
  void refusesWhatCannotBeDecompressed(String encoding) {
    io.grpc.CompressorRegistry lying = io.grpc.CompressorRegistry.newEmptyInstance();
    lying.register(new NotCompressing(encoding));
    io.grpc.ManagedChannel channel =
        io.grpc.netty.NettyChannelBuilder.forAddress("127.0.0.1", server.port)
            .usePlaintext()
            .compressorRegistry(lying)
            .build();
    try {
      assertThatThrownBy(() ->
              inference.GRPCInferenceServiceGrpc.newBlockingStub(channel)
                  .withCompression(encoding)
                  .modelInfer(request("identity").build()))
          .isInstanceOfSatisfying(
              StatusRuntimeException.class,
              e -> {
                assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
                assertThat(e.getStatus().getDescription()).contains("cannot be decompressed");
              });
    } finally {
      channel.shutdownNow();
    }
  }

  private static final Metadata.Key<String> TIMING =
      Metadata.Key.of("server-timing", Metadata.ASCII_STRING_MARSHALLER);

  @Test
  void tellsItsTimesToClientsThatAsk() {
    AtomicReference<Metadata> headers = new AtomicReference<>();
    AtomicReference<Metadata> trailers = new AtomicReference<>();
    Metadata asked = new Metadata();
    asked.put(Metadata.Key.of("skeg-timing", Metadata.ASCII_STRING_MARSHALLER), "true");

    server
        .stub()
        .withInterceptors(
            MetadataUtils.newAttachHeadersInterceptor(asked),
            MetadataUtils.newCaptureMetadataInterceptor(headers, trailers))
        .modelInfer(request("identity").build());
    String timing = trailers.get().get(TIMING);
    server
        .stub()
        .withInterceptors(MetadataUtils.newCaptureMetadataInterceptor(headers, trailers))
        .modelInfer(request("identity").build());

    assertThat(timing).matches("queue;dur=0\\.001, compute;dur=1\\.239, total;dur=\\d+\\.\\d{3}");
    assertThat(trailers.get().containsKey(TIMING)).isFalse();
  }

  @Test
  void answersManyClientsAtOnceEachWithItsOwn() throws Exception {
    List<Future<?>> answers = new ArrayList<>();
    try (ExecutorService clients = Executors.newFixedThreadPool(16)) {
      for (int i = 0; i < 400; i++) {
        int number = i;
        answers.add(
            clients.submit(() -> {
              byte[] data =
                  ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(number).array();
              ModelInferResponse response =
                  server
                      .stub()
                      .modelInfer(
                          request(number % 2 == 0 ? "identity" : "elsewhere")
                              .setId("r" + number)
                              .addInputs(input("x", "INT32", 1))
                              .addRawInputContents(ByteString.copyFrom(data))
                              .build());
              assertThat(response.getId()).isEqualTo("r" + number);
              assertThat(response.getRawOutputContents(0).toByteArray()).isEqualTo(data);
            }));
      }
      for (Future<?> answer : answers) {
        answer.get(TestServer.LONG.toSeconds(), TimeUnit.SECONDS);
      }
    }
  }

  /** Says that it compresses and does not. */
  private record NotCompressing(String getMessageEncoding) implements io.grpc.Compressor {
    @Override
    public java.io.OutputStream compress(java.io.OutputStream out) {
      return out;
    }
  }

  private record EncodingOf(AtomicReference<String> encoding) implements ClientInterceptor {
    @Override
    public <Q, R> ClientCall<Q, R> interceptCall(
        MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
      return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
        @Override
        public void start(Listener<R> listener, Metadata headers) {
          super.start(
              new SimpleForwardingClientCallListener<>(listener) {
                @Override
                public void onHeaders(Metadata headers) {
                  encoding.set(
                      String.valueOf(
                          headers.get(
                              Metadata.Key.of("grpc-encoding", Metadata.ASCII_STRING_MARSHALLER))));
                  super.onHeaders(headers);
                }
              },
              headers);
        }
      };
    }
  }
}
