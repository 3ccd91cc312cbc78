package dev.skeg.benchmarks;

import inference.GRPCInferenceServiceGrpc;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.KnownLength;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** gRPC connections with many calls on each; messages are bytes that were encoded before. */
final class GrpcTarget implements LoadTarget {
  private static final int MAX_ANSWER_BYTES = 256 << 20;

  private static final MethodDescriptor<byte[], byte[]> MODEL_INFER =
      GRPCInferenceServiceGrpc.getModelInferMethod().toBuilder(new Bytes(), new Bytes()).build();

  private final List<ManagedChannel> channels = new ArrayList<>();
  private final byte[] request;
  private final CallOptions options;
  private final Duration timeout;
  private int free;
  private int next;

  /**
   * @param inFlight calls on each connection at once, at most
   * @param timeout of each call; zero for none
   */
  GrpcTarget(
      EventLoopGroup loop,
      String address,
      int connections,
      int inFlight,
      BenchRequest request,
      Duration timeout) {
    this.request = request.body();
    this.options = CallOptions.DEFAULT;
    this.timeout = timeout;
    this.free = connections * inFlight;
    for (int i = 0; i < connections; i++) {
      channels.add(channel(loop, address));
    }
  }

  /** Returns a connection whose answers come on the event loop. */
  static ManagedChannel channel(EventLoopGroup loop, String address) {
    SocketAddress where = RestTarget.address(address);
    return NettyChannelBuilder.forAddress(where)
        .eventLoopGroup(loop)
        .channelType(
            where instanceof DomainSocketAddress
                ? EpollDomainSocketChannel.class
                : EpollSocketChannel.class)
        .usePlaintext()
        .directExecutor()
        .maxInboundMessageSize(MAX_ANSWER_BYTES)
        .build();
  }

  /** Closes a connection and waits until it is. */
  static void close(ManagedChannel channel) {
    try {
      channel.shutdownNow().awaitTermination(2, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public boolean isFree() {
    return free > 0;
  }

  @Override
  public void send(Listener listener) {
    free--;
    ManagedChannel channel = channels.get(next);
    next = (next + 1) % channels.size();
    CallOptions own =
        timeout.isZero()
            ? options
            : options.withDeadlineAfter(timeout.toNanos(), TimeUnit.NANOSECONDS);
    ClientCall<byte[], byte[]> call = channel.newCall(MODEL_INFER, own);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onClose(Status status, Metadata trailers) {
            free++;
            listener.ended(status.isOk() ? "" : status.getCode() + " " + status.getDescription());
          }
        },
        new Metadata());
    call.request(1);
    call.sendMessage(request);
    call.halfClose();
  }

  @Override
  public void close() {
    channels.forEach(GrpcTarget::close);
  }

  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    private static final class Message extends ByteArrayInputStream implements KnownLength {
      Message(byte[] bytes) {
        super(bytes);
      }
    }

    @Override
    public InputStream stream(byte[] value) {
      return new Message(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException("a message in memory cannot fail", e);
      }
    }
  }
}
