package dev.skeg.runtime.grpc;

import dev.skeg.runtime.endpoint.ServerIdentity;
import dev.skeg.runtime.endpoint.ServerState;
import dev.skeg.runtime.testing.RecordedRepository;
import inference.GRPCInferenceServiceGrpc;
import inference.GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub;
import inference.GrpcService.ModelInferRequest;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A real {@link GrpcServer} over {@link FakeEndpoints}, with a client of it. */
final class TestServer implements AutoCloseable {
  static final Duration LONG = Duration.ofSeconds(20);

  final FakeEndpoints endpoints = new FakeEndpoints();
  final RecordedRepository repository = new RecordedRepository();
  final ServerState state = new ServerState();
  final GrpcServer server;
  final int port;
  final ManagedChannel channel;

  TestServer() {
    this(GrpcConfig.of("127.0.0.1", 0));
  }

  TestServer(GrpcConfig config) {
    server =
        new GrpcServer(
            config,
            new ServerIdentity("skeg", "0.1", List.of("model_configuration")),
            endpoints,
            repository,
            state);
    port = server.start();
    channel =
        NettyChannelBuilder.forAddress("127.0.0.1", port)
            .usePlaintext()
            .maxInboundMessageSize(Integer.MAX_VALUE)
            .compressorRegistry(Codecs.compressors())
            .decompressorRegistry(Codecs.decompressors())
            .build();
  }

  GRPCInferenceServiceBlockingStub stub() {
    return GRPCInferenceServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(LONG.toSeconds(), TimeUnit.SECONDS);
  }

  /** Sends bytes as they are to a method of the inference service. */
  byte[] send(String method, byte[] message) {
    return ClientCalls.blockingUnaryCall(
        channel,
        rawMethod(method),
        CallOptions.DEFAULT.withDeadlineAfter(LONG.toSeconds(), TimeUnit.SECONDS),
        message);
  }

  static MethodDescriptor<byte[], byte[]> rawMethod(String method) {
    return MethodDescriptor.newBuilder(new Bytes(), new Bytes())
        .setType(MethodDescriptor.MethodType.UNARY)
        .setFullMethodName("inference.GRPCInferenceService/" + method)
        .build();
  }

  static ModelInferRequest.Builder request(String model) {
    return ModelInferRequest.newBuilder().setModelName(model);
  }

  static ModelInferRequest.InferInputTensor.Builder input(
      String name, String datatype, long... shape) {
    ModelInferRequest.InferInputTensor.Builder input =
        ModelInferRequest.InferInputTensor.newBuilder().setName(name).setDatatype(datatype);
    for (long extent : shape) {
      input.addShape(extent);
    }
    return input;
  }

  @Override
  public void close() {
    channel.shutdownNow();
    server.stop(Duration.ZERO);
  }

  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
