package dev.skeg.runtime.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skeg.registry.Secret;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.gs.GsServer;
import dev.skeg.registry.s3.S3Mock;
import dev.skeg.registry.testing.FaultyServer;
import dev.skeg.registry.testing.Forwarder;
import dev.skeg.runtime.testing.OnnxModels;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The whole server with models in object stores whose events make it look: the next look without
 * one is an hour away.
 */
@Timeout(180)
final class SkegServerHooksTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String SECRET = "hook-secret";
  private static final String[] GENUINE = {"Authorization", "Bearer " + SECRET};

  @TempDir Path directory;

  private Map<String, String> keys(String uri, FaultyServer proxy) throws IOException {
    Map<String, String> keys = new HashMap<>();
    keys.put("models.m.source", uri);
    keys.put("models.m.pointer", "tag/prod");
    keys.put("models.m.poll-interval", "1h");
    keys.put("models.m.endpoint", proxy.uri("").toString());
    keys.put(
        "models.m.hook.secret-file",
        Files.writeString(directory.resolve("secret"), SECRET + "\n").toString());
    return keys;
  }

  private SourcedServer start(Map<String, String> keys) throws InterruptedException {
    return SourcedServer.start(directory.resolve("data"), keys);
  }

  @Test
  void eventsOfS3MakeTheServerLookIfTheyProveThemselves() throws Exception {
    try (S3Mock mock = S3Mock.start();
        FaultyServer proxy = FaultyServer.start(new Forwarder(mock.http()))) {
      createBucket(mock.http().resolve("/models"));
      String uri = "s3://models/team/m?anonymous=true";
      SourceSettings settings =
          SourceSettings.defaults().withOptions(Map.of("endpoint", mock.http().toString()));
      publish(uri, settings, 1);
      try (SourcedServer server = start(keys(uri, proxy))) {
        assertThat(server.answering()).isEqualTo(1);
        publish(uri, settings, 2);
        int before = proxy.requests().size();

        assertThat(hint(server, "s3", record("models", "team/m/_pointers/tag/prod")))
            .isEqualTo("401");
        assertThat(
                hint(
                    server,
                    "s3",
                    record("models", "team/m/_pointers/tag/prod"),
                    "Authorization",
                    "Bearer other"))
            .isEqualTo("401");
        assertThat(hint(server, "s3", record("models", "team/other/1/model.onnx"), GENUINE))
            .isEqualTo("202 {\"hinted\":0}");
        assertThat(hint(server, "s3", record("backup", "team/m/_pointers/tag/prod"), GENUINE))
            .isEqualTo("202 {\"hinted\":0}");
        assertThat(proxy.requests()).as("nobody looked").hasSize(before);
        assertThat(hint(server, "s3", record("models", "team/m/_pointers/tag/prod"), GENUINE))
            .isEqualTo("202 {\"hinted\":1}");
        server.awaitAnswer(2);

        publish(uri, settings, 3);
        String envelope =
            JSON.writeValueAsString(
                Map.of(
                    "Type",
                    "Notification",
                    "Message",
                    record("models", "team/m/_pointers/tag/prod")));
        assertThat(hint(server, "s3", envelope, GENUINE)).isEqualTo("202 {\"hinted\":1}");
        server.awaitAnswer(3);

        publish(uri, settings, 4);
        String bridge =
            """
            {"detail-type": "Object Created", "detail": {"bucket": {"name": "models"},
             "object": {"key": "team/m/_pointers/tag/prod"}}}\
            """;
        assertThat(hint(server, "s3", bridge, GENUINE)).isEqualTo("202 {\"hinted\":1}");
        server.awaitAnswer(4);
      }
    }
  }

  private static String record(String bucket, String key) {
    return """
    {"Records": [{"eventName": "ObjectCreated:Put",
      "s3": {"bucket": {"name": "%s"}, "object": {"key": "%s"}}}]}\
    """
        .formatted(bucket, key.replace("/", "%2F"));
  }

  private static void createBucket(URI uri) throws IOException, InterruptedException {
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<String> response =
          client.send(
              HttpRequest.newBuilder(uri).PUT(HttpRequest.BodyPublishers.noBody()).build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    }
  }

  @Test
  void pushesOfCloudStorageMakeTheServerLookIfTheyProveThemselves() throws Exception {
    try (GsServer storage = new GsServer();
        FaultyServer proxy = FaultyServer.start(new Forwarder(storage.uri()))) {
      String uri = "gs://models/team/m";
      SourceSettings settings =
          SourceSettings.defaults()
              .withCredentials(Map.of("token", Secret.of(GsServer.TOKEN)))
              .withOptions(Map.of("endpoint", storage.uri().toString()));
      publish(uri, settings, 1);
      Map<String, String> keys = keys(uri, proxy);
      keys.put(
          "models.m.credentials.token-file",
          Files.writeString(directory.resolve("token"), GsServer.TOKEN).toString());
      try (SourcedServer server = start(keys)) {
        assertThat(server.answering()).isEqualTo(1);
        publish(uri, settings, 2);
        int before = proxy.requests().size();

        String push = pushed("models", "team/m/_pointers/tag/prod");
        assertThat(hint(server, "gs", push)).isEqualTo("401");
        assertThat(hint(server, "gs?token=other", push)).isEqualTo("401");
        assertThat(hint(server, "gs?token=" + SECRET, pushed("backup", "team/m/1")))
            .isEqualTo("202 {\"hinted\":0}");
        assertThat(proxy.requests()).as("nobody looked").hasSize(before);
        assertThat(hint(server, "gs?token=" + SECRET, push)).isEqualTo("202 {\"hinted\":1}");
        server.awaitAnswer(2);

        publish(uri, settings, 3);
        assertThat(hint(server, "gs", push, GENUINE)).isEqualTo("202 {\"hinted\":1}");
        server.awaitAnswer(3);
      }
    }
  }

  /** A Pub/Sub push of a Cloud Storage notification. */
  private static String pushed(String bucket, String object) {
    return """
    {"message": {"attributes": {"bucketId": "%s", "objectId": "%s",
      "eventType": "OBJECT_FINALIZE", "payloadFormat": "NONE"}, "messageId": "1"},
     "subscription": "projects/p/subscriptions/skeg"}\
    """
        .formatted(bucket, object);
  }

  private void publish(String uri, SourceSettings settings, int number) throws IOException {
    Path version = Files.createTempDirectory(directory, "version");
    Files.write(version.resolve("model.onnx"), OnnxModels.adding(number));
    var _ = SourcedServer.publish(version, uri, settings, number, List.of("tag/prod"));
  }

  /** Returns the status, and what is said if the hint was taken. */
  private static String hint(SourcedServer server, String hook, String body, String... headers) {
    HttpResponse<String> response = server.post("admin", "/v1/hooks/" + hook, body, headers);
    return response.statusCode() == 202
        ? response.statusCode() + " " + response.body().strip()
        : Integer.toString(response.statusCode());
  }
}
