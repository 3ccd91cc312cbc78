package dev.skeg.runtime.grpc;

import static dev.skeg.runtime.grpc.FrameClient.framed;
import static dev.skeg.runtime.grpc.FrameClient.modelInfer;
import static dev.skeg.runtime.grpc.TestServer.input;
import static dev.skeg.runtime.grpc.TestServer.request;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.skeg.runtime.grpc.FrameClient.Answer;
import inference.GrpcService.ModelInferResponse;
import io.grpc.Status;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameStream;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2PingFrame;
import io.netty.handler.codec.http2.Http2Settings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code ModelInfer} in frames that no gRPC library sends, or not in this order. */
final class ModelInferFramesTest {
  private static final int MAX_BYTES = 100_000;

  private final TestServer server =
      new TestServer(GrpcConfig.of("127.0.0.1", 0).withMaxMessageBytes(MAX_BYTES));

  private static byte[] message(String model, int bytes) {
    return framed(
        0,
        request(model)
            .setId("r")
            .addInputs(input("x", "UINT8", bytes))
            .addRawInputContents(ByteString.copyFrom(new byte[bytes]))
            .build()
            .toByteArray());
  }

  private FrameClient client() {
    return new FrameClient(server.port);
  }

  private static void assertAnswered(Answer answer, int bytes) throws Exception {
    assertThat(answer.last("grpc-status")).isEqualTo("0");
    assertThat(answer.heads).hasSize(2);
    assertThat(answer.heads.getFirst().status()).hasToString("200");
    assertThat(answer.heads.getFirst().get("content-type")).hasToString("application/grpc");
    byte[] data = answer.data.toByteArray();
    assertThat(data[0]).isZero();
    ModelInferResponse response =
        ModelInferResponse.parseFrom(Arrays.copyOfRange(data, 5, data.length));
    assertThat(response.getId()).isEqualTo("r");
    assertThat(response.getRawOutputContents(0).size()).isEqualTo(bytes);
  }

  private static void assertRefused(Answer answer, Status.Code code, String text) {
    assertThat(answer.last("grpc-status")).isEqualTo(Integer.toString(code.value()));
    assertThat(answer.last("grpc-message")).contains(text);
    assertThat(answer.heads).hasSize(1);
  }

  @AfterEach
  void nothingIsHeld() {
    server.endpoints.awaitClosedOutputs();
    server.close();
  }

  @ParameterizedTest
  @CsvSource({"1, 40", "3, 40", "4, 40", "6, 40", "7, 300", "16000, 90000"})
  void readsAMessageInPiecesOfAnySize(int piece, int bytes) throws Exception {
    byte[] message = message("identity", bytes);
    try (FrameClient client = client()) {
      for (boolean isEndApart : new boolean[] {false, true}) {
        Http2FrameStream call = client.open(modelInfer(), false);
        for (int at = 0; at < message.length; at += piece) {
          int end = Math.min(message.length, at + piece);
          client.data(
              call, Arrays.copyOfRange(message, at, end), end == message.length && !isEndApart);
        }
        if (isEndApart) {
          client.data(call, new byte[0], true);
        }
        assertAnswered(client.answer(), bytes);
      }
    }
    assertThat(server.endpoints.malformed).hasValue(0);
  }

  @Test
  void takesTrailersAsTheEndOfTheMessage() throws Exception {
    try (FrameClient client = client()) {
      Http2FrameStream call = client.open(modelInfer(), false);
      client.data(call, message("identity", 4), false);
      client.headers(call, new DefaultHttp2Headers().set("some", "trailer"), true);

      assertAnswered(client.answer(), 4);
    }
  }

  static List<Arguments> malformed() {
    byte[] good = message("identity", 4);
    byte[] two = Arrays.copyOf(good, 2 * good.length);
    System.arraycopy(good, 0, two, good.length, good.length);
    byte[] tooLong = framed(0, new byte[0]);
    tooLong[1] = 0x7f;
    return List.of(
        Arguments.of(new byte[0], Status.Code.INVALID_ARGUMENT, "takes one message, got 0"),
        Arguments.of(two, Status.Code.INVALID_ARGUMENT, "takes one message, got more"),
        Arguments.of(new byte[3], Status.Code.INVALID_ARGUMENT, "ends after 3 bytes"),
        Arguments.of(
            Arrays.copyOf(good, good.length - 1), Status.Code.INVALID_ARGUMENT, "ends after"),
        Arguments.of(tooLong, Status.Code.RESOURCE_EXHAUSTED, "at most " + MAX_BYTES),
        Arguments.of(framed(2, new byte[9]), Status.Code.INTERNAL, "begins with byte 2"),
        Arguments.of(framed(1, new byte[9]), Status.Code.INTERNAL, "grpc-encoding is 'identity'"),
        Arguments.of(framed(0, new byte[] {-1}), Status.Code.INVALID_ARGUMENT, "malformed"));
  }

