package dev.skeg.runtime.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

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
  private static final String JSON =
      "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[2],\"data\":[1,2]}]}";

  private final ScarceAllocator allocator = new ScarceAllocator();
  private final EchoEndpoints endpoints = new EchoEndpoints(Runnable::run);
  private final HttpConnections connections = endpoints.connections();
  private final EmbeddedChannel channel = new EmbeddedChannel();

  /** Has a request worked on, and so many bytes of the next one's body read, in pieces. */
  private void connect(String framing, int bytes) {
    channel.config().setAllocator(allocator);
    channel.pipeline().addLast(connections);
    send("POST /v2/models/held/infer HTTP/1.1\r\nContent-Length: " + JSON.length() + "\r\n\r\n");
    send(JSON);
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

  /** The same in HTTP/2, on two streams. */
  private void connectHttp2(int bytes) {
    channel.config().setAllocator(allocator);
    channel.pipeline().addLast(connections);
    send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, ""));
    send(frame(1, 4, 1, head("/v2/models/held/infer")) + frame(0, 1, 1, JSON));
    send(frame(1, 4, 3, head("/v2/models/echo/infer")));
    for (int sent = 0; sent < bytes; sent += 10_000) {
      send(frame(0, 0, 3, "x".repeat(10_000)));
    }
    assertThat(endpoints.held).hasSize(1);
  }

  /** Returns a frame, each of whose bytes is a character. */
  private static String frame(int type, int flags, int stream, String payload) {
    int length = payload.length();
    char[] head = {
      (char) (length >> 16),
      (char) (length >> 8 & 0xff),
      (char) (length & 0xff),
      (char) type,
      (char) flags,
      0,
      0,
      0,
      (char) stream
    };
    return String.valueOf(head) + payload;
  }

  /** Returns the block of a request's head, all of it literal. */
  private static String head(String path) {
    StringBuilder block = new StringBuilder();
    List<String> fields =
        List.of(":method", "POST", ":scheme", "http", ":authority", "a", ":path", path);
    for (int i = 0; i < fields.size(); i++) {
      String field = fields.get(i);
      block.append(i % 2 == 0 ? "\0" : "").append((char) field.length()).append(field);
    }
    return block.toString();
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

  @ParameterizedTest
  @ValueSource(ints = {0, 10_000, 60_000})
  void areFreedWhenAClientOfHttp2Goes(int bytes) {
    connectHttp2(bytes);

    var _ = channel.close();

    assertAllFreed();
  }

  @Test
  void areFreedWhenTheServerStopsWithAClientOfHttp2() {
    connectHttp2(60_000);

    assertThat(connections.stop(Duration.ZERO)).isFalse();

    assertThat(channel.isOpen()).isFalse();
    assertAllFreed();
  }

  @Test
  void areFreedWhenTheServerFails() {
    connect("Content-Length: " + BODY_BYTES, 50_000);

    channel.pipeline().fireExceptionCaught(new IllegalStateException("a fault, says the test"));

    assertAllFreed();
  }
}
