package dev.skeg.registry.oci;

import com.fasterxml.jackson.databind.JsonNode;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.transport.HttpCall;
import dev.skeg.registry.transport.HttpReply;
import dev.skeg.registry.transport.HttpTransport;
import dev.skeg.registry.transport.JsonReply;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Answers a registry's challenges: Basic, or Bearer with a token from its token service.
 *
 * <p>What was accepted is kept for each scope until the registry says 401 again; nobody has to know
 * how long a token lives. <b>Threads.</b> Any.
 */
final class RegistryLogin {
  private static final int MAX_ANSWER_BYTES = 1 << 20;

  private final OciReference reference;
  private final SourceSettings settings;
  private final HttpTransport transport;
  private final Map<String, String> accepted = new ConcurrentHashMap<>();

  RegistryLogin(OciReference reference, SourceSettings settings, HttpTransport transport) {
    this.reference = reference;
    this.settings = settings;
    this.transport = transport;
  }

  /** Returns the value of Authorization to begin with; empty for none. */
  String authorization(String actions) {
    return accepted.getOrDefault(actions, "");
  }

  /**
   * Finds the Authorization that a challenge asks for.
   *
   * @param actions what for, as {@code pull} or {@code pull,push}
   * @param challenges values of WWW-Authenticate
   * @throws RegistryException of kind DENIED if there are no credentials for it, or they are
   *     refused
   */
  String answer(String actions, List<String> challenges) {
    Optional<Login> login = login();
    if (login.isPresent() && login.get() instanceof Login.Token(String token)) {
      return keep(actions, "Bearer " + token);
    }
    List<Challenge> parsed = Challenge.parse(challenges);
    for (Challenge challenge : parsed) {
      if (challenge.scheme().equals("bearer")) {
        return keep(actions, "Bearer " + fetch(challenge, actions, login));
      }
    }
    for (Challenge challenge : parsed) {
      if (challenge.scheme().equals("basic")) {
        if (login.isPresent() && login.get() instanceof Login.Password password) {
          return keep(actions, basic(password));
        }
        throw denied(
            reference.registry()
                + " asks for a user and password (expected: credentials username and password, or"
                + " docker-config)");
      }
    }
    throw denied(
        reference.registry()
            + " asks for "
            + parsed.stream().map(Challenge::scheme).toList()
            + " (expected: Basic or Bearer)");
  }

  private String keep(String actions, String authorization) {
    accepted.put(actions, authorization);
    return authorization;
  }

  private Optional<Login> login() {
    Optional<String> token = settings.credential("token");
    if (token.isPresent()) {
      return Optional.of(new Login.Token(token.get()));
    }
    Optional<String> username = settings.credential("username");
    if (username.isPresent()) {
      return Optional.of(
          new Login.Password(username.get(), settings.credential("password").orElse("")));
    }
    String config = settings.options().get("docker-config");
    return config == null
        ? Optional.empty()
        : DockerConfig.read(Path.of(config), reference.registry());
  }

  private String fetch(Challenge challenge, String actions, Optional<Login> login) {
    URI realm = realm(challenge);
    String asked = challenge.parameter("scope");
    String scope = asked.isEmpty() ? "repository:" + reference.repository() + ":" + actions : asked;
    String query = "scope=" + encode(scope);
    if (!challenge.parameter("service").isEmpty()) {
      query = "service=" + encode(challenge.parameter("service")) + "&" + query;
    }
    HttpCall call;
    if (login.isPresent() && login.get() instanceof Login.Identity(String identity)) {
      String form =
          "grant_type=refresh_token&client_id=skeg&" + query + "&refresh_token=" + encode(identity);
      call =
          HttpCall.post(realm, form.getBytes(StandardCharsets.UTF_8))
              .withHeader("Content-Type", "application/x-www-form-urlencoded")
              .repeatable(true);
    } else {
      String separator = realm.getRawQuery() == null ? "?" : "&";
      call = HttpCall.get(URI.create(realm + separator + query));
      if (login.isPresent() && login.get() instanceof Login.Password password) {
        call = call.withAuthorization(basic(password));
      }
    }
    return token(call.answering(400, 401, 403), login.isPresent());
  }

  private String token(HttpCall call, boolean hasLogin) {
    HttpReply reply = transport.send(call);
    if (reply.status() != 200) {
      reply.close();
      throw denied(
          call
              + " answered "
              + reply.status()
              + " (expected: "
              + (hasLogin ? "credentials that it knows" : "credentials, none are configured")
              + ")");
    }
    JsonNode answer = JsonReply.read(reply, MAX_ANSWER_BYTES);
    String token = answer.path("token").asText(answer.path("access_token").asText());
    if (token.isEmpty()) {
      throw denied(call + " answered no token (expected: token or access_token)");
    }
    return token;
  }

  /** The token service's URL; a registry over TLS cannot have passwords sent in the clear. */
  private URI realm(Challenge challenge) {
    try {
      URI realm = URI.create(challenge.parameter("realm"));
      boolean secure = "https".equalsIgnoreCase(realm.getScheme());
      boolean mayBePlain = reference.base().getScheme().equals("http");
      if (realm.getHost() != null && (secure || (mayBePlain && "http".equals(realm.getScheme())))) {
        return realm;
      }
    } catch (IllegalArgumentException e) {
      // Said below.
    }
    throw denied(
        reference.registry() + " names no sound token service (expected: realm with an https URL)");
  }

  private static String basic(Login.Password password) {
    byte[] pair =
        (password.username() + ":" + password.password()).getBytes(StandardCharsets.UTF_8);
    return "Basic " + Base64.getEncoder().encodeToString(pair);
  }

  private static String encode(String text) {
    return SourceUri.encode(text, "");
  }

  private static RegistryException denied(String message) {
    return new RegistryException(RegistryException.Kind.DENIED, message);
  }
}
