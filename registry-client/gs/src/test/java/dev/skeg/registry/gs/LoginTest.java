package dev.skeg.registry.gs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skeg.registry.Network;
import dev.skeg.registry.Pointer;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.Secret;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.testing.Exchange.Answer;
import dev.skeg.registry.testing.Exchange.Request;
import dev.skeg.registry.testing.FaultyServer;
import dev.skeg.registry.testing.SourceFaults;
import dev.skeg.registry.testing.TestCertificate;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How {@code gs:} proves who asks, against services that hand out access tokens. */
@Timeout(60)
final class LoginTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path directory;
  private GsServer storage;

  @BeforeEach
  void start() throws IOException {
    storage = new GsServer();
  }

  @AfterEach
  void stop() {
    storage.close();
  }

  @Test
  void aServiceAccountsKeySignsForAnAccessTokenThatServesUntilItExpires() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    KeyPair pair = generator.generateKeyPair();
    try (FaultyServer tokens = FaultyServer.start(LoginTest::token)) {
      String pem = Base64.getMimeEncoder().encodeToString(pair.getPrivate().getEncoded());
      ObjectNode key =
          JSON.createObjectNode()
              .put("type", "service_account")
              .put("client_id", "1")
              .put("client_email", "skeg@example.org")
              .put("private_key_id", "k1")
              .put(
                  "private_key",
                  "-----BEGIN PRIVATE KEY-----\n" + pem + "\n-----END PRIVATE KEY-----\n")
              .put("token_uri", tokens.uri("/token").toString());
      try (Source source = open(Secret.of(key.toString()))) {
        assertAllowed(source);
        assertAllowed(source);
      }

      assertThat(tokens.requests()).hasSize(1);
      String assertion =
          form(
              new String(tokens.requests().getFirst().body(), StandardCharsets.UTF_8), "assertion");
      String[] parts = assertion.split("\\.", -1);
      Signature verifier = Signature.getInstance("SHA256withRSA");
      verifier.initVerify(pair.getPublic());
      verifier.update((parts[0] + "." + parts[1]).getBytes(StandardCharsets.US_ASCII));
      assertThat(verifier.verify(Base64.getUrlDecoder().decode(parts[2]))).isTrue();
      JsonNode claims = JSON.readTree(Base64.getUrlDecoder().decode(parts[1]));
      assertThat(claims.path("iss").asText()).isEqualTo("skeg@example.org");
      assertThat(claims.path("scope").asText()).endsWith("/auth/devstorage.read_write");
    }
  }

  @Test
  void aWorkloadIdentityIsExchangedForAnAccessToken() throws Exception {
    try (Exchanger exchanger = new Exchanger(200);
        Source source = open(exchanger.identity("of-kubernetes"), exchanger.network())) {
      assertAllowed(source);

      String body =
          new String(exchanger.server.requests().getFirst().body(), StandardCharsets.UTF_8);
      assertThat(form(body, "subject_token")).isEqualTo("of-kubernetes");
    }
  }

  @Test
  void aServiceForTokensThatIsDownIsTransient() throws Exception {
    try (Exchanger exchanger = new Exchanger(503);
        Source source = open(exchanger.identity("of-kubernetes"), exchanger.network())) {
      assertThatThrownBy(() -> source.resolve(Pointer.LATEST, null))
          .isInstanceOfSatisfying(
              RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.TRANSIENT))
          .hasMessageNotContaining("of-kubernetes");
    }
  }

  /** A service that exchanges tokens; Google's client wants TLS of one. */
  private final class Exchanger implements AutoCloseable {
    private final TestCertificate certificate;
    private final FaultyServer server;

    Exchanger(int status) throws Exception {
      certificate = TestCertificate.make(directory);
      server =
          FaultyServer.start(
              request ->
                  new Answer(status, Map.of("Content-Type", "application/json"), tokenJson()),
              certificate);
    }

    /** Returns a configuration as Google's tools write it for Kubernetes. */
    Secret identity(String subject) throws IOException {
      Path file = Files.writeString(directory.resolve("subject"), subject);
      ObjectNode configuration =
          JSON.createObjectNode()
              .put("type", "external_account")
              .put(
                  "audience",
                  "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/"
                      + "providers/k")
              .put("subject_token_type", "urn:ietf:params:oauth:token-type:jwt")
              .put("token_url", server.uri("/v1/token").toString());
      configuration.putObject("credential_source").put("file", file.toString());
      return Secret.of(configuration.toString());
    }

    Network network() {
      Network network = SourceFaults.SETTINGS.network();
      return new Network(
          network.connectTimeout(),
          network.readTimeout(),
          network.retries(),
          Optional.empty(),
          Optional.of(certificate.certificateFile()));
    }

    @Override
    public void close() {
      server.close();
    }
  }

  @Test
  void whatIsNoKeyIsRefusedWithoutBeingQuoted() {
    try (Source source = open(Secret.of("{\"type\": \"hunter2\"}"))) {
      assertThatThrownBy(() -> source.resolve(Pointer.LATEST, null))
          .isInstanceOfSatisfying(
              RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.DENIED))
          .hasMessageContaining("expected: the JSON of a service account's key")
          .hasMessageNotContaining("hunter2");
    }
  }

  private Source open(Secret key) {
    return open(key, SourceFaults.SETTINGS.network());
  }

  private Source open(Secret key, Network network) {
    SourceSettings settings =
        SourceFaults.SETTINGS
            .withNetwork(network)
            .withCredentials(Map.of("password", key))
            .withOptions(Map.of("endpoint", storage.uri().toString()));
    return new GsProvider().open(SourceUri.parse("gs://models/fraud"), settings);
  }

  /** The storage lets in nobody without the token, so an absent version proves that it came. */
  private static void assertAllowed(Source source) {
    assertThatThrownBy(() -> source.resolve(Pointer.LATEST, null))
        .isInstanceOfSatisfying(
            RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.NOT_FOUND));
  }

  private static Answer token(Request request) {
    return new Answer(200, Map.of("Content-Type", "application/json"), tokenJson());
  }

  private static byte[] tokenJson() {
    return JSON.createObjectNode()
        .put("access_token", GsServer.TOKEN)
        .put("expires_in", 3600)
        .put("token_type", "Bearer")
        .put("issued_token_type", "urn:ietf:params:oauth:token-type:access_token")
        .toString()
        .getBytes(StandardCharsets.UTF_8);
  }

  private static String form(String body, String name) {
    for (String pair : body.split("&", -1)) {
      if (pair.startsWith(name + "=")) {
        return URLDecoder.decode(pair.substring(name.length() + 1), StandardCharsets.UTF_8);
      }
    }
    return "";
  }
}
