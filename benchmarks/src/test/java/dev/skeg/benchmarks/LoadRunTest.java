package dev.skeg.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Runs over real connections, to the limit servers and to servers that misbehave. */
final class LoadRunTest {
  private static final Duration WARM_UP = Duration.ofMillis(100);
  private static final Duration MEASURED = Duration.ofMillis(500);
  private static final BenchRequest REQUEST = new BenchRequest("/", new byte[] {1, 2, 3}, 0);

  private final EventLoopGroup loops = Sockets.eventLoop();
  private final EventLoop loop = loops.next();

  @AfterEach
  void stopLoop() {
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  @Test
  void manyInFlightOverRestAreAllAnswered() throws Exception {
    try (HttpEchoServer server = new HttpEchoServer(new byte[] {4})) {
      LoadResult result = closed(rest("127.0.0.1:" + server.port(), 8), 8);

      assertThat(result.isWhole()).isTrue();
      assertThat(result.errors()).isEmpty();
      assertThat(result.throughput()).isEqualTo(result.latency().getTotalCount() / 0.5);
    }
  }

  @Test
  void manyInFlightOverGrpcAreAllAnswered() throws Exception {
    try (GrpcEchoServer server = new GrpcEchoServer(new byte[] {4})) {
      LoadResult result = closed(grpc("127.0.0.1:" + server.port(), 2, 4), 8);

      assertThat(result.isWhole()).isTrue();
      assertThat(result.errors()).isEmpty();
      assertThat(result.throughput()).isEqualTo(result.latency().getTotalCount() / 0.5);
    }
  }

  @Test
  void atARateEveryArrivalOfTheMeasuredTimeIsAnsweredAndCountedOnceOverBothProtocols()
      throws Exception {
    try (HttpEchoServer http = new HttpEchoServer(new byte[] {4});
        GrpcEchoServer grpc = new GrpcEchoServer(new byte[] {4})) {
      LoadResult overRest = open(rest("127.0.0.1:" + http.port(), 4), 1_000);
      LoadResult overGrpc = open(grpc("127.0.0.1:" + grpc.port(), 1, 100), 1_000);

      assertThat(overRest.latency().getTotalCount()).isEqualTo(500);
      assertThat(overRest.errors()).isEmpty();
      assertThat(overGrpc.latency().getTotalCount()).isEqualTo(500);
      assertThat(overGrpc.errors()).isEmpty();
    }
  }

  @Test
  void aTickDelaysWhatIsSentAndReadAndItsDelayCounts() throws Exception {
    EventLoopGroup ticking = Sockets.eventLoop(Duration.ofMillis(5));
    try (HttpEchoServer http = new HttpEchoServer(new byte[] {4})) {
      EventLoop slow = ticking.next();
      RestTarget target = new RestTarget(slow, "127.0.0.1:" + http.port(), 30, REQUEST, "");
      LoadResult result = run(slow, target, 0, 1_000);

      assertThat(result.latency().getTotalCount()).isEqualTo(500);
      assertThat(result.errors()).isEmpty();
      // Read a tick after they were sent at the earliest, and sent half a tick late on average.
      assertThat(result.latency().getMean()).isGreaterThan(5e6);
    } finally {
      ticking.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }
  }

  @Test
  void whatArrivesWhileTheServerStallsWaitsInTheLatenciesAlsoWithOneConnection() throws Exception {
    ScriptedServer.Script stallsOnce =
        (number, exchange) -> exchange.answerIn(number == 200 ? 300 : 0);
    try (ScriptedServer server = new ScriptedServer(stallsOnce)) {
      LoadResult result = open(rest(server.url(), 1), 1_000);

      // 300 arrive in the stall, 150 of them in its first half; that is so however slow we are.
      long waited =
          result
              .latency()
              .getCountBetweenValues(
                  TimeUnit.MILLISECONDS.toNanos(149), LoadCounts.MAX_LATENCY_NANOS);
      assertThat(result.latency().getTotalCount()).isEqualTo(500);
      assertThat(waited).isGreaterThanOrEqualTo(149);
      assertThat(result.late()).isGreaterThanOrEqualTo(250);
    }
  }

  @Test
  void aStallAtTheVeryEndIsWaitedFor() throws Exception {
    ScriptedServer.Script stallsLate =
        (number, exchange) -> exchange.answerIn(number == 450 ? 400 : 0);
    try (ScriptedServer server = new ScriptedServer(stallsLate)) {
      LoadResult result = open(rest(server.url(), 1), 1_000);

      assertThat(result.latency().getTotalCount()).isEqualTo(500);
      assertThat(result.latency().getMaxValue()).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(399));
      assertThat(result.errors()).isEmpty();
    }
  }

