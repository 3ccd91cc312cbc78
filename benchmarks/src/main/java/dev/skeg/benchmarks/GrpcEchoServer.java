package dev.skeg.benchmarks;

import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

/**
 * How fast can gRPC-Java be when there is nothing to do? Reads each ModelInfer message whole,
 * parses nothing, and answers with the same bytes every time. Event loops and executor are as in
 * Skeg.
 */
final class GrpcEchoServer implements AutoCloseable {
  private static final int MAX_MESSAGE_BYTES = 64 << 20;

  private final EventLoopGroup loops;
  private final Server server;

  GrpcEchoServer(byte[] response) throws IOException {
    MethodDescriptor<byte[], byte[]> method =
        MethodDescriptor.<byte[], byte[]>newBuilder()
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName("inference.GRPCInferenceService/ModelInfer")
            .setRequestMarshaller(new Bytes())
            .setResponseMarshaller(new Bytes())
            .build();
    this.loops =
        new MultiThreadIoEventLoopGroup(
            Runtime.getRuntime().availableProcessors(),
            new DefaultThreadFactory("grpc-echo", true),
            EpollIoHandler.newFactory());
    this.server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .channelType(EpollServerSocketChannel.class)
            .bossEventLoopGroup(loops)
            .workerEventLoopGroup(loops)
            .directExecutor()
            .maxInboundMessageSize(MAX_MESSAGE_BYTES)
            .addService(
                ServerServiceDefinition.builder("inference.GRPCInferenceService")
                    .addMethod(
                        method,
                        ServerCalls.asyncUnaryCall((request, observer) -> {
                          observer.onNext(response);
                          observer.onCompleted();
                        }))
                    .build())
            .build()
            .start();
  }

  int port() {
    return server.getPort();
  }

  /** Closes all connections. */
  @Override
  public void close() {
    if (server.isTerminated()) {
      return;
    }
    try {
      server.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new Message(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readNBytes(stream.available()); // All of it: a server knows its length.
      } catch (IOException e) {
        throw new UncheckedIOException("a message in memory cannot fail", e);
      }
    }
  }

  /** Bytes that gRPC takes in one piece, so that it needs no buffer of its own to copy them. */
  private static final class Message extends ByteArrayInputStream
      implements KnownLength, Drainable {
    Message(byte[] bytes) {
      super(bytes);
    }

    @Override
    public int drainTo(OutputStream target) throws IOException {
      int length = count - pos;
      target.write(buf, pos, length);
      pos = count;
      return length;
    }
  }
}
