package dev.skeg.runtime.grpc;

import static dev.skeg.runtime.grpc.FrameClient.framed;
import static dev.skeg.runtime.grpc.FrameClient.modelInfer;
import static dev.skeg.runtime.grpc.TestServer.input;
import static dev.skeg.runtime.grpc.TestServer.request;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.skeg.runtime.grpc.FrameClient.Answer;
import io.grpc.Status;
import io.netty.handler.codec.http2.Http2FrameStream;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a client begins and does not end. */
@Timeout(60)
final class GrpcTimeoutsTest {
  private static final int MAX_BYTES = 100_000;
  private static final Duration SOON = Duration.ofSeconds(1);

  private final TestServer server =
      new TestServer(
          GrpcConfig.of("127.0.0.1", 0).withMaxMessageBytes(MAX_BYTES).withTimeouts(SOON, SOON));

  private static byte[] message(int bytes) {
    return framed(
        0,
        request("identity")
            .addInputs(input("x", "UINT8", bytes))
            .addRawInputContents(ByteString.copyFrom(new byte[bytes]))
            .build()
            .toByteArray());
  }

  private static void assertEnded(Answer answer) {
    assertThat(answer.last("grpc-status"))
        .isEqualTo(Integer.toString(Status.Code.DEADLINE_EXCEEDED.value()));
  }

  @AfterEach
  void nothingIsHeld() {
    server.endpoints.awaitClosedOutputs();
    server.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "PRI * HTTP", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"})
  void aConnectionThatDoesNotSendItsSettingsIsClosed(String begun) throws Exception {
    try (FrameClient settled = new FrameClient(server.port)) {
      settled.data(settled.open(modelInfer(), false), message(4), true);
      assertThat(settled.answer().last("grpc-status")).isEqualTo("0");

      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port)) {
        socket.setSoTimeout(Math.toIntExact(TestServer.LONG.toMillis()));
        socket.getOutputStream().write(begun.getBytes(US_ASCII));
        readToEnd(socket);
      }

      settled.data(settled.open(modelInfer(), false), message(4), true);
      assertThat(settled.answer().last("grpc-status")).isEqualTo("0");
    }
  }

  private static void readToEnd(Socket socket) throws IOException {
    try {
      var _ = socket.getInputStream().readAllBytes();
    } catch (SocketTimeoutException open) {
      throw new AssertionError("the connection is not closed", open);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3, 5, 100, 50_000, Integer.MAX_VALUE})
  void aMessageThatDoesNotGoOnEndsItsCall(int begun) throws Exception {
    byte[] message = message(60_000);
    int bytes = Math.min(begun, message.length);
    try (FrameClient client = new FrameClient(server.port)) {
      Http2FrameStream call = client.open(modelInfer(), false);
      if (bytes > 0) {
        client.data(call, Arrays.copyOf(message, bytes), false);
      }

      Answer answer = client.answer();
      assertEnded(answer);
      assertThat(answer.last("grpc-message"))
          .contains(
              "ModelInferRequest is incomplete: " + bytes + " bytes, and no more for 1000 ms");
      assertThat(client.answer().reset).isZero();
      client.data(client.open(modelInfer(), false), message, true);
      assertThat(client.answer().last("grpc-status")).isEqualTo("0");
    }
    assertThat(server.endpoints.malformed).hasValue(1);
  }

  /** The other call is the clock: it is begun first, and the slow one outlasts it. */
  @Test
  void aMessageThatGoesOnSlowlyIsReadToItsEnd() throws Exception {
    byte[] message = message(90_000);
    try (FrameClient client = new FrameClient(server.port)) {
      var _ = client.open(modelInfer(), false);
      Http2FrameStream slow = client.open(modelInfer(), false);
      int sent = 0;
      Answer answer;
      do {
        client.data(slow, new byte[] {message[sent]}, false);
        sent++;
        client.data(client.open(modelInfer(), false), message(4), true);
        answer = client.answer();
      } while (answer.last("grpc-status").equals("0"));
      assertEnded(answer);
      assertThat(client.answer().reset).isZero();
      assertThat(client.answer().last("grpc-status")).isEqualTo("0");

      client.data(slow, Arrays.copyOfRange(message, sent, message.length), true);
      assertThat(client.answer().last("grpc-status")).isEqualTo("0");
    }
  }

  /** The last call is the one for whose bytes there was no room. */
  @Test
  void aCallThatWaitsForRoomHasItsTimeOnceItGetsIt() throws Exception {
    int begun = 15_000;
    byte[] part = Arrays.copyOf(message(MAX_BYTES - 100), begun);
    try (FrameClient client = new FrameClient(server.port)) {
      List<Http2FrameStream> calls = new ArrayList<>();
      for (int held = 0; held <= MAX_BYTES; held += begun) {
        Http2FrameStream call = client.open(modelInfer(), false);
        client.data(call, part, false);
        calls.add(call);
      }

      List<Http2FrameStream> ended = new ArrayList<>();
      while (ended.size() < calls.size()) {
        if (client.next() instanceof Http2HeadersFrame head) {
          ended.add(head.stream());
        }
      }
      assertThat(ended).containsExactlyInAnyOrderElementsOf(calls);
      assertThat(ended.getLast()).isSameAs(calls.getLast());
    }
  }
}
