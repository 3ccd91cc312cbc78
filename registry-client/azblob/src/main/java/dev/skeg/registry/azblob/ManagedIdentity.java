package dev.skeg.registry.azblob;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skeg.registry.Network;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.Secret;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.transport.HttpCall;
import dev.skeg.registry.transport.HttpReply;
import dev.skeg.registry.transport.HttpTransport;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * Access tokens of the identity that Azure has given to this process: of a Kubernetes service
 * account if {@code AZURE_FEDERATED_TOKEN_FILE} is set, of an App Service or Container App if
 * {@code IDENTITY_ENDPOINT} is, else of the virtual machine. A token serves until five minutes
 * before its end.
 *
 * <p><b>Threads.</b> Any; one asks while others wait.
 */
final class ManagedIdentity {
  private static final String RESOURCE = "https://storage.azure.com/";
  private static final Duration MARGIN = Duration.ofMinutes(5);
  private static final int MAX_ANSWER_BYTES = 1 << 20;
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * What a process knows of where it runs.
   *
   * @param environment variables
   * @param metadata the service of the virtual machine
   */
  record Surroundings(Map<String, String> environment, URI metadata) {
    Surroundings {
      environment = Map.copyOf(environment);
    }

    private Optional<String> variable(String name) {
      return Optional.ofNullable(environment.get(name)).filter(value -> !value.isEmpty());
    }
  }

  /**
   * A token.
   *
   * @param endNanos when it must be replaced, as of {@link System#nanoTime()}
   */
  private record Token(String value, long endNanos) {}

  private final Surroundings surroundings;
  private final Optional<String> clientId;
  private final Network network;
  private @Nullable Token token;

  /**
   * @param clientId which identity, if there are several
   */
  ManagedIdentity(Surroundings surroundings, Optional<String> clientId, Network network) {
    this.surroundings = surroundings;
    this.clientId = clientId;
    this.network = network;
  }

  /**
   * Returns a token that may be used now.
   *
   * @throws RegistryException if none is to be had
   */
  synchronized String token() {
    long now = System.nanoTime();
    Token current = token;
    if (current == null || now - current.endNanos() >= 0) {
      current = ask(now);
      token = current;
    }
    return current.value();
  }

  private Token ask(long now) {
    Optional<String> file = surroundings.variable("AZURE_FEDERATED_TOKEN_FILE");
    // The services on the machine itself are never behind a proxy.
    Network used = file.isPresent() ? network : direct();
    try (HttpTransport transport = HttpTransport.open(used);
        HttpReply reply =
            transport.sendWhole(
                (file.isPresent() ? federated(file.get()) : local()).answering(400),
                MAX_ANSWER_BYTES)) {
      if (reply.status() == 400) {
        // How each of them says that there is no such identity.
        throw new RegistryException(Kind.DENIED, "the service answered 400");
      }
      return parse(reply.bytes(MAX_ANSWER_BYTES), now);
    } catch (RegistryException e) {
      boolean refused = e.kind() == Kind.NOT_FOUND || e.kind() == Kind.DENIED;
      throw new RegistryException(
          refused ? Kind.DENIED : e.kind(),
          "no managed identity: "
              + e.getMessage()
              + " (expected: an identity, or a credential token or password, or anonymous=true)",
          e,
          e.retryAfter().orElse(null));
    }
  }

  private Network direct() {
    return new Network(
        network.connectTimeout(),
        network.readTimeout(),
        network.retries(),
        Optional.empty(),
        network.caFile());
  }

  private HttpCall federated(String file) {
    String authority =
        surroundings
            .variable("AZURE_AUTHORITY_HOST")
            .orElse("https://login.microsoftonline.com/")
            .replaceFirst("/*$", "/");
    String body =
        form(
            Map.of(
                "grant_type",
                "client_credentials",
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_id",
                clientId.orElseGet(() -> required("AZURE_CLIENT_ID")),
                "client_assertion",
                Secret.file(Path.of(file)).value(),
                "scope",
                RESOURCE + ".default"));
    URI uri = URI.create(authority + required("AZURE_TENANT_ID") + "/oauth2/v2.0/token");
    return HttpCall.post(uri, body.getBytes(StandardCharsets.UTF_8))
        .withHeader("Content-Type", "application/x-www-form-urlencoded")
        .repeatable(true);
  }

  private HttpCall local() {
    String identity =
        clientId
            .or(() -> surroundings.variable("AZURE_CLIENT_ID"))
            .map(id -> "&client_id=" + SourceUri.encode(id, ""))
            .orElse("");
    String query = "&resource=" + SourceUri.encode(RESOURCE, "") + identity;
    Optional<String> service = surroundings.variable("IDENTITY_ENDPOINT");
    return service.isPresent()
        ? HttpCall.get(URI.create(service.get() + "?api-version=2019-08-01" + query))
            .withHeader("X-IDENTITY-HEADER", required("IDENTITY_HEADER"))
        : HttpCall.get(
                surroundings
                    .metadata()
                    .resolve("/metadata/identity/oauth2/token?api-version=2018-02-01" + query))
            .withHeader("Metadata", "true");
  }

  private String required(String variable) {
    return surroundings
        .variable(variable)
        .orElseThrow(() ->
            new RegistryException(Kind.DENIED, "environment variable " + variable + " is not set"));
  }

  private static String form(Map<String, String> fields) {
    StringJoiner form = new StringJoiner("&");
    fields.forEach((name, value) -> form.add(name + "=" + SourceUri.encode(value, "")));
    return form.toString();
  }

  private static Token parse(byte[] answer, long now) {
    JsonNode json;
    try {
      json = JSON.readTree(new String(answer, StandardCharsets.UTF_8));
    } catch (JsonProcessingException e) {
      // Not the cause: it may quote a token.
      throw new RegistryException(Kind.TRANSIENT, "the answer is no JSON");
    }
    String value = json.path("access_token").asText();
    if (value.isEmpty()) {
      throw new RegistryException(Kind.DENIED, "the answer has no access_token");
    }
    // A service that does not say how long tells when, which only a clock could use: ask again
    // soon.
    Duration lasts = Duration.ofSeconds(json.path("expires_in").asLong(0)).minus(MARGIN);
    return new Token(value, now + Math.max(lasts.toNanos(), Duration.ofSeconds(30).toNanos()));
  }
}