  @ParameterizedTest
  @MethodSource("malformed")
  void refusesWhatIsNotOneMessageAndTheConnectionLivesOn(
      byte[] bytes, Status.Code code, String text) throws Exception {
    try (FrameClient client = client()) {
      client.data(client.open(modelInfer(), false), bytes, true);
      assertRefused(client.answer(), code, text);
      assertThat(server.endpoints.malformed).hasValue(1);

      client.data(client.open(modelInfer(), false), message("identity", 4), true);
      assertAnswered(client.answer(), 4);
    }
  }

  @Test
  void refusesACallWithoutAFrame() throws Exception {
    try (FrameClient client = client()) {
      client.open(modelInfer(), true);

      assertRefused(client.answer(), Status.Code.INVALID_ARGUMENT, "takes one message, got 0");
    }
  }

  @Test
  void doesNotWaitForTheRestOfAMessageThatIsTooLong() throws Exception {
    try (FrameClient client = client()) {
      byte[] prefix = {0, 0x7f, 0, 0, 0};
      client.data(client.open(modelInfer(), false), prefix, false);

      assertRefused(client.answer(), Status.Code.RESOURCE_EXHAUSTED, "2130706432 bytes");
      assertThat(client.answer().reset).isZero();
      client.data(client.open(modelInfer(), false), message("identity", 4), true);
      assertAnswered(client.answer(), 4);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "content-type, text/plain, 415, 13",
    ":method, GET, 405, 13",
    "grpc-encoding, br, 200, 12"
  })
  void leavesWhatIsNoProperCallToTheLibrary(
      String name, String value, String status, String grpcStatus) throws Exception {
    try (FrameClient client = client()) {
      Http2Headers headers = modelInfer().set(name, value);
      client.data(client.open(headers, false), message("identity", 4), true);

      Answer answer = client.answer();
      assertThat(answer.heads.getFirst().status()).hasToString(status);
      assertThat(String.valueOf(answer.heads.getFirst().get("grpc-status"))).isEqualTo(grpcStatus);
    }
    assertThat(server.endpoints.requests).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"soon", "1", "S", "", "-1S", "1.5S", "1X", "100000000n"})
  void refusesATimeoutThatIsNoneWhateverTheMethod(String timeout) throws Exception {
    try (FrameClient client = client()) {
      for (String method : List.of("ModelInfer", "ServerLive")) {
        Http2Headers headers =
            modelInfer()
                .path("/inference.GRPCInferenceService/" + method)
                .set("grpc-timeout", timeout);
        client.open(headers, true);

        assertRefused(
            client.answer(),
            Status.Code.INVALID_ARGUMENT,
            "grpc-timeout: '" + timeout + "' (expected: 1 to 8 digits and a unit");
      }
      client.data(client.open(modelInfer(), false), message("identity", 4), true);
      assertAnswered(client.answer(), 4);
    }
    assertThat(server.endpoints.malformed).hasValue(2);
  }

  @Test
  void logsNothingOfAClientThatBreaksTheProtocol() throws Exception {
    List<LogRecord> logged = new CopyOnWriteArrayList<>();
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord entry) {
            logged.add(entry);
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger library = Logger.getLogger("io.grpc.netty.NettyServerHandler");
    library.addHandler(handler);
    try (FrameClient client = client()) {
      client.open(modelInfer().set("some-bin", "!!!"), true);
      assertThat(client.answer().reset).isEqualTo(Http2Error.PROTOCOL_ERROR.code());

      client.data(client.open(modelInfer(), false), message("identity", 4), true);
      assertAnswered(client.answer(), 4);
    } finally {
      library.removeHandler(handler);
    }
    assertThat(logged).isEmpty();
  }

  @Test
  void refusesATimeoutThatIsNoneBeforeItsMessageCame() throws Exception {
    try (FrameClient client = client()) {
      client.open(modelInfer().set("grpc-timeout", "soon"), false);

      assertRefused(client.answer(), Status.Code.INVALID_ARGUMENT, "grpc-timeout: 'soon'");
      assertThat(client.answer().reset).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1H, 3600000000000",
    "2M, 120000000000",
    "90S, 90000000000",
    "90000m, 90000000000",
    "90000000u, 90000000000",
    "99999999n, 99999999"
  })
  void handsOverHowLongTheClientWaits(String timeout, long nanos) throws Exception {
    try (FrameClient client = client()) {
      client.data(
          client.open(modelInfer().set("grpc-timeout", timeout), false),
          message("identity", 4),
          true);
      assertAnswered(client.answer(), 4);
    }
    assertThat(server.endpoints.requests.remove().terms().timeoutNanos())
        .isBetween(Math.max(1, nanos - TestServer.LONG.toNanos()), nanos);
  }

  @Test
  void dropsTheAnswerOfACallThatWasResetAndFreesWhatItHeld() throws Exception {
    try (FrameClient client = client()) {
      Http2FrameStream call = client.open(modelInfer(), false);
      client.data(call, message("held", 4), true);
      Runnable complete = server.endpoints.held.poll(20, TimeUnit.SECONDS);
      assertThat(complete).isNotNull();
      client.reset(call);
      client.ping();
      assertThat(client.next()).isInstanceOf(Http2PingFrame.class);
      assertThat(server.endpoints.cancelled.availablePermits()).isEqualTo(1);
      complete.run();

      client.data(client.open(modelInfer(), false), message("identity", 4), true);
      assertAnswered(client.answer(), 4);
    }
  }

  @Test
  void aClientThatIsGoneCancelsItsCalls() throws Exception {
    Runnable complete;
    try (FrameClient client = client()) {
      client.data(client.open(modelInfer(), false), message("held", 4), true);
      complete = server.endpoints.held.poll(20, TimeUnit.SECONDS);
      assertThat(complete).isNotNull();
    }

    assertThat(server.endpoints.cancelled.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
    complete.run();
  }

  @Test
  void saysWhenARefusedCallMayBeSentAgain() throws Exception {
    try (FrameClient client = client()) {
      client.data(client.open(modelInfer(), false), message("busy", 4), true);
      Answer busy = client.answer();
      assertRefused(busy, Status.Code.UNAVAILABLE, "busy");
      assertThat(busy.last("grpc-retry-pushback-ms")).isEqualTo("3");

      client.data(client.open(modelInfer(), false), message("rejected-UNAVAILABLE", 4), true);
      assertThat(client.answer().heads.getLast().contains("grpc-retry-pushback-ms")).isFalse();
    }
  }

  /** Of a client without a table, and of one that makes room in small steps. */
  @ParameterizedTest
  @ValueSource(ints = {10, 1000, 65_535})
  void answersClientsWithLittleRoom(int window) throws Exception {
    Http2Settings settings =
        Http2Settings.defaultSettings().initialWindowSize(window).headerTableSize(0);
    try (FrameClient client = new FrameClient(server.port, settings)) {
      for (String model : new String[] {"identity", "elsewhere", "identity", "identity"}) {
        client.data(client.open(modelInfer(), false), message(model, 5_000), true);
        assertAnswered(client.answer(), 5_000);
      }
    }
  }

  /** As the window is taken from by hand, it has to hold over more answers than it has room for. */
  @Test
  void keepsTheConnectionsWindowRight() throws Exception {
    try (FrameClient client = client()) {
      for (int i = 0; i < 40; i++) {
        client.data(client.open(modelInfer(), false), message("identity", 9_000), true);
        assertAnswered(client.answer(), 9_000);
      }
    }
  }

  @Test
  void boundsTheUnfinishedMessagesOfAConnectionAndLetsTheOldestEnd() throws Exception {
    int large = MAX_BYTES - 100;
    byte[] message = message("identity", large);
    try (FrameClient client = client()) {
      List<Http2FrameStream> calls = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        Http2FrameStream call = client.open(modelInfer(), false);
        calls.add(call);
        client.data(call, Arrays.copyOf(message, 15_000), false);
      }
      for (Http2FrameStream call : calls) {
        client.data(call, Arrays.copyOfRange(message, 15_000, message.length), true);
        assertAnswered(client.answer(), large);
      }
    }
  }

  @Test
  void takesPingsOfClientsThatGetAnswers() throws Exception {
    try (FrameClient client = client()) {
      for (int i = 0; i < 20; i++) {
        client.data(client.open(modelInfer(), false), message("identity", 4), true);
        assertAnswered(client.answer(), 4);
        client.ping();
        assertThat(client.next()).isInstanceOf(Http2PingFrame.class);
      }
    }
  }

  @Test
  void endsAConnectionThatPingsForNothing() throws Exception {
    try (FrameClient client = client()) {
      for (int i = 0; i < 20; i++) {
        client.ping();
      }
      assertThat(client.isEnded()).isTrue();
    }
  }

  @Test
  void aFloodOfResetsEndsTheConnection() throws Exception {
    try (FrameClient client = client()) {
      for (int i = 0; i <= GrpcServer.MAX_RESETS; i++) {
        client.reset(client.open(modelInfer(), false));
      }

      assertThat(client.isEnded()).isTrue();
      assertThat(client.next())
          .isInstanceOfSatisfying(
              Http2GoAwayFrame.class,
              goAway ->
                  assertThat(goAway.errorCode()).isEqualTo(Http2Error.ENHANCE_YOUR_CALM.code()));
    }
  }

  @Test
  void takesAStormOfCallsThatAreCancelledWhileTheModelIsSlow() throws Exception {
    int calls = GrpcServer.MAX_CALLS;
    try (FrameClient client = client()) {
      List<Http2FrameStream> open = new ArrayList<>();
      for (int i = 0; i < calls; i++) {
        Http2FrameStream call = client.open(modelInfer(), false);
        client.data(call, message("held", 4), true);
        open.add(call);
      }
      for (Http2FrameStream call : open) {
        client.reset(call);
      }
      assertThat(server.endpoints.cancelled.tryAcquire(calls, 20, TimeUnit.SECONDS)).isTrue();

      client.data(client.open(modelInfer(), false), message("identity", 4), true);
      assertAnswered(client.answer(), 4);
      server.endpoints.held.forEach(Runnable::run);
    }
  }

  @Test
  void endsACallWithoutItsMessageAtAStop() throws Exception {
    try (FrameClient client = client()) {
      Http2FrameStream call = client.open(modelInfer(), false);
      client.data(call, new byte[] {0, 0, 0}, false);
      client.ping();
      assertThat(client.next()).isInstanceOf(Http2PingFrame.class);

      assertThat(server.server.stop(Duration.ofMillis(1))).isFalse();
      Answer answer = null;
      while (answer == null) {
        try {
          answer = client.answer();
        } catch (AssertionError goAwayOrPing) {
          assertThat(goAwayOrPing).hasMessageContaining("came");
        }
      }
      assertRefused(answer, Status.Code.UNAVAILABLE, "shutting down");
    }
    assertThat(server.endpoints.requests).isEmpty();
  }

  @Test
  void saysWhatTheServerSaysInAnyScript() throws Exception {
    try (FrameClient client = client()) {
      client.data(client.open(modelInfer(), false), message("größe 100%", 4), true);

      assertThat(client.answer().last("grpc-message")).contains("gr%C3%B6%C3%9Fe 100%25");
    }
  }

  @Test
  void largeAnswersGivenInOneTaskOfTheEventLoopGoOutOnceItIsOver() throws Exception {
    int calls = 20;
    int bytes = 60_000;
    Http2Settings roomy = Http2Settings.defaultSettings().initialWindowSize(2 * bytes);
    try (FrameClient client = new FrameClient(server.port, roomy)) {
      client.makeRoom(2 * calls * bytes);
      for (int i = 0; i < calls; i++) {
        client.data(client.open(modelInfer(), false), message("held", bytes), true);
      }
      List<Runnable> answers = new ArrayList<>();
      for (int i = 0; i < calls; i++) {
        answers.add(server.endpoints.held.poll(TestServer.LONG.toSeconds(), TimeUnit.SECONDS));
      }

      CompletableFuture<Integer> written = new CompletableFuture<>();
      Objects.requireNonNull(server.endpoints.eventLoop)
          .execute(() -> {
            answers.forEach(Runnable::run);
            written.complete(server.endpoints.closedOutputs.get());
          });

      assertThat(written.get(TestServer.LONG.toSeconds(), TimeUnit.SECONDS)).isZero();
      server.endpoints.awaitClosedOutputs();
    }
  }
}
