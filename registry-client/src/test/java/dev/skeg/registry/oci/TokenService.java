package dev.skeg.registry.oci;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.skeg.registry.testing.TestCertificate;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A registry's token service: gives whoever knows the password, or an identity token, a signed JWT
 * for the scope asked for, as distribution's token specification describes it. The registry checks
 * that token itself. <b>Threads.</b> Any.
 */
final class TokenService implements AutoCloseable {
  static final String SERVICE = "skeg-test-registry";
  static final String ISSUER = "skeg-test-issuer";
  static final String IDENTITY = "long-lived-identity";

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String BASIC =
      "Basic "
          + Base64.getEncoder()
              .encodeToString(
                  (DockerRegistry.USER + ":" + DockerRegistry.PASSWORD)
                      .getBytes(StandardCharsets.UTF_8));

  private final TestCertificate certificate;
  private final HttpServer server;
  private final List<String> scopes = new CopyOnWriteArrayList<>();

  TokenService(TestCertificate certificate) {
    this.certificate = certificate;
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.createContext(
        "/token",
        exchange -> {
          try (exchange) {
            handle(exchange);
          }
        });
    server.start();
  }

  URI realm() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/token");
  }

  /** Returns the registry's configuration that sends clients here. */
  String registrySetting() {
    return "auth: {token: {realm: '"
        + realm()
        + "', service: "
        + SERVICE
        + ", issuer: "
        + ISSUER
        + ", rootcertbundle: "
        + certificate.certificateFile()
        + "}}";
  }

  /** Returns the scopes that tokens were given for, in order. */
  List<String> scopes() {
    return List.copyOf(scopes);
  }

  private void handle(HttpExchange exchange) throws IOException {
    boolean isPost = exchange.getRequestMethod().equals("POST");
    Map<String, String> form =
        form(
            isPost
                ? new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8)
                : exchange.getRequestURI().getRawQuery());
    boolean known =
        isPost
            ? IDENTITY.equals(form.get("refresh_token"))
                && "refresh_token".equals(form.get("grant_type"))
            : BASIC.equals(exchange.getRequestHeaders().getFirst("Authorization"));
    if (!known || !SERVICE.equals(form.get("service"))) {
      exchange.sendResponseHeaders(401, -1);
      return;
    }
    String scope = form.getOrDefault("scope", "");
    scopes.add(scope);
    ObjectNode answer = JSON.createObjectNode();
    answer.put(isPost ? "access_token" : "token", token(scope)).put("expires_in", 300);
    byte[] body = JSON.writeValueAsBytes(answer);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(200, body.length);
    exchange.getResponseBody().write(body);
  }

  private String token(String scope) throws IOException {
    String[] parts = scope.split(":", -1);
    long now = Instant.now().getEpochSecond();
    ObjectNode claims = JSON.createObjectNode();
    claims.put("iss", ISSUER).put("sub", DockerRegistry.USER).put("aud", SERVICE);
    claims.put("exp", now + 300).put("nbf", now - 60).put("iat", now - 60).put("jti", "1");
    ObjectNode access = claims.putArray("access").addObject();
    access.put("type", parts[0]).put("name", parts[1]);
    for (String action : parts[2].split(",", -1)) {
      access.withArray("actions").add(action);
    }
    try {
      ObjectNode header = JSON.createObjectNode().put("typ", "JWT").put("alg", "RS256");
      header
          .putArray("x5c")
          .add(Base64.getEncoder().encodeToString(certificate.certificate().getEncoded()));
      String signed =
          base64(JSON.writeValueAsBytes(header)) + "." + base64(JSON.writeValueAsBytes(claims));
      Signature signature = Signature.getInstance("SHA256withRSA");
      signature.initSign(certificate.key());
      signature.update(signed.getBytes(StandardCharsets.US_ASCII));
      return signed + "." + base64(signature.sign());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String base64(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  private static Map<String, String> form(String text) {
    Map<String, String> form = new HashMap<>();
    for (String pair : text.split("&", -1)) {
      int equals = pair.indexOf('=');
      form.put(
          pair.substring(0, equals),
          URLDecoder.decode(pair.substring(equals + 1), StandardCharsets.UTF_8));
    }
    return form;
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
