package dev.skeg.benchmarks;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseDecoder;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** HTTP/1.1 connections, one request at a time on each. */
final class RestTarget implements LoadTarget {
  private static final int MAX_ANSWER_BYTES = 256 << 20;

  private final EventLoopGroup loop;
  private final SocketAddress address;
  private final ByteBuf request;
  private final ArrayDeque<Connection> free = new ArrayDeque<>();
  private final List<Connection> all = new ArrayList<>();

  /**
   * @param headers further ones, each with its line end
   */
  RestTarget(
      EventLoopGroup loop, String address, int connections, BenchRequest request, String headers) {
    this.loop = loop;
    this.address = address(address);
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
      free.add(new Connection());
    }
    all.addAll(free);
    for (Connection connection : all) {
      connection.channel = connect(connection);
    }
  }

  /** Returns where {@code host:port} or {@code unix:PATH} is. */
  static SocketAddress address(String text) {
    if (text.startsWith("unix:")) {
      return new DomainSocketAddress(text.substring("unix:".length()));
    }
    int colon = text.lastIndexOf(':');
    return new InetSocketAddress(
        text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
  }

  private Channel connect(Connection connection) {
    return new Bootstrap()
        .group(loop)
        .channel(
            address instanceof DomainSocketAddress
                ? EpollDomainSocketChannel.class
                : EpollSocketChannel.class)
        .handler(
            new ChannelInitializer<>() {
              @Override
              protected void initChannel(Channel channel) {
                channel
                    .pipeline()
                    .addLast(new HttpResponseDecoder())
                    .addLast(new HttpObjectAggregator(MAX_ANSWER_BYTES))
                    .addLast(connection);
              }
            })
        .connect(address)
        .syncUninterruptibly()
        .channel();
  }

  @Override
  public boolean isFree() {
    return !free.isEmpty();
  }

  @Override
  public void send(Listener listener) {
    Connection connection = free.remove();
    Channel channel = connection.channel;
    if (channel == null || !channel.isActive()) {
      free.add(connection);
      listener.ended("connection closed");
      return;
    }
    connection.listener = listener;
    var _ = channel.writeAndFlush(request.duplicate());
  }

  @Override
  public void close() {
    for (Connection connection : all) {
      if (connection.channel != null) {
        connection.channel.close().syncUninterruptibly();
      }
    }
  }

  private final class Connection extends SimpleChannelInboundHandler<FullHttpResponse> {
    private @Nullable Channel channel;
    private @Nullable Listener listener;

    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpResponse response) {
      int status = response.status().code();
      end(
          status == 200
              ? ""
              : "HTTP " + status + " " + response.content().toString(StandardCharsets.UTF_8));
    }

    private void end(String error) {
      Listener waiting = listener;
      if (waiting != null) {
        listener = null;
        free.add(this);
        waiting.ended(error);
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      end("connection closed");
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      end(cause.toString());
      var _ = context.close();
    }
  }
}
