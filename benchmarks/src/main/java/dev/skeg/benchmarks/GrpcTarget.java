package dev.skeg.benchmarks;

import inference.GRPCInferenceServiceGrpc;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ConnectivityState;
import io.grpc.KnownLength;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.EventLoop;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** gRPC connections with many calls on each; messages are bytes that were encoded before. */
final class GrpcTarget implements LoadTarget {
  private static final int MAX_ANSWER_BYTES = 256 << 20;

  private static final MethodDescriptor<byte[], byte[]> MODEL_INFER =
      GRPCInferenceServiceGrpc.getModelInferMethod().toBuilder(new Bytes(), new Bytes()).build();

  private static final long CONNECT_MILLIS = 5_000;

  private final EventLoop loop;
  private final String url;
  private final byte[] request;
  private final long timeoutNanos;
  private final List<Connection> all = new ArrayList<>();
  private int free;
  private int next;
  private boolean isSending;
  private String lost = "";
  private Runnable reconnected = () -> {};

  /**
   * Connects.
   *
   * @param inFlight calls on each connection at once, at most
   * @param timeout of each call; zero for none
   * @throws IOException if the server takes no connection
   */
  GrpcTarget(
      EventLoop loop,
      String url,
      int connections,
      int inFlight,
      BenchRequest request,
      Duration timeout)
      throws IOException {
    this.loop = loop;
    this.url = url;
    this.request = request.body();
    this.timeoutNanos = timeout.toNanos();
    for (int i = 0; i < connections; i++) {
      Connection connection = new Connection(channel(loop, url), inFlight);
      all.add(connection);
      if (!connection.await()) {
        close();
        throw new IOException("cannot connect to " + url + ": it does not speak HTTP/2");
      }
    }
    this.free = connections * inFlight;
  }

  /** Returns a connection whose answers come on the event loop. */
  static ManagedChannel channel(EventLoop loop, String url) {
    SocketAddress where = Sockets.address(url);
    return NettyChannelBuilder.forAddress(where)
        .eventLoopGroup(loop)
        .channelType(Sockets.channelType(where))
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
    Connection connection = all.get(next);
    while (!connection.isFree()) {
      next = (next + 1) % all.size();
      connection = all.get(next);
    }
    next = (next + 1) % all.size();
    isSending = true;
    connection.send(listener);
    isSending = false;
  }

  @Override
  public void onReconnected(Runnable task) {
    reconnected = task;
  }

  @Override
  public String lost() {
    return all.stream().anyMatch(each -> each.stands) ? "" : lost;
  }

  @Override
  public void close() {
    all.forEach(each -> close(each.channel));
  }

  private final class Connection {
    private final ManagedChannel channel;
    private int room; // For more calls.
    private boolean stands = true;

    Connection(ManagedChannel channel, int room) {
      this.channel = channel;
      this.room = room;
    }

    boolean isFree() {
      return stands && room > 0;
    }

    /** Returns whether it stands, once that is known. */
    boolean await() {
      long giveUp = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(CONNECT_MILLIS);
      ConnectivityState state = channel.getState(true);
      while (state == ConnectivityState.IDLE || state == ConnectivityState.CONNECTING) {
        CountDownLatch changed = new CountDownLatch(1);
        channel.notifyWhenStateChanged(state, changed::countDown);
        try {
          if (!changed.await(giveUp - System.nanoTime(), TimeUnit.NANOSECONDS)) {
            return false;
          }
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return false;
        }
        state = channel.getState(true);
      }
      return state == ConnectivityState.READY;
    }

    void send(Listener listener) {
      room--;
      free--;
      CallOptions options =
          timeoutNanos == 0
              ? CallOptions.DEFAULT
              : CallOptions.DEFAULT.withDeadlineAfter(timeoutNanos, TimeUnit.NANOSECONDS);
      ClientCall<byte[], byte[]> call = channel.newCall(MODEL_INFER, options);
      call.start(
          new ClientCall.Listener<>() {
            @Override
            public void onMessage(byte[] message) {
              listener.answer(ByteBuffer.wrap(message));
            }

            @Override
            public void onClose(Status status, Metadata trailers) {
              if (isSending || !loop.inEventLoop()) {
                loop.execute(() -> ended(status, listener));
              } else {
                ended(status, listener);
              }
            }
          },
          new Metadata());
      call.request(1);
      call.sendMessage(request);
      call.halfClose();
    }

    private void ended(Status status, Listener listener) {
      room++;
      free += stands ? 1 : 0;
      if (status.getCode() == Status.Code.UNAVAILABLE
          && stands
          && channel.getState(false) != ConnectivityState.READY) {
        stands = false;
        free -= room;
        lost = "cannot connect to " + url + " again";
        watch();
      }
      listener.ended(status.isOk() ? "" : BenchErrors.text(status));
    }

    /** Connects again, until that succeeds or the channel is closed. */
    private void watch() {
      ConnectivityState state = channel.getState(true);
      if (state == ConnectivityState.READY) {
        stands = true;
        free += room;
        reconnected.run();
      } else if (state != ConnectivityState.SHUTDOWN) {
        channel.notifyWhenStateChanged(state, () -> loop.execute(this::watch));
      }
    }
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
        return stream.readNBytes(stream.available()); // All of it, in one array of its size.
      } catch (IOException e) {
        throw new UncheckedIOException("a message in memory cannot fail", e);
      }
    }
  }
}
