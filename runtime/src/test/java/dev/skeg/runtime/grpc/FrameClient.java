package dev.skeg.runtime.grpc;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2PingFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.DefaultHttp2WindowUpdateFrame;
import io.netty.handler.codec.http2.Http2ChannelDuplexHandler;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Frame;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2FrameStream;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2PingFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2StreamFrame;
import io.netty.util.ReferenceCountUtil;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A client that sends frames of HTTP/2 as a test says, and tells which ones come back. */
final class FrameClient implements AutoCloseable {
  private final EventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final Frames frames = new Frames();
  private final Channel channel;

  FrameClient(int port) {
    this(port, Http2Settings.defaultSettings());
  }

  FrameClient(int port, Http2Settings settings) {
    channel =
        new Bootstrap()
            .group(loops)
            .channel(NioSocketChannel.class)
            .handler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel opened) {
                    opened
                        .pipeline()
                        .addLast(
                            Http2FrameCodecBuilder.forClient().initialSettings(settings).build(),
                            frames);
                  }
                })
            .connect("127.0.0.1", port)
            .syncUninterruptibly()
            .channel();
  }

  static Http2Headers modelInfer() {
    return new DefaultHttp2Headers()
        .method("POST")
        .scheme("http")
        .authority("test")
        .path("/inference.GRPCInferenceService/ModelInfer")
        .set("content-type", "application/grpc")
        .set("te", "trailers");
  }

  /** Returns a message behind its prefix. */
  static byte[] framed(int flag, byte[] message) {
    return ByteBuffer.allocate(5 + message.length)
        .put((byte) flag)
        .putInt(message.length)
        .put(message)
        .array();
  }

  Http2FrameStream open(Http2Headers headers, boolean isEnd) {
    Http2FrameStream stream = frames.newStream();
    send(new DefaultHttp2HeadersFrame(headers, isEnd).stream(stream));
    return stream;
  }

  void headers(Http2FrameStream stream, Http2Headers headers, boolean isEnd) {
    send(new DefaultHttp2HeadersFrame(headers, isEnd).stream(stream));
  }

  void data(Http2FrameStream stream, byte[] bytes, boolean isEnd) {
    send(new DefaultHttp2DataFrame(Unpooled.wrappedBuffer(bytes), isEnd).stream(stream));
  }

  void reset(Http2FrameStream stream) {
    send(new DefaultHttp2ResetFrame(Http2Error.CANCEL).stream(stream));
  }

  /** Lets the server send so many bytes more on all streams together. */
  void makeRoom(int bytes) {
    send(new DefaultHttp2WindowUpdateFrame(bytes));
  }

  void ping() {
    var _ = channel.writeAndFlush(new DefaultHttp2PingFrame(7));
  }

  /** Waits for the server to end the connection, and returns whether it did. */
  boolean isEnded() throws InterruptedException {
    return channel.closeFuture().await(TestServer.LONG.toSeconds(), TimeUnit.SECONDS);
  }

  private void send(Http2Frame frame) {
    channel.writeAndFlush(frame).syncUninterruptibly();
  }

  /** Returns the next frame that is not of the connection's own business. */
  Http2Frame next() throws InterruptedException {
    Http2Frame frame = frames.received.poll(TestServer.LONG.toSeconds(), TimeUnit.SECONDS);
    if (frame == null) {
      throw new AssertionError("no frame came");
    }
    return frame;
  }

  /** Returns what comes on the one stream that is open, to its end. */
  Answer answer() throws InterruptedException {
    Answer answer = new Answer();
    while (true) {
      switch (next()) {
        case Http2HeadersFrame head -> {
          answer.heads.add(head.headers());
          if (head.isEndStream()) {
            return answer;
          }
        }
        case Http2DataFrame data -> {
          answer.data.writeBytes(ByteBufUtil.getBytes(data.content()));
          if (data.isEndStream()) {
            return answer;
          }
        }
        case Http2ResetFrame reset -> {
          answer.reset = reset.errorCode();
          return answer;
        }
        case Http2Frame other -> throw new AssertionError(other + " came");
      }
    }
  }

  @Override
  public void close() {
    channel.close().syncUninterruptibly();
    var _ = loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }

  /** What came on a stream. */
  static final class Answer {
    final List<Http2Headers> heads = new ArrayList<>();
    final ByteArrayOutputStream data = new ByteArrayOutputStream();
    @Nullable Long reset;

    String last(String name) {
      return String.valueOf(heads.getLast().get(name));
    }
  }

  private static final class Frames extends Http2ChannelDuplexHandler {
    final BlockingQueue<Http2Frame> received = new LinkedBlockingQueue<>();

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      switch (message) {
        case Http2DataFrame data -> {
          // Read: the client makes room for more.
          int bytes = data.initialFlowControlledBytes();
          received.add(data.replace(Unpooled.copiedBuffer(data.content())).stream(data.stream()));
          if (bytes > 0) {
            var _ =
                ctx.writeAndFlush(new DefaultHttp2WindowUpdateFrame(bytes).stream(data.stream()));
          }
          ReferenceCountUtil.release(data);
        }
        case Http2StreamFrame frame
            when frame instanceof Http2HeadersFrame || frame instanceof Http2ResetFrame ->
            received.add(frame);
        case Http2PingFrame ping when ping.ack() -> received.add(ping);
        case Http2GoAwayFrame goAway -> received.add(goAway);
        default -> ReferenceCountUtil.release(message);
      }
    }
  }
}
