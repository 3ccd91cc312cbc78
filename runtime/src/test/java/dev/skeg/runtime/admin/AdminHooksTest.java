package dev.skeg.runtime.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.runtime.config.ServerConfig;
import dev.skeg.runtime.source.ModelSources;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who may hint, and what the answer is. Nothing is watched: the server was not started. */
final class AdminHooksTest {
  private static final Instant NOW = Instant.ofEpochSecond(1_800_000_000);
  private static final String PUSH =
      """
      {"events": [{"action": "push", "target": {"repository": "team/fraud", "tag": "prod"}}]}\
      """;

  @TempDir Path directory;
  private final HttpClient client = HttpClient.newHttpClient();
  private AdminServer server;

  @BeforeEach
  void start() throws IOException {
    Files.writeString(directory.resolve("token"), "admin-token\n");
    Files.writeString(directory.resolve("oci"), "oci-secret\n");
    Files.writeString(directory.resolve("mlflow"), "mlflow secret\n");
    Map<String, String> values = new HashMap<>();
    values.put("models.fraud.source", "oci://127.0.0.1:1/team/fraud");
    values.put("models.fraud.hook.secret-file", directory.resolve("oci").toString());
    values.put("models.open.source", "oci://127.0.0.1:1/team/open");
    values.put("models.churn.source", "mlflow://127.0.0.1:1/churn");
    values.put("models.churn.hook.secret-file", directory.resolve("mlflow").toString());
    ModelSources sources = ModelSources.open(ServerConfig.of(values), Clock.systemUTC());
    server =
        new AdminServer(
            "127.0.0.1",
            0,
            Optional.of(directory.resolve("token")),
            TestAdmin.pages(sources),
            sources,
            TestMonitors.in(directory),
            InstantSource.fixed(NOW));
  }

  @AfterEach
  void stop() {
    server.close();
    client.close();
  }

  @Test
  void aNotificationProvesItselfByTheModelsSecretInsteadOfTheAdminToken() {
    assertThat(post("oci", PUSH, "Authorization", "Bearer oci-secret").statusCode()).isEqualTo(202);
    assertThat(post("oci?token=oci-secret", PUSH).statusCode()).isEqualTo(202);

    HttpResponse<String> none = post("oci", PUSH);
    assertThat(none.statusCode()).isEqualTo(401);
    assertThat(none.body()).contains("authorization").doesNotContain("oci-secret");
    assertThat(post("oci", PUSH, "Authorization", "Bearer other").statusCode()).isEqualTo(401);
  }

  @Test
  void theAdminTokenHintsModelsWithoutASecret() {
    assertThat(post("oci", PUSH, "Authorization", "Bearer admin-token").statusCode())
        .isEqualTo(202);
    assertThat(post("gs", "{}").statusCode()).isEqualTo(401);
    assertThat(post("standard", "{}", "Authorization", "Bearer admin-token").statusCode())
        .isEqualTo(202);
  }

  @Test
  void mlflowSignsWithTheSecretAsItWasTyped() {
    String body =
        "{\"entity\":\"model_version_alias\",\"action\":\"created\","
            + "\"data\":{\"name\":\"churn\",\"alias\":\"champion\",\"version\":\"3\"}}";
    String time = Long.toString(NOW.getEpochSecond() - 5);
    String signature = signature("mlflow secret", "id-1." + time + "." + body);

    assertThat(mlflow(body, time, signature).statusCode()).isEqualTo(202);
    assertThat(mlflow(body + " ", time, signature).statusCode()).isEqualTo(401);
    String old = Long.toString(NOW.getEpochSecond() - 3600);
    assertThat(
            mlflow(body, old, signature("mlflow secret", "id-1." + old + "." + body)).statusCode())
        .isEqualTo(401);
  }

  private HttpResponse<String> mlflow(String body, String time, String signature) {
    return post(
        "mlflow",
        body,
        "X-MLflow-Delivery-Id",
        "id-1",
        "X-MLflow-Timestamp",
        time,
        "X-MLflow-Signature",
        "v1," + signature);
  }

  @Test
  void garbageIsTheSendersFault() {
    String[] genuine = {"Authorization", "Bearer oci-secret"};

    assertThat(post("oci", "{", genuine).statusCode()).isEqualTo(400);
    assertThat(post("oci", "", genuine).statusCode()).isEqualTo(400);
    assertThat(post("oci", "[1]", genuine).statusCode()).isEqualTo(400);
    assertThat(post("oci", " ".repeat((1 << 20) + 1), genuine).statusCode()).isEqualTo(413);
    HttpResponse<String> unknown = post("quay", "{}", "Authorization", "Bearer admin-token");
    assertThat(unknown.statusCode()).isEqualTo(404);
    assertThat(unknown.body()).contains("hook 'quay' (expected: one of mlflow, oci, s3, gs,");
    assertThat(post("quay", "{}").statusCode()).isEqualTo(401);
    assertThat(send(request("oci").GET().build()).statusCode()).isEqualTo(405);
  }

  @Test
  void aSecretThatCannotBeReadLetsNobodyIn() throws IOException {
    Files.delete(directory.resolve("oci"));

    HttpResponse<String> response = post("oci", PUSH, "Authorization", "Bearer oci-secret");

    assertThat(response.statusCode()).isEqualTo(503);
    assertThat(response.body()).doesNotContain(directory.toString());
  }

  private HttpResponse<String> post(String source, String body, String... headers) {
    HttpRequest.Builder request =
        request(source).POST(HttpRequest.BodyPublishers.ofString(body, StandardCharsets.UTF_8));
    return send((headers.length == 0 ? request : request.headers(headers)).build());
  }

  private HttpRequest.Builder request(String source) {
    return HttpRequest.newBuilder(
        URI.create("http://127.0.0.1:" + server.port() + "/v1/hooks/" + source));
  }

  private HttpResponse<String> send(HttpRequest request) {
    try {
      return client.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  private static String signature(String key, String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
      return Base64.getEncoder().encodeToString(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }
}
