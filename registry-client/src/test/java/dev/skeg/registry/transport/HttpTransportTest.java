package dev.skeg.registry.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.skeg.registry.Network;
import dev.skeg.registry.Network.Retries;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.testing.Exchange.Answer;
import dev.skeg.registry.testing.Fault;
import dev.skeg.registry.testing.FaultyServer;
import dev.skeg.registry.testing.Forwarder;
import dev.skeg.registry.testing.Objects;
import dev.skeg.registry.testing.TestCertificate;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@link HttpTransport} against servers and a proxy on loopback. */
final class HttpTransportTest {
  private static final byte[] HELLO = "hello".getBytes(StandardCharsets.UTF_8);

  @TempDir Path directory;
  private final Objects objects = new Objects();
  private final List<Duration> pauses = new ArrayList<>();

  @Test
  void pausesGrowAreSpreadAndHonourRetryAfter() throws Exception {
    objects.put("/x", HELLO);
    try (FaultyServer server = FaultyServer.start(objects);
        HttpTransport transport = transport(network(Optional.empty(), Optional.empty()))) {
      server.then(
          Fault.status(500),
          new Fault.Status(503, Map.of("Retry-After", "3")),
          new Fault.Status(503, Map.of("Retry-After", "Thu, 01 Jan 1970 00:00:00 GMT")));

      assertThat(transport.sendWhole(HttpCall.get(server.uri("/x")), 10).bytes(10))
          .isEqualTo(HELLO);
    }
    assertThat(pauses).hasSize(3);
    assertThat(pauses.get(0)).isBetween(Duration.ofMillis(50), Duration.ofMillis(100));
    assertThat(pauses.get(1)).isEqualTo(Duration.ofSeconds(3));
    assertThat(pauses.get(2)).isBetween(Duration.ofMillis(200), Duration.ofMillis(400));
  }

  @Test
  void aPostIsNotRepeatedUnlessItsCallerSaysSo() throws Exception {
    try (FaultyServer server = FaultyServer.start(request -> Answer.of(200));
        HttpTransport transport = transport(network(Optional.empty(), Optional.empty()))) {
      server.then(Fault.status(503));
      HttpCall post = HttpCall.post(server.uri("/x"), HELLO);

      assertThatThrownBy(() -> transport.send(post)).isInstanceOf(RegistryException.class);
      assertThat(server.requests()).hasSize(1);
      server.then(Fault.status(503));
      transport.send(post.repeatable(true)).close();
      assertThat(server.requests()).hasSize(3);
      assertThat(server.requests().getLast().body()).isEqualTo(HELLO);
    }
  }

  @Test
  void endlessRedirectsAndRedirectedWritesEnd() throws Exception {
    try (FaultyServer server =
            FaultyServer.start(request -> Answer.of(302).with("Location", "/again"));
        HttpTransport transport = transport(network(Optional.empty(), Optional.empty()))) {
      assertThatThrownBy(() -> transport.send(HttpCall.get(server.uri("/x?secret=1"))))
          .hasMessageContaining("more than 5 times")
          .hasMessageNotContaining("secret");
      assertThatThrownBy(() -> transport.send(HttpCall.put(server.uri("/x"), HELLO)))
          .hasMessageContaining("307 or 308 for a write");
    }
  }

  @Test
  void aFilePartIsSentWithItsLength() throws Exception {
    Path file =
        Files.write(directory.resolve("file"), "0123456789".getBytes(StandardCharsets.UTF_8));
    try (FaultyServer server = FaultyServer.start(objects);
        HttpTransport transport = transport(network(Optional.empty(), Optional.empty()))) {
      HttpCall.Body part = new HttpCall.Body.FilePart(file, 2, 5);

      transport.send(HttpCall.of("PUT", server.uri("/part"), part, true)).close();
      transport.send(HttpCall.put(server.uri("/whole"), file, 10)).close();

      assertThat(objects.get("/part")).asString(StandardCharsets.UTF_8).isEqualTo("23456");
      assertThat(objects.get("/whole")).asString(StandardCharsets.UTF_8).isEqualTo("0123456789");
      assertThat(server.requests().getFirst().header("Content-Length")).isEqualTo("5");
    }
  }

  @Test
  void aBodyMayTakeLongerThanTheReadTimeoutAsLongAsItIsTaken() throws Exception {
    Path file = Files.write(directory.resolve("file"), new byte[16 << 20]);
    Network patient = patience(Duration.ofMillis(400));
    try (SlowReader server = SlowReader.start(64, Duration.ofMillis(20), true);
        HttpTransport transport = transport(patient)) {
      transport.send(HttpCall.put(server.uri(), file, 16 << 20)).close();

      assertThat(server.takenBytes()).isEqualTo(16 << 20);
    }
  }