  @Test
  void whatIsNeverAnsweredIsAnError() throws Exception {
    ScriptedServer.Script stops =
        (number, exchange) -> {
          if (number < 200) {
            exchange.answer(200, "");
          }
        };
    try (ScriptedServer server = new ScriptedServer(stops)) {
      LoadResult result = open(rest(server.url(), 1), 1_000);

      assertThat(result.latency().getTotalCount() + result.errorCount()).isEqualTo(500);
      assertThat(result.errors()).containsOnlyKeys("not answered when the time was over");
    }
  }

  @Test
  void refusalsAreErrorsWithTheirStatusAndText() throws Exception {
    ScriptedServer.Script refuses = (_, exchange) -> exchange.answer(503, "queue is full");
    try (ScriptedServer server = new ScriptedServer(refuses)) {
      LoadResult result = closed(rest(server.url(), 2), 2);

      assertThat(result.throughput()).isZero();
      assertThat(result.isWhole()).isFalse();
      assertThat(result.errors()).containsOnlyKeys("HTTP 503 queue is full");
    }
  }

  @Test
  void aConnectionThatTheServerClosesIsMadeAnew() throws Exception {
    ScriptedServer.Script closesEveryTenth =
        (number, exchange) -> {
          if (number % 10 == 0) {
            exchange.closeConnection();
          } else {
            exchange.answer(200, "");
          }
        };
    try (ScriptedServer server = new ScriptedServer(closesEveryTenth)) {
      LoadResult result = closed(rest(server.url(), 2), 2);

      assertThat(result.latency().getTotalCount()).isGreaterThan(9);
      assertThat(result.errors()).containsOnlyKeys("connection closed by the server");
    }
  }

  @Test
  void aServerThatGoesAwayOverRestIsSaidToBeLost() throws Exception {
    ScriptedServer.Script goes =
        (number, exchange) -> {
          if (number < 20) {
            exchange.answer(200, "");
          } else {
            exchange.closeServer();
          }
        };
    try (ScriptedServer server = new ScriptedServer(goes)) {
      LoadTarget target = rest(server.url(), 1);
      LoadResult result = closed(target, 1);

      assertThat(result.lost())
          .isEqualTo("cannot connect to " + server.url() + ": connection refused");
      assertThat(result.isWhole()).isFalse();
    }
  }

  @Test
  void aServerThatGoesAwayOverGrpcIsSaidToBeLost() throws Exception {
    GrpcEchoServer server = new GrpcEchoServer(new byte[] {4});
    String url = "127.0.0.1:" + server.port();
    try (server;
        LoadTarget target = grpc(url, 2, 4)) {
      LoadRun run = new LoadRun(target, loop, 8, 0, Duration.ZERO, Duration.ofMillis(200));
      var done = run.start(Duration.ZERO, Duration.ofSeconds(2));

      server.close();

      LoadResult result = done.get(30, TimeUnit.SECONDS);
      assertThat(result.lost()).startsWith("cannot connect to " + url);
      assertThat(result.errorCount()).isBetween(1L, 16L);
    }
  }

  @Test
  void aPortThatNobodyListensOnIsSaidSoOverBothProtocols() throws Exception {
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    String url = "127.0.0.1:" + port;

    assertThatThrownBy(() -> rest(url, 1))
        .isInstanceOf(IOException.class)
        .hasMessage("cannot connect to " + url + ": connection refused");
    assertThatThrownBy(() -> grpc(url, 1, 1))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("cannot connect to " + url);
  }

  private LoadTarget rest(String url, int connections) throws IOException {
    return new RestTarget(loop, url, connections, REQUEST, "");
  }

  private LoadTarget grpc(String url, int connections, int inFlight) throws IOException {
    return new GrpcTarget(loop, url, connections, inFlight, REQUEST, Duration.ZERO);
  }

  private LoadResult closed(LoadTarget target, int concurrency) throws Exception {
    return run(loop, target, concurrency, 0);
  }

  private LoadResult open(LoadTarget target, double rate) throws Exception {
    return run(loop, target, 0, rate);
  }

  private static LoadResult run(EventLoop loop, LoadTarget target, int concurrency, double rate)
      throws Exception {
    try (target) {
      LoadRun run =
          new LoadRun(target, loop, concurrency, rate, Duration.ZERO, Duration.ofSeconds(2));
      return run.start(WARM_UP, MEASURED).get(30, TimeUnit.SECONDS);
    }
  }
}
