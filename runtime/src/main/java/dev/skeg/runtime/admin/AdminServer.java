package dev.skeg.runtime.admin;

import dev.skeg.runtime.telemetry.PlainHttpServer;
import dev.skeg.runtime.telemetry.PlainHttpServer.Request;
import dev.skeg.runtime.telemetry.PlainHttpServer.Response;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;

/**
 * The admin port. It listens on 127.0.0.1 alone, because it asks for no token.
 *
 * <p>A page in a browser must not read it by a name that somebody else's DNS points here: so a
 * request whose Host is not this machine's own name is refused.
 */
public final class AdminServer implements AutoCloseable {
  static final String HOST = "127.0.0.1";

  private static final String JSON = "application/json";

  private final AdminPages pages;
  private final PlainHttpServer server;

  /** Starts to listen. */
  public AdminServer(int port, AdminPages pages) {
    this.pages = pages;
    this.server = new PlainHttpServer("admin", HOST, port, this::answer);
  }

  /** Returns the port bound. */
  public int port() {
    return server.port();
  }

  private Optional<Response> answer(Request request) {
    if (!isLocal(request.host())) {
      return Optional.of(
          Response.error(
              403, "Host: " + request.host() + " (expected: 127.0.0.1, localhost or [::1])"));
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

  private static boolean isLocal(String host) {
    String name = host.toLowerCase(Locale.ROOT).replaceFirst(":[0-9]+$", "");
    return name.equals("127.0.0.1") || name.equals("localhost") || name.equals("[::1]");
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
