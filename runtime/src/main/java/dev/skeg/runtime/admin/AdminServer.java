package dev.skeg.runtime.admin;

import dev.skeg.registry.RegistryException;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.monitoring.Monitors;
import dev.skeg.runtime.source.ModelSources;
import dev.skeg.runtime.telemetry.PlainHttpServer;
import dev.skeg.runtime.telemetry.PlainHttpServer.Request;
import dev.skeg.runtime.telemetry.PlainHttpServer.Response;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The admin port: finds what a path asks for, once {@link AdminAccess} lets the request in.
 *
 * <p><b>Threads.</b> One virtual thread a request.
 */
public final class AdminServer implements AutoCloseable {
  private static final String JSON = "application/json";

  private static final Pattern VERSION =
      Pattern.compile("/v1/models/(.+)/versions/([0-9]{1,19}):(load|unload)");

  private final AdminPages pages;
  private final ModelSources sources;
  private final AdminAccess access;
  private final AdminHooks hooks;
  private final AdminMonitor monitor;
  private final PlainHttpServer server;

  /**
   * Starts to listen.
   *
   * @param tokenFile has the token that the port asks for; empty if it asks for none
   * @throws ServingException if it cannot listen there, or may not without a token
   * @throws RegistryException if the token cannot be read
   */
  public AdminServer(
      String host,
      int port,
      Optional<Path> tokenFile,
      AdminPages pages,
      ModelSources sources,
      Monitors monitors,
      InstantSource clock) {
    this.pages = pages;
    this.sources = sources;
    this.monitor = new AdminMonitor(monitors, model -> pages.model(model).isPresent(), clock);
    this.access = AdminAccess.of(tokenFile);
    this.hooks = new AdminHooks(sources, access, clock);
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

  private Optional<Response> answer(Request request) throws IOException {
    if (request.path().startsWith(AdminHooks.PATH)) {
      return Optional.of(hooks.answer(request));
    }
    Optional<Response> refusal = access.refusal(request);
    if (refusal.isPresent()) {
      return refusal;
    }
    String path = request.path();
    Matcher version = VERSION.matcher(path);
    if (version.matches()) {
      return Optional.of(control(request, version));
    }
    Optional<Response> monitored = monitor.answer(request);
    if (monitored.isPresent()) {
      return monitored;
    }
    if (!request.method().equals("GET")) {
      return Optional.of(Response.notAllowed("GET, HEAD"));
    }
    return switch (path) {
      case "/" ->
          Optional.of(
              new Response(
                  200,
                  "text/plain; charset=utf-8",
                  "Skeg's admin API. GET /v1/status, /v1/models, /v1/models/{model},"
                      + " /v1/models/{model}/monitor, /v1/models/{model}/profile,"
                      + " /v1/models/{model}/versions/{version}/baseline, /v1/alerts,"
                      + " /v1/alerts/{id}, /v1/openapi.json; POST"
                      + " /v1/models/{model}/versions/{version}:load,"
                      + " /v1/models/{model}/versions/{version}:unload,"
                      + " /v1/alerts/{id}:acknowledge, /v1/hooks/{source}\n"));
      case "/v1/status" -> Optional.of(new Response(200, JSON, pages.status()));
      case "/v1/models" -> Optional.of(new Response(200, JSON, pages.models()));
      case "/v1/openapi.json" -> Optional.of(new Response(200, JSON, openApi()));
      default -> model(path);
    };
  }

  private Response control(Request request, Matcher matched) {
    if (!request.method().equals("POST")) {
      return Response.notAllowed("POST");
    }
    String force = request.parameter("force");
    if (!force.isEmpty() && !force.equals("true") && !force.equals("false")) {
      return Response.error(400, "force: " + force + " (expected: true or false)");
    }
    String model = matched.group(1);
    try {
      long version = Long.parseLong(matched.group(2));
      if (matched.group(3).equals("load")) {
        sources.load(model, version, force.equals("true"));
      } else {
        sources.unload(model, version);
      }
    } catch (NumberFormatException e) {
      return Response.error(
          400, "version: " + matched.group(2) + " (expected: a version's number)");
    } catch (ServingException e) {
      return Response.error(status(e.code()), String.valueOf(e.getMessage()));
    }
    return new Response(200, JSON, pages.model(model).orElse("{}"));
  }

  private static int status(ErrorCode code) {
    return switch (code) {
      case INVALID_ARGUMENT, CANCELLED -> 400;
      case NOT_FOUND -> 404;
      case ALREADY_EXISTS -> 409;
      case INTERNAL -> 500;
      case UNSUPPORTED -> 501;
      case UNAVAILABLE -> 503;
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
