package dev.skeg.runtime.http;

import io.netty.bootstrap.Bootstrap;
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
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.DefaultHttp2WindowUpdateFrame;
import io.netty.handler.codec.http2.Http2ChannelDuplexHandler;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2FrameStream;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.util.ReferenceCountUtil;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A client of HTTP/2 that knows that the server speaks it, frame by frame. */
final class Http2TestClient implements AutoCloseable {
  private final EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final Frames frames = new Frames();
  private final Channel channel;

  /** The codes of the GOAWAYs that came. */
  final BlockingQueue<Long> goAways = new LinkedBlockingQueue<>();

  /** What came of one request; {@code reset} is -1 if the stream ended by itself. */
  @SuppressWarnings("ArrayRecordComponent") // Never compared as a whole.
  record Answer(Http2Headers headers, byte[] body, long reset) {
    int status() {
      return Integer.parseInt(String.valueOf(headers.status()));
    }

    String text() {
      return new String(body, StandardCharsets.UTF_8);
    }
  }

  /** One request and what has come of its answer. */
  static final class Call {
    final CompletableFuture<Answer> answer = new CompletableFuture<>();
    final Http2FrameStream stream;
    private Http2Headers headers = new DefaultHttp2Headers();
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();

    Call(Http2FrameStream stream) {
      this.stream = stream;
    }

    private void end(long reset) {
      answer.complete(new Answer(headers, body.toByteArray(), reset));
    }

    Answer get() throws Exception {
      return answer.get(20, TimeUnit.SECONDS);
    }
  }

  Http2TestClient(int port) {
    channel =
        new Bootstrap()
            .group(loop)
            .channel(NioSocketChannel.class)
            .handler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel created) {
                    created
                        .pipeline()
                        .addLast(
                            Http2FrameCodecBuilder.forClient()
                                .encoderIgnoreMaxHeaderListSize(
                                    true) // What the server does about it is asked.
                                .build(),
                            frames);
                  }
                })
            .connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
            .syncUninterruptibly()
            .channel();
  }

  private final class Frames extends Http2ChannelDuplexHandler {
    private final ConcurrentMap<Http2FrameStream, Call> calls = new ConcurrentHashMap<>();

    private Call call(Http2FrameStream stream) {
      return Objects.requireNonNull(calls.get(stream));
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      switch (message) {
        case Http2HeadersFrame head -> {
          Call call = call(head.stream());
          call.headers = head.headers();
          if (head.isEndStream()) {
            call.end(-1);
          }
        }
        case Http2DataFrame data -> {
          Call call = call(data.stream());
          byte[] bytes = new byte[data.content().readableBytes()];
          data.content().readBytes(bytes);
          call.body.writeBytes(bytes);
          var _ =
              ctx.write(
                  new DefaultHttp2WindowUpdateFrame(data.initialFlowControlledBytes())
                      .stream(data.stream()));
          if (data.isEndStream()) {
            call.end(-1);
          }
        }
        case Http2ResetFrame reset -> call(reset.stream()).end(reset.errorCode());
        case Http2GoAwayFrame goAway -> goAways.add(goAway.errorCode());
        default -> {}
      }
      ReferenceCountUtil.release(message);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
      ctx.flush();
    }
  }

  /** Sends a request whose body is complete. */
  Call send(String method, String path, byte[] body, String... headers) {
    Call call = begin(method, path, body.length == 0, headers);
    if (body.length > 0) {
      var _ =
          channel.writeAndFlush(
              new DefaultHttp2DataFrame(Unpooled.wrappedBuffer(body), true).stream(call.stream));
    }
    return call;
  }

  /** Sends a head. */
  Call begin(String method, String path, boolean isEnd, String... headers) {
    Http2Headers head =
        new DefaultHttp2Headers().method(method).path(path).scheme("http").authority("test");
    for (int i = 0; i < headers.length; i += 2) {
      head.add(headers[i], headers[i + 1]);
    }
    Call call = new Call(frames.newStream());
    frames.calls.put(call.stream, call);
    var _ = channel.writeAndFlush(new DefaultHttp2HeadersFrame(head, isEnd).stream(call.stream));
    return call;
  }

  Call post(String model, String json, String... headers) {
    return send(
        "POST", "/v2/models/" + model + "/infer", json.getBytes(StandardCharsets.UTF_8), headers);
  }

  Call get(String path) {
    return send("GET", path, new byte[0]);
  }

  void reset(Call call) {
    var _ =
        channel.writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.CANCEL).stream(call.stream));
  }

  /** Waits until the server has closed the connection. */
  void awaitClosed() throws Exception {
    channel.closeFuture().get(20, TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    channel.close().syncUninterruptibly();
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }
}
