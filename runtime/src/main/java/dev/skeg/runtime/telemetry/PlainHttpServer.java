package dev.skeg.runtime.telemetry;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.zip.GZIPOutputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A small HTTP server for the ports that people and scrapers read; not for predictions.
 *
 * <p>Answers GET and HEAD, compresses where the client takes gzip, and gives up on a client that
 * does not send its request within 10 s.
 *
 * <p><b>Threads.</b> One virtual thread a request; handlers may block.
 */
public final class PlainHttpServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PlainHttpServer.class);
  private static final int GZIP_FROM_BYTES = 1024;

  static {
    // Read once by the JDK's server, when its first instance is made.
    System.setProperty("sun.net.httpserver.maxReqTime", "10");
    System.setProperty("sun.net.httpserver.maxRspTime", "30");
    System.setProperty("sun.net.httpserver.maxReqHeaders", "100");
  }

  private final HttpServer server;
  private final ExecutorService threads;

  /**
   * A request.
   *
   * @param path without the query
   */
  public record Request(String path, String accept, String host) {}

  /** An answer. */
  public record Response(int status, String contentType, String body) {
    /** Returns an error as JSON. */
    public static Response error(int status, String message) {
      String escaped = message.replace("\\", "\\\\").replace("\"", "\\\"");
      return new Response(status, "application/json", "{\"error\":\"" + escaped + "\"}");
    }
  }

  /** Answers requests. */
  @FunctionalInterface
  public interface Handler {
    /** Returns the answer; empty if there is nothing at that path. */
    Optional<Response> handle(Request request);
  }

  /**
   * Starts to listen.
   *
   * @param name for messages and threads, as {@code metrics}
   * @throws ServingException if the address cannot be bound
   */
  public PlainHttpServer(String name, String host, int port, Handler handler) {
    try {
      this.server = HttpServer.create(new InetSocketAddress(host, port), 128);
    } catch (IOException e) {
      throw new ServingException(
          ErrorCode.UNAVAILABLE,
          "the "
              + name
              + " port cannot listen on "
              + host
              + ":"
              + port
              + ": "
              + e.getMessage()
              + " (expected: an address of this machine and a free port, or port 0)",
          e);
    }
    this.threads =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name(name + "-", 0).factory());
    server.setExecutor(threads);
    server.createContext("/", exchange -> serve(exchange, handler));
    server.start();
  }

  /** Returns the port bound. */
  public int port() {
    return server.getAddress().getPort();
  }

  private static void serve(HttpExchange exchange, Handler handler) throws IOException {
    try (exchange) {
      Response response;
      String method = exchange.getRequestMethod();
      if (!method.equals("GET") && !method.equals("HEAD")) {
        exchange.getResponseHeaders().set("Allow", "GET, HEAD");
        response = Response.error(405, "Method Not Allowed");
      } else {
        response = answer(exchange, handler);
      }
      send(exchange, response, method.equals("HEAD"));
    }
  }

  private static Response answer(HttpExchange exchange, Handler handler) {
    String path = exchange.getRequestURI().getPath();
    Request request =
        new Request(
            path == null ? "/" : path, header(exchange, "Accept"), header(exchange, "Host"));
    try {
      return handler.handle(request).orElseGet(() -> Response.error(404, "Not Found"));
    } catch (RuntimeException e) {
      LOG.atError().setCause(e).addKeyValue("path", path).log("A page could not be made");
      return Response.error(500, "the server's log says why");
    }
  }

  private static void send(HttpExchange exchange, Response response, boolean head)
      throws IOException {
    byte[] body = response.body().getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", response.contentType());
    exchange.getResponseHeaders().set("Cache-Control", "no-store");
    exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
    if (body.length >= GZIP_FROM_BYTES
        && header(exchange, "Accept-Encoding").toLowerCase(Locale.ROOT).contains("gzip")) {
      ByteArrayOutputStream zipped = new ByteArrayOutputStream();
      try (GZIPOutputStream gzip = new GZIPOutputStream(zipped)) {
        gzip.write(body);
      }
      body = zipped.toByteArray();
      exchange.getResponseHeaders().set("Content-Encoding", "gzip");
    }
    if (head) {
      exchange.getResponseHeaders().set("Content-Length", Integer.toString(body.length));
      exchange.sendResponseHeaders(response.status(), -1);
      return;
    }
    exchange.sendResponseHeaders(response.status(), body.length);
    exchange.getResponseBody().write(body);
  }

  private static String header(HttpExchange exchange, String name) {
    String value = exchange.getRequestHeaders().getFirst(name);
    return value == null ? "" : value;
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
