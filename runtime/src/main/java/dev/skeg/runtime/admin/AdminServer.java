package dev.skeg.runtime.admin;

import dev.skeg.registry.RegistryException;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.telemetry.PlainHttpServer;
import dev.skeg.runtime.telemetry.PlainHttpServer.Request;
import dev.skeg.runtime.telemetry.PlainHttpServer.Response;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The admin port: finds what a path asks for, once {@link AdminAccess} lets the request in.
 *
 * <p><b>Threads.</b> One virtual thread a request.
 */
public final class AdminServer implements AutoCloseable {
  private static final String JSON = "application/json";

  private final AdminPages pages;
  private final AdminAccess access;
  private final PlainHttpServer server;

  /**
   * Starts to listen.
   *
   * @param tokenFile has the token that the port asks for; empty if it asks for none
   * @throws ServingException if it cannot listen there, or may not without a token
   * @throws RegistryException if the token cannot be read
   */
  public AdminServer(String host, int port, Optional<Path> tokenFile, AdminPages pages) {
    this.pages = pages;
    this.access = AdminAccess.of(tokenFile);
    if (!access.asksForToken()) {
      requireLoopback(host);
    }
    this.server = new PlainHttpServer("admin", host, port, this::answer);
  }

  private static void requireLoopback(String host) {
    InetSocketAddress address = new InetSocketAddress(host, 0);
    // A name that cannot be looked up is said by whoever binds it.
    if (!address.isUnresolved() && !address.getAddress().isLoopbackAddress()) {
      throw new ServingException(
          ErrorCode.INVALID_ARGUMENT,
          "admin.host: "
              + host
              + " is "
              + address.getAddress().getHostAddress()
              + " (expected: a loopback address, as 127.0.0.1; or admin.token-file)");
    }
  }

  /** Returns the port bound. */
  public int port() {
    return server.port();
  }

  private Optional<Response> answer(Request request) {
    Optional<Response> refusal = access.refusal(request);
    if (refusal.isPresent()) {
      return refusal;
    }
    if (!request.method().equals("GET")) {
      return Optional.of(Response.notAllowed("GET, HEAD"));
    }
    String path = request.path();
    return switch (path) {
      case "/" ->
          Optional.of(
              new Response(
                  200,
                  "text/plain; charset=utf-8",
                  "Skeg's admin API. GET /v1/status, /v1/models, /v1/models/{model},"
                      + " /v1/openapi.json\n"));
      case "/v1/status" -> Optional.of(new Response(200, JSON, pages.status()));
      case "/v1/models" -> Optional.of(new Response(200, JSON, pages.models()));
      case "/v1/openapi.json" -> Optional.of(new Response(200, JSON, openApi()));
      default -> model(path);
    };
  }

  private Optional<Response> model(String path) {
    String prefix = "/v1/models/";
    if (!path.startsWith(prefix)) {
      return Optional.empty();
    }
    String name = path.substring(prefix.length());
    return Optional.of(
        pages
            .model(name)
            .map(page -> new Response(200, JSON, page))
            .orElseGet(() -> Response.error(404, "unknown model: '" + name + "'")));
  }

  private static String openApi() {
    try (InputStream resource = AdminServer.class.getResourceAsStream("openapi.json")) {
      if (resource == null) {
        throw new IllegalStateException("openapi.json is not in the jar");
      }
      return new String(resource.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("openapi.json cannot be read from the jar", e);
    }
  }

  @Override
  public void close() {
    server.close();
  }
}
