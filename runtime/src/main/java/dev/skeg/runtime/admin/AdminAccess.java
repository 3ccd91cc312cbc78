package dev.skeg.runtime.admin;

import dev.skeg.registry.RegistryException;
import dev.skeg.registry.Secret;
import dev.skeg.runtime.telemetry.PlainHttpServer.Request;
import dev.skeg.runtime.telemetry.PlainHttpServer.Response;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who may use the admin port.
 *
 * <p><b>With a token</b>: whoever has it. Its file is read for each request, so a new token counts
 * at once; while it cannot be read, nobody is let in.
 *
 * <p><b>Without</b>: whoever is on this machine, which is why the port then listens on a loopback
 * address only. A page in a browser is on this machine, too, so a request must neither call the
 * machine by a name that somebody else's DNS points here, nor come from a page of another origin.
 *
 * <p><b>Threads.</b> Immutable; any.
 */
final class AdminAccess {
  private static final Logger LOG = LoggerFactory.getLogger(AdminAccess.class);
  private static final String SCHEME = "Bearer ";
  private static final String EXPECTED =
      "expected: Authorization: Bearer and the token of admin.token-file";

  private final @Nullable Secret token;

  private AdminAccess(@Nullable Secret token) {
    this.token = token;
  }

  /**
   * Returns the rules for a port.
   *
   * @param tokenFile empty if the port asks for no token
   * @throws RegistryException if the file cannot be read or has no token
   */
  static AdminAccess of(Optional<Path> tokenFile) {
    Secret token = tokenFile.map(Secret::file).orElse(null);
    if (token != null) {
      requireToken(token);
    }
    return new AdminAccess(token);
  }

  private static String requireToken(Secret token) {
    String value = token.value();
    if (value.isEmpty() || value.chars().anyMatch(c -> c <= ' ' || c > '~')) {
      throw new RegistryException(
          RegistryException.Kind.DENIED,
          "admin.token-file: "
              + token
              + " has no token (expected: printable characters without spaces, in one line)");
    }
    return value;
  }

  boolean asksForToken() {
    return token != null;
  }

  /** Returns why a request is refused; empty if it is not. */
  Optional<Response> refusal(Request request) {
    if (token == null) {
      return fromElsewhere(request);
    }
    String expected;
    try {
      expected = requireToken(token);
    } catch (RegistryException e) {
      LOG.atWarn().addKeyValue("reason", e.getMessage()).log("The admin port lets nobody in");
      return Optional.of(Response.error(503, "admin.token-file cannot be read; the log says why"));
    }
    String authorization = request.header("Authorization");
    if (!authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
      return unauthorized("no token (" + EXPECTED + ")");
    }
    return same(authorization.substring(SCHEME.length()).strip(), expected)
        ? Optional.empty()
        : unauthorized("another token (" + EXPECTED + ")");
  }

  private static Optional<Response> unauthorized(String message) {
    return Optional.of(
        Response.error(401, message).with("WWW-Authenticate", "Bearer realm=\"skeg admin\""));
  }

  private static Optional<Response> fromElsewhere(Request request) {
    String host = request.header("Host");
    if (!isLocal(host)) {
      return Optional.of(
          Response.error(403, "Host: " + host + " (expected: 127.0.0.1, localhost or [::1])"));
    }
    String origin = request.header("Origin");
    return origin.isEmpty() || origin.equals("http://" + host)
        ? Optional.empty()
        : Optional.of(
            Response.error(403, "Origin: " + origin + " (expected: none, or this port's own)"));
  }

  private static boolean isLocal(String host) {
    String name = host.toLowerCase(Locale.ROOT).replaceFirst(":[0-9]+$", "");
    return name.equals("localhost")
        || name.equals("[::1]")
        || name.matches("127(\\.[0-9]{1,3}){3}");
  }

  /** Compares in a time that tells neither content nor length. */
  private static boolean same(String given, String expected) {
    return MessageDigest.isEqual(sha256(given), sha256(expected));
  }

  private static byte[] sha256(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
