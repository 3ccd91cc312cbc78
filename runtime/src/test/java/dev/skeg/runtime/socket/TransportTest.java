package dev.skeg.runtime.socket;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.ServerChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every {@link Transport} that this system has listens on ports and on Unix domain sockets. */
@Timeout(60)
final class TransportTest {
  private final List<EventLoopGroup> groups = new ArrayList<>();

  @AfterEach
  void stop() {
    for (EventLoopGroup group : groups) {
      group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }
  }

  static Stream<Transport> available() {
    return Stream.of(Transport.values()).filter(each -> each.obstacle() == null);
  }

  @ParameterizedTest
  @MethodSource("available")
  void echoesOverTcp(Transport transport) throws IOException {
    Channel listener =
        listen(
            transport,
            transport.tcpChannel(),
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));

    assertThat(echo(listener.localAddress())).isEqualTo(7);
  }

  @ParameterizedTest
  @MethodSource("available")
  void echoesOverAUnixDomainSocket(Transport transport) throws IOException {
    Path directory = Files.createTempDirectory("skeg-transport");
    Path socket = directory.resolve("s");
    var _ = listen(transport, transport.unixChannel(), transport.unixAddress(socket));

    assertThat(echo(UnixDomainSocketAddress.of(socket))).isEqualTo(7);
    Files.delete(socket);
    Files.delete(directory);
  }

  @Test
  void theBestIsOneThatTheSystemHas() {
    assertThat(available()).contains(Transport.best());
    assertThat(Transport.NIO.required()).isEqualTo(Transport.NIO);
  }

  private Channel listen(
      Transport transport, Class<? extends ServerChannel> channel, SocketAddress address) {
    EventLoopGroup group = transport.eventLoops("test", 1);
    groups.add(group);
    return new ServerBootstrap()
        .group(group)
        .channel(channel)
        .childHandler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel created) {
                created.pipeline().addLast(new Echo());
              }
            })
        .bind(address)
        .syncUninterruptibly()
        .channel();
  }

  private static final class Echo extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      var _ = ctx.writeAndFlush((ByteBuf) message);
    }
  }

  private static int echo(SocketAddress address) throws IOException {
    try (SocketChannel client = SocketChannel.open(address)) {
      assertThat(client.write(ByteBuffer.wrap(new byte[] {7}))).isEqualTo(1);
      ByteBuffer back = ByteBuffer.allocate(1);
      assertThat(client.read(back)).isEqualTo(1);
      return back.flip().get();
    }
  }
}
