package dev.skeg.runtime.http;

import static dev.skeg.runtime.http.HttpTestServer.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.runtime.http.RawClient.Answer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of connections and of what is in flight when the server stops. */
@Timeout(60)
final class HttpServerStopTest {
  private static final String LIVE = "GET /v2/health/live HTTP/1.1\r\n\r\n";

  private final HttpTestServer server = new HttpTestServer(HttpConfig.of("127.0.0.1", 0));

  @AfterEach
  void stop() {
    server.close();
    assertThat(server.endpoints.openOutputs).hasValue(0);
  }

  @Test
  void stoppingAnswersWhatIsInFlightAndClosesTheRest() throws Exception {
    try (RawClient busy = server.connect();
        RawClient partial = server.connect();
        RawClient idle = server.connect();
        ExecutorService stopper = Executors.newSingleThreadExecutor()) {
      assertThat(idle.send(LIVE).read().status()).isEqualTo(200);
      busy.send(request("held", "1"));
      Runnable answer = server.endpoints.held.take();
      String late = request("echo", "2");
      partial.send(LIVE);
      partial.read();
      partial.send(late.substring(0, 60));

      Future<Boolean> stopped = stopper.submit(() -> server.server.stop(Duration.ofSeconds(20)));
      assertThat(idle.isAtEnd()).isTrue(); // The server is stopping.
      assertThatThrownBy(server::connect).isInstanceOf(IOException.class);
      answer.run();
      partial.send(late.substring(60));

      Answer first = busy.read();
      assertThat(first.text()).contains("\"id\":\"1\"");
      assertThat(first.headers()).containsEntry("connection", "close");
      assertThat(busy.isAtEnd()).isTrue();
      Answer second = partial.read();
      assertThat(second.text()).contains("\"id\":\"2\"");
      assertThat(second.headers()).containsEntry("connection", "close");
      assertThat(stopped.get(20, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void stoppingUnderLoadLosesNoAnswer() throws Exception {
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<String>> ends = new ArrayList<>();
      for (int c = 0; c < 8; c++) {
        ends.add(
            clients.submit(() -> {
              try (RawClient client = server.connect()) {
                while (true) {
                  Answer answer = client.send(request("echo", "x")).read();
                  if (answer.status() != 200) {
                    return answer.statusLine();
                  }
                  if ("close".equals(answer.headers().get("connection"))) {
                    return "closed";
                  }
                }
              }
            }));
      }
      for (int i = 0; i < 100; i++) {
        server.endpoints.requests.take();
      }

      assertThat(server.server.stop(Duration.ofSeconds(10))).isTrue();

      for (Future<String> end : ends) {
        assertThat(end.get(10, TimeUnit.SECONDS)).isEqualTo("closed");
      }
    }
  }

  @Test
  void theDeadlineCutsOffWhatTakesLonger() throws Exception {
    try (RawClient client = server.connect()) {
      client.send(request("held", "1"));
      Runnable answer = server.endpoints.held.take();

      assertThat(server.server.stop(Duration.ofMillis(300))).isFalse();

      assertThatThrownBy(client::read).isInstanceOf(IOException.class);
      answer.run(); // That its outputs are closed is checked after every test.
    }
  }
}