  @Test
  void aBodyThatIsNoLongerTakenAndAnAnswerThatDoesNotComeAreGivenUp() throws Exception {
    HttpCall.Body body = new HttpCall.Body.Bytes(new byte[16 << 20]);
    for (int pieces : new int[] {2, 64}) {
      try (SlowReader server = SlowReader.start(pieces, Duration.ZERO, false);
          HttpTransport transport = transport(patience(Duration.ofMillis(200)))) {
        assertThatThrownBy(() -> transport.send(HttpCall.of("PUT", server.uri(), body, false)))
            .hasMessageContaining("no answer for 200 ms");
      }
    }
  }

  @Test
  void theConfiguredProxyIsUsedForEverything() throws Exception {
    objects.put("/x", HELLO);
    try (FaultyServer server = FaultyServer.start(objects);
        FaultyServer proxy = FaultyServer.start(new Forwarder(server.uri("/")))) {
      URI proxyUri = proxy.uri("/");
      InetSocketAddress address =
          new InetSocketAddress(InetAddress.getLoopbackAddress(), proxyUri.getPort());
      try (HttpTransport transport = transport(network(Optional.of(address), Optional.empty()))) {
        assertThat(transport.send(HttpCall.get(server.uri("/x"))).bytes(10)).isEqualTo(HELLO);
      }
      assertThat(proxy.requests()).hasSize(1);
      assertThat(proxy.requests().getFirst().path()).isEqualTo(server.uri("/x").toString());
    }
  }

  @Test
  void aServerOfAPrivateCaIsTrustedWithItsCertificateOnly() throws Exception {
    HttpsServer server = httpsServer();
    try {
      URI uri = URI.create("https://127.0.0.1:" + server.getAddress().getPort() + "/x");
      Path pem = directory.resolve("certificate.pem");
      try (HttpTransport with = transport(network(Optional.empty(), Optional.of(pem)));
          HttpTransport without = transport(network(Optional.empty(), Optional.empty()))) {
        assertThat(with.send(HttpCall.get(uri)).bytes(10)).isEqualTo(HELLO);
        assertThatThrownBy(() -> without.send(HttpCall.get(uri)))
            .isInstanceOfSatisfying(
                RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.TRANSIENT))
            .hasMessageContaining("SSLHandshakeException");
      }
    } finally {
      server.stop(0);
    }
  }

  @Test
  void aRedirectFromHttpsToHttpIsNotFollowed() throws Exception {
    HttpsServer server = httpsServer();
    try {
      URI uri = URI.create("https://127.0.0.1:" + server.getAddress().getPort() + "/down");
      Path pem = directory.resolve("certificate.pem");
      try (HttpTransport transport = transport(network(Optional.empty(), Optional.of(pem)))) {
        assertThatThrownBy(() -> transport.send(HttpCall.get(uri)))
            .hasMessageContaining("no step from https down to http");
      }
    } finally {
      server.stop(0);
    }
  }

  @Test
  void aCaFileWithoutCertificatesIsRefused() throws Exception {
    Path file = Files.writeString(directory.resolve("no.pem"), "hello");

    assertThatThrownBy(() -> transport(network(Optional.empty(), Optional.of(file))))
        .hasMessageContaining("expected: ");
  }

  private HttpTransport transport(Network network) {
    return new HttpTransport(network, new Attempts(network.retries(), pauses::add, new Random(7)));
  }

  private static Network patience(Duration readTimeout) {
    Network usual = network(Optional.empty(), Optional.empty());
    return new Network(
        usual.connectTimeout(), readTimeout, usual.retries(), usual.proxy(), usual.caFile());
  }

  private static Network network(Optional<InetSocketAddress> proxy, Optional<Path> caFile) {
    return new Network(
        Duration.ofSeconds(10),
        Duration.ofSeconds(10),
        new Retries(4, Duration.ofMillis(100), Duration.ofSeconds(5)),
        proxy,
        caFile);
  }

  private HttpsServer httpsServer() throws Exception {
    TestCertificate certificate = TestCertificate.make(directory);
    HttpsServer server =
        HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(certificate.context()));
    server.createContext(
        "/x",
        exchange -> {
          exchange.sendResponseHeaders(200, HELLO.length);
          exchange.getResponseBody().write(HELLO);
          exchange.close();
        });
    server.createContext(
        "/down",
        exchange -> {
          exchange.getResponseHeaders().add("Location", "http://127.0.0.1:1/x");
          exchange.sendResponseHeaders(302, -1);
          exchange.close();
        });
    server.start();
    return server;
  }
}
