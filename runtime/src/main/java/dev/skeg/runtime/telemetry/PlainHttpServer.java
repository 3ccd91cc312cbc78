package dev.skeg.runtime.telemetry;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.zip.GZIPOutputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A small HTTP server for the ports that people and scrapers read; not for predictions.
 *
 * <p>Compresses where the client takes gzip, and gives up on a client that does not send its
 * request within 10 s. HEAD is answered as GET.
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

  /** A request, whose body has not been read yet. <b>Threads.</b> The one that handles it. */
  public static final class Request {
    private final HttpExchange exchange;

    private Request(HttpExchange exchange) {
      this.exchange = exchange;
    }

    /** Returns the method; GET where it was HEAD. */
    public String method() {
      String method = exchange.getRequestMethod();
      return method.equals("HEAD") ? "GET" : method;
    }

    /** Returns the path, decoded, without the query. */
    public String path() {
      String path = exchange.getRequestURI().getPath();
      return path == null ? "/" : path;
    }

    /** Returns the decoded value of a query's parameter; empty if it is not given. */
    public String parameter(String name) {
      String query = exchange.getRequestURI().getRawQuery();
      for (String pair : query == null ? new String[0] : query.split("&", 100)) {
        int equals = pair.indexOf('=');
        if ((equals < 0 ? pair : pair.substring(0, equals)).equals(name)) {
          return equals < 0
              ? ""
              : URLDecoder.decode(pair.substring(equals + 1), StandardCharsets.UTF_8);
        }
      }
      return "";
    }

    /** Returns a header's first value; empty if it is not given. */
    public String header(String name) {
      String value = exchange.getRequestHeaders().getFirst(name);
      return value == null ? "" : value;
    }

    /** Returns every header with its first value. */
    public Map<String, String> headers() {
      Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
      exchange.getRequestHeaders().forEach((name, values) -> headers.put(name, values.getFirst()));
      return headers;
    }

    /**
     * Reads the body.
     *
     * @return at most one byte more than {@code maxBytes}, which tells that it is too large
     */
    public byte[] body(int maxBytes) throws IOException {
      return exchange.getRequestBody().readNBytes(maxBytes + 1);
    }
  }

  /**
   * An answer.
   *
   * @param headers beside its content type
   */
  public record Response(int status, String contentType, String body, Map<String, String> headers) {
    public Response {
      headers = Map.copyOf(headers);
    }

    public Response(int status, String contentType, String body) {
      this(status, contentType, body, Map.of());
    }

    /** Returns an error as JSON. */
    public static Response error(int status, String message) {
      return new Response(
          status,
          "application/json",
          "{\"error\":\""
              + new String(JsonStringEncoder.getInstance().quoteAsString(message))
              + "\"}");
    }

    /** Returns that the path is not for this method. */
    public static Response notAllowed(String allowed) {
      return error(405, "Method Not Allowed").with("Allow", allowed);
    }

    /** Returns this answer with one more header. */
    public Response with(String name, String value) {
      Map<String, String> more = new HashMap<>(headers);
      more.put(name, value);
      return new Response(status, contentType, body, more);
    }
  }

  /** Answers requests. */
  @FunctionalInterface
  public interface Handler {
    /** Returns the answer; empty if there is nothing at that path. */
    Optional<Response> handle(Request request) throws IOException;
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
      Response response = answer(new Request(exchange), handler);
      send(exchange, response, exchange.getRequestMethod().equals("HEAD"));
    }
  }

  private static Response answer(Request request, Handler handler) throws IOException {
    try {
      return handler.handle(request).orElseGet(() -> Response.error(404, "Not Found"));
    } catch (RuntimeException e) {
      LOG.atError().setCause(e).addKeyValue("path", request.path()).log("A page could not be made");
      return Response.error(500, "the server's log says why");
    }
  }

  private static void send(HttpExchange exchange, Response response, boolean head)
      throws IOException {
    byte[] body = response.body().getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", response.contentType());
    exchange.getResponseHeaders().set("Cache-Control", "no-store");
    exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
    response.headers().forEach(exchange.getResponseHeaders()::set);
    if (body.length >= GZIP_FROM_BYTES
        && new Request(exchange)
            .header("Accept-Encoding")
            .toLowerCase(Locale.ROOT)
            .contains("gzip")) {
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

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
