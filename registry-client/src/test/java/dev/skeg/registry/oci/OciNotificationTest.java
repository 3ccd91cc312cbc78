package dev.skeg.registry.oci;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.skeg.registry.Pointer;
import dev.skeg.registry.Progress;
import dev.skeg.registry.PublishRequest;
import dev.skeg.registry.Publisher;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.hook.HookCheck;
import dev.skeg.registry.hook.HookResult;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What Debian's registry notifies of, as {@link HookCheck} understands it. */
@Timeout(120)
final class OciNotificationTest {
  private static final String SECRET = "notification-secret";

  @TempDir Path directory;

  @Test
  void tellsWhichTagsWerePushed() throws Exception {
    BlockingQueue<HookResult> results = new LinkedBlockingQueue<>();
    HttpServer endpoint =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    endpoint.createContext(
        "/v1/hooks/oci",
        exchange -> {
          try (exchange) {
            Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
            exchange.getRequestHeaders().forEach((name, all) -> headers.put(name, all.getFirst()));
            byte[] body = exchange.getRequestBody().readAllBytes();
            results.add(HookCheck.OCI.check(headers, body, SECRET, Instant.EPOCH));
            exchange.sendResponseHeaders(202, -1);
          }
        });
    endpoint.start();
    String setting =
        "notifications: {endpoints: [{name: skeg, url: 'http://127.0.0.1:"
            + endpoint.getAddress().getPort()
            + "/v1/hooks/oci', headers: {Authorization: ['Bearer "
            + SECRET
            + "']}, timeout: 5s, threshold: 3, backoff: 1s}]}";
    try (DockerRegistry registry =
        DockerRegistry.start(Files.createDirectories(directory.resolve("registry")), setting)) {
      push(registry);

      Set<HookResult.Change> changes = new HashSet<>();
      while (!changes.contains(new HookResult.Change("team/fraud", "latest"))) {
        HookResult result = results.poll(30, TimeUnit.SECONDS);
        assertThat(result).isNotNull().isNotInstanceOf(HookResult.Refused.class);
        if (result instanceof HookResult.Changed changed) {
          changes.addAll(changed.changes());
        }
      }
      assertThat(changes)
          .containsExactlyInAnyOrder(
              new HookResult.Change("team/fraud", "1"),
              new HookResult.Change("team/fraud", "prod"),
              new HookResult.Change("team/fraud", "latest"));
    } finally {
      endpoint.stop(0);
    }
  }

  private void push(DockerRegistry registry) throws IOException {
    Path version = Files.createDirectories(directory.resolve("version"));
    Files.writeString(version.resolve("model.onnx"), "weights");
    SourceUri uri = SourceUri.parse("oci://" + registry.authority() + "/team/fraud");
    PublishRequest request = new PublishRequest(0, List.of(Pointer.parse("tag/prod")), false);
    try (Publisher publisher =
        new OciProvider().publisher(uri, SourceSettings.defaults()).orElseThrow()) {
      publisher.publish(version, request, Progress.NONE);
    }
  }
}
