package dev.skeg.benchmarks;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.handler.codec.http.HttpUtil;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** HTTP/1.1 connections, one request at a time on each. */
final class RestTarget implements LoadTarget {
  private static final int MAX_ANSWER_BYTES = 256 << 20;
  private static final int ANSWER_MILLIS = 5_000;
  private static final long RETRY_MILLIS = 50;
  private static final String CLOSED = "connection closed by the server";

  private final EventLoop loop;
  private final String url;
  private final ByteBuf request;
  private final ArrayDeque<Connection> free = new ArrayDeque<>();
  private final List<Connection> all = new ArrayList<>();
  private int standing;
  private String lost = "";
  private Runnable reconnected = () -> {};
  private volatile boolean closed;

  /**
   * Connects.
   *
   * @param headers further ones, each with its line end
   * @throws IOException if the server takes no connection
   */
  RestTarget(EventLoop loop, String url, int connections, BenchRequest request, String headers)
      throws IOException {
    this.loop = loop;
    this.url = url;
    String head =
        "POST "
            + request.path()
            + " HTTP/1.1\r\nHost: bench\r\nContent-Length: "
            + request.body().length
            + "\r\n"
            + (request.jsonBytes() > 0
                ? "Inference-Header-Content-Length: " + request.jsonBytes() + "\r\n"
                : "")
            + headers
            + "\r\n";
    this.request =
        Unpooled.unreleasableBuffer(
            Unpooled.directBuffer()
                .writeBytes(head.getBytes(StandardCharsets.US_ASCII))
                .writeBytes(request.body())
                .asReadOnly());
    for (int i = 0; i < connections; i++) {
      Connection connection = new Connection();
      all.add(connection);
      ChannelFuture connected = connect(loop, url, connection).awaitUninterruptibly();
      if (!connected.isSuccess()) {
        close();
        throw Sockets.refused(url, connected.cause());
      }
    }
  }

  /**
   * Asks a server for a document, over a connection of its own.
   *
   * @throws IOException if the server cannot be reached or does not answer 200
   */
  static String get(EventLoop loop, String url, String path)
      throws IOException, InterruptedException {
    CompletableFuture<String> answer = new CompletableFuture<>();
    SimpleChannelInboundHandler<FullHttpResponse> reader =
        new SimpleChannelInboundHandler<>() {
          @Override
          protected void channelRead0(ChannelHandlerContext context, FullHttpResponse response) {
            String text = response.content().toString(StandardCharsets.UTF_8);
            int status = response.status().code();
            if (response.decoderResult().isFailure()) {
              answer.completeExceptionally(new IOException("the answer is not HTTP/1.1"));
            } else if (status == 200) {
              answer.complete(text);
            } else {
              answer.completeExceptionally(new IOException("HTTP " + status + " " + text.strip()));
            }
          }

          @Override
          public void channelInactive(ChannelHandlerContext context) {
            answer.completeExceptionally(new IOException(CLOSED));
          }

          @Override
          public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            answer.completeExceptionally(cause);
          }
        };
    ChannelFuture connected = connect(loop, url, reader).await();
    if (!connected.isSuccess()) {
      throw Sockets.refused(url, connected.cause());
    }
    try {
      String head = "GET " + path + " HTTP/1.1\r\nHost: bench\r\n\r\n";
      var _ =
          connected.channel().writeAndFlush(Unpooled.copiedBuffer(head, StandardCharsets.US_ASCII));
      return answer.get(ANSWER_MILLIS, TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw new IOException(url + path + ": " + BenchErrors.text(e), e);
    } catch (TimeoutException e) {
      throw new IOException(url + path + ": no answer within " + ANSWER_MILLIS + " ms", e);
    } finally {
      connected.channel().close().syncUninterruptibly();
    }
  }

  private static ChannelFuture connect(EventLoop loop, String url, ChannelHandler handler) {
    return Sockets.connect(
        loop,
        url,
        new ChannelInitializer<>() {
          @Override
          protected void initChannel(Channel channel) {
            channel
                .pipeline()
                .addLast(new HttpResponseDecoder())
                .addLast(new HttpObjectAggregator(MAX_ANSWER_BYTES))
                .addLast(handler);
          }
        });
  }

  @Override
  public boolean isFree() {
    return !free.isEmpty();
  }

  @Override
  public void send(Listener listener) {
    Connection connection = free.remove();
    connection.listener = listener;
    Channel channel = connection.channel();
    var _ = channel.writeAndFlush(request.duplicate(), channel.voidPromise());
  }

  @Override
  public void onReconnected(Runnable task) {
    reconnected = task;
  }

  @Override
  public String lost() {
    return standing > 0 ? "" : lost;
  }

  @Override
  public void close() {
    closed = true;
    for (Connection connection : all) {
      Channel channel = connection.channel;
      if (channel != null) {
        channel.close().syncUninterruptibly();
      }
    }
  }

  private final class Connection extends SimpleChannelInboundHandler<FullHttpResponse> {
    private volatile @Nullable Channel channel; // Read by the thread that closes.
    private @Nullable Listener listener;
    private String error = CLOSED;

    Channel channel() {
      Channel standing = channel;
      if (standing == null) {
        throw new IllegalStateException("not connected");
      }
      return standing;
    }

    @Override
    public boolean isSharable() {
      return true; // One channel at a time, but several after one another.
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
      channel = context.channel();
      error = CLOSED;
      standing++;
      free.add(this);
      reconnected.run();
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpResponse response) {
      if (response.decoderResult().isFailure()) {
        exceptionCaught(context, new IOException("the answer is not HTTP/1.1"));
        return;
      }
      int status = response.status().code();
      String failure =
          status == 200
              ? ""
              : "HTTP " + status + " " + response.content().toString(StandardCharsets.UTF_8);
      Listener waiting = listener;
      if (waiting != null && status == 200) {
        waiting.answer(response.content().nioBuffer());
      }
      if (HttpUtil.isKeepAlive(response)) {
        free.add(this);
      } else {
        var _ = context.close();
      }
      end(failure);
    }

    private void end(String failure) {
      Listener waiting = listener;
      if (waiting != null) {
        listener = null;
        waiting.ended(failure);
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      standing--;
      lost = error;
      free.remove(this);
      end(error);
      retry();
    }

    private void retry() {
      if (!closed) {
        var _ = loop.schedule(this::connectAgain, RETRY_MILLIS, TimeUnit.MILLISECONDS);
      }
    }

    private void connectAgain() {
      if (!closed) {
        var _ =
            connect(loop, url, this)
                .addListener(future -> {
                  if (!future.isSuccess()) {
                    lost = Sockets.refusal(url, future.cause());
                    retry();
                  }
                });
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      error = BenchErrors.text(cause);
      var _ = context.close();
    }
  }
}
