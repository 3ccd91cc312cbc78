package dev.skeg.registry.azblob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.registry.Pointer;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.testing.Exchange.Answer;
import dev.skeg.registry.testing.Exchange.Request;
import dev.skeg.registry.testing.Fault;
import dev.skeg.registry.testing.FaultyServer;
import dev.skeg.registry.testing.SourceFaults;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tokens of a managed identity, from services that speak as Azure's do. */
@Timeout(60)
final class ManagedIdentityTest {
  @TempDir Path directory;
  private final Map<String, String> environment = new HashMap<>();
  private FaultyServer service;
  private int lastsSeconds = 3600;

  @BeforeEach
  void start() throws IOException {
    service = FaultyServer.start(this::token);
  }

  @AfterEach
  void stop() {
    service.close();
  }

  private Answer token(Request request) {
    String json =
        "{\"access_token\":\"eyJ.t0ken\",\"expires_in\":\"" + lastsSeconds + "\",\"x\":1}";
    return new Answer(
        200, Map.of("Content-Type", "application/json"), json.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void ofAVirtualMachineIsAskedForOnceAndSentToTheStorage() throws IOException {
    try (FaultyServer storage =
            FaultyServer.start(
                request -> Answer.of(404).with("x-ms-error-code", "ContainerNotFound"));
        Source source =
            new AzblobProvider(new AzblobBucket.Sizes(1 << 20, 100), surroundings())
                .open(
                    SourceUri.parse("azblob://account/models/fraud?client-id=c1"),
                    SourceFaults.SETTINGS.withOptions(
                        Map.of("endpoint", storage.uri("").toString())))) {
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> source.resolve(Pointer.LATEST, null))
            .hasMessageContaining("answered 404 ContainerNotFound");
      }

      assertThat(storage.requests())
          .hasSize(2)
          .allMatch(request -> request.header("Authorization").equals("Bearer eyJ.t0ken"));
    }
    assertThat(service.requests()).hasSize(1);
    Request asked = service.requests().getFirst();
    assertThat(asked.path())
        .isEqualTo(
            "/metadata/identity/oauth2/token?api-version=2018-02-01"
                + "&resource=https%3A%2F%2Fstorage.azure.com%2F&client_id=c1");
    assertThat(asked.header("Metadata")).isEqualTo("true");
  }

  @Test
  void ofAnAppServiceProvesItselfByTheHeaderOfItsEnvironment() {
    environment.put("IDENTITY_ENDPOINT", service.uri("/msi/token").toString());
    environment.put("IDENTITY_HEADER", "h3ader");

    assertThat(identity().token()).isEqualTo("eyJ.t0ken");
    assertThat(service.requests().getFirst().path())
        .startsWith("/msi/token?api-version=2019-08-01");
    assertThat(service.requests().getFirst().header("X-IDENTITY-HEADER")).isEqualTo("h3ader");
  }

  @Test
  void ofAKubernetesServiceAccountIsExchangedForItsToken() throws IOException {
    Path file = Files.writeString(directory.resolve("token"), "of-kubernetes\n");
    environment.put("AZURE_FEDERATED_TOKEN_FILE", file.toString());
    environment.put("AZURE_CLIENT_ID", "client");
    environment.put("AZURE_TENANT_ID", "tenant");
    environment.put("AZURE_AUTHORITY_HOST", service.uri("/").toString());

    assertThat(identity().token()).isEqualTo("eyJ.t0ken");
    Request asked = service.requests().getFirst();
    assertThat(asked.path()).isEqualTo("/tenant/oauth2/v2.0/token");
    assertThat(new String(asked.body(), StandardCharsets.UTF_8).split("&"))
        .contains(
            "client_id=client",
            "client_assertion=of-kubernetes",
            "scope=https%3A%2F%2Fstorage.azure.com%2F.default");
  }

  @Test
  void aServiceThatIsBusyIsAskedAgainAndOneThatKnowsNoIdentityIsBelieved() {
    service.then(Fault.status(429), Fault.status(500));
    assertThat(identity().token()).isEqualTo("eyJ.t0ken");

    for (int status : new int[] {400, 403, 404}) {
      service.then(Fault.status(status));
      assertThatThrownBy(() -> identity().token())
          .isInstanceOfSatisfying(
              RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.DENIED))
          .hasMessageContaining("no managed identity")
          .hasMessageContaining("answered " + status);
    }
  }

  @Test
  void aTokenThatEndsSoonStillServesForAMoment() {
    lastsSeconds = 10;
    ManagedIdentity identity = identity();

    identity.token();
    identity.token();

    assertThat(service.requests()).hasSize(1);
  }

  private ManagedIdentity identity() {
    return new ManagedIdentity(surroundings(), Optional.empty(), SourceFaults.SETTINGS.network());
  }

  private ManagedIdentity.Surroundings surroundings() {
    return new ManagedIdentity.Surroundings(environment, URI.create(service.uri("").toString()));
  }
}
