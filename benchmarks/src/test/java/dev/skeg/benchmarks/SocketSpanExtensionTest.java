package dev.skeg.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SocketSpanExtensionTest {
  @TempDir private Path directory;

  @Test
  void countsOneSpanForEachReadThatIsAnsweredAndWritesThemWhenTheConnectionCloses()
      throws Exception {
    Path file = directory.resolve("spans");
    EmbeddedChannel channel =
        new EmbeddedChannel(
            new SocketSpanExtension.Spans(file),
            new ChannelInboundHandlerAdapter() {
              @Override
              public void channelRead(ChannelHandlerContext context, Object message) {
                if (message.equals("answer")) {
                  var _ = context.writeAndFlush(message);
                }
              }
            });

    channel.writeInbound("answer");
    channel.writeInbound("ignore");
    channel.writeInbound("answer");
    channel.writeInbound("answer", "answer"); // One read burst.
    channel.close().sync();

    assertThat(Files.readString(file)).startsWith("port=0 count=3 p50=");
  }
}
