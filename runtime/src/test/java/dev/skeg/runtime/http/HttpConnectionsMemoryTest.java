package dev.skeg.runtime.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.runtime.endpoint.ModelRepository;
import dev.skeg.runtime.endpoint.ServerIdentity;
import dev.skeg.runtime.endpoint.ServerState;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a connection holds of requests that are half read or half done when it ends. */
final class HttpConnectionsMemoryTest {
  private static final int BODY_BYTES = 300_000;

  private final ScarceAllocator allocator = new ScarceAllocator();
  private final EchoEndpoints endpoints = new EchoEndpoints(Runnable::run);
  private final HttpConfig config = HttpConfig.of("127.0.0.1", 0);
  private final HttpConnections connections =
      new HttpConnections(
          config,
          new RestApi(
              config,
              new ServerIdentity("skeg", "1", List.of()),
              endpoints,
              ModelRepository.NONE,
              new ServerState(),
              Runnable::run));
  private final EmbeddedChannel channel = new EmbeddedChannel();

  /** Has a request worked on, and so many bytes of the next one's body read, in pieces. */
  private void connect(String framing, int bytes) {
    channel.config().setAllocator(allocator);
    channel.pipeline().addLast(connections);
    String body =
        "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[2],\"data\":[1,2]}]}";
    send("POST /v2/models/held/infer HTTP/1.1\r\nContent-Length: " + body.length() + "\r\n\r\n");
    send(body);
    send("POST /v2/models/echo/infer HTTP/1.1\r\n" + framing + "\r\n\r\n");
    for (int sent = 0; sent < bytes; sent += 10_000) {
      String piece = "x".repeat(10_000);
      boolean isChunked = framing.startsWith("Transfer");
      send(isChunked ? String.format(Locale.ROOT, "%x\r\n%s\r\n", piece.length(), piece) : piece);
    }
    assertThat(endpoints.held).hasSize(1);
  }

  private void send(String text) {
    channel.writeInbound(
        allocator.directBuffer(text.length()).writeBytes(text.getBytes(ISO_8859_1)));
    channel.runPendingTasks();
  }

  private void assertAllFreed() {
    endpoints.held.remove().run();
    channel.finishAndReleaseAll();
    assertThat(allocator.made).hasSizeGreaterThan(2).allMatch(made -> made.refCnt() == 0);
    assertThat(endpoints.openOutputs).hasValue(0);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 10_000, 290_000})
  void areFreedWhenTheClientGoes(int bytes) {
    connect("Content-Length: " + BODY_BYTES, bytes);

    var _ = channel.close();

    assertAllFreed();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 10_000, 290_000})
  void areFreedWhenTheServerStops(int bytes) {
    connect("Content-Length: " + BODY_BYTES, bytes);

    assertThat(connections.stop(Duration.ZERO)).isFalse();

    assertThat(channel.isOpen()).isFalse();
    assertAllFreed();
  }

  @Test
  void areFreedWhenTheyCameInChunks() {
    connect("Transfer-Encoding: chunked", 50_000);

    var _ = channel.close();

    assertAllFreed();
  }

  @Test
  void areFreedWhenTheServerFails() {
    connect("Content-Length: " + BODY_BYTES, 50_000);

    channel.pipeline().fireExceptionCaught(new IllegalStateException("a fault, says the test"));

    assertAllFreed();
  }
}
