package dev.skeg.registry.transport;

import dev.skeg.registry.Network;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.Transfer;
import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.file.NoSuchFileException;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The HTTP client of all sources.
 *
 * <p><b>Retries.</b> A request that may be repeated is sent again after what {@link HttpFailures}
 * says may pass, as {@link Attempts} does. <b>Redirects.</b> Followed by hand, five at most, never
 * from https to http, and without Authorization once scheme, host or port differ. <b>Proxy.</b> The
 * configured one or none; the environment is not asked. <b>Secrets.</b> No header and no query ever
 * stands in a message.
 *
 * <p><b>Threads.</b> Any, several at once.
 */
public final class HttpTransport implements AutoCloseable {
  private static final int MAX_REDIRECTS = 5;
  private static final Pattern CONTENT_RANGE =
      Pattern.compile("bytes (?:(\\d{1,18})-(\\d{1,18})|\\*)/(\\d{1,18}|\\*)");

  private final Network network;
  private final Attempts attempts;
  private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpClient client;

  HttpTransport(Network network, Attempts attempts) {
    this.network = network;
    this.attempts = attempts;
    this.client = client(network).executor(executor).build();
  }

  /** Returns a client as the network describes it, which follows no redirects. */
  public static HttpClient.Builder client(Network network) {
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(network.connectTimeout())
            .proxy(network.proxy().map(ProxySelector::of).orElse(HttpClient.Builder.NO_PROXY));
    network.caFile().map(Certificates::context).ifPresent(builder::sslContext);
    return builder;
  }

  /** Opens a client; no connection is made yet. */
  public static HttpTransport open(Network network) {
    return new HttpTransport(network, new Attempts(network.retries()));
  }

  /**
   * Sends a request and returns its answer: a status of 2xx, or one that the call asks to see.
   *
   * @throws RegistryException for every other status and for broken connections: 401 and 403
   *     DENIED, 404 and 410 NOT_FOUND, 409 and 412 CONFLICT, all else TRANSIENT
   */
  public HttpReply send(HttpCall call) {
    return exchange(call, reply -> reply);
  }

  /**
   * Sends a request and reads its answer whole, so that one whose body breaks off is asked for
   * again too.
   *
   * @return a reply whose body lies in memory
   * @throws RegistryException as {@link #send} does, and of kind INVALID if the body is longer than
   *     {@code maxBytes}
   */
  public HttpReply sendWhole(HttpCall call, int maxBytes) {
    return exchange(call, reply -> inMemory(reply, maxBytes));
  }

  private static HttpReply inMemory(HttpReply reply, int maxBytes) throws IOException {
    byte[] body = reply.wholeBody(maxBytes);
    return new HttpReply(
        reply.status(), reply.headers(), reply.uri(), new ByteArrayInputStream(body));
  }

  /** What is made of an answer; an IOException means that it did not come whole. */
  @FunctionalInterface
  private interface Reader {
    HttpReply read(HttpReply reply) throws IOException;
  }

  private HttpReply exchange(HttpCall call, Reader reader) {
    return attempts.run(call.repeatable(), () -> once(call, reader));
  }

  private HttpReply once(HttpCall call, Reader reader) throws Attempts.Failed {
    try {
      HttpReply reply = follow(call);
      if (reply.status() / 100 == 2 || call.answers().contains(reply.status())) {
        return reader.read(reply);
      }
      reply.close();
      throw HttpFailures.ofStatus(call.toString(), reply.status(), "", reply.header("retry-after"));
    } catch (FileNotFoundException | NoSuchFileException e) {
      throw new RegistryException(Kind.NOT_FOUND, call + " has no body to send: " + e, e);
    } catch (IOException e) {
      throw HttpFailures.ofBroken(call.toString(), e);
    }
  }

  /**
   * Begins a download.
   *
   * @param offset where to go on
   * @param etag what the first part came with; empty if unknown. If the content changed since, the
   *     transfer begins at 0
   */
  public Transfer open(HttpCall call, long offset, String etag) {
    if (offset == 0) {
      HttpReply reply = send(call);
      return new Transfer(reply.body(), 0, reply.contentLength());
    }
    HttpCall ranged = call.withHeader("Range", "bytes=" + offset + "-").answering(416);
    if (!etag.isEmpty() && !etag.startsWith("W/")) {
      ranged = ranged.withHeader("If-Range", etag);
    }
    HttpReply reply = send(ranged);
    if (reply.status() == 200) {
      return new Transfer(reply.body(), 0, reply.contentLength());
    }
    Matcher range = CONTENT_RANGE.matcher(reply.header("content-range"));
    boolean matches = range.matches();
    long total = matches && !range.group(3).equals("*") ? Long.parseLong(range.group(3)) : -1;
    if (reply.status() == 206
        && matches
        && range.group(1) != null
        && Long.parseLong(range.group(1)) == offset) {
      return new Transfer(reply.body(), offset, total);
    }
    reply.close();
    if (reply.status() == 416 && total == offset) {
      return new Transfer(InputStream.nullInputStream(), offset, total);
    }
    return open(call, 0, "");
  }

  private HttpReply follow(HttpCall call) throws IOException {
    HttpCall current = call;
    for (int hops = 0; ; hops++) {
      HttpResponse<InputStream> response = once(current);
      HttpReply reply =
          new HttpReply(response.statusCode(), response.headers(), current.uri(), response.body());
      if (!isRedirect(reply.status()) || call.answers().contains(reply.status())) {
        return reply;
      }
      reply.close();
      if (hops == MAX_REDIRECTS) {
        throw new RegistryException(
            Kind.TRANSIENT, call + " was redirected more than " + MAX_REDIRECTS + " times");
      }
      current = redirected(current, reply);
    }
  }

  private static boolean isRedirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  }

  private static HttpCall redirected(HttpCall call, HttpReply reply) {
    boolean reads = call.method().equals("GET") || call.method().equals("HEAD");
    URI target;
    try {
      target = call.uri().resolve(reply.header("location"));
    } catch (IllegalArgumentException e) {
      // Not the cause: it quotes the location.
      throw new RegistryException(Kind.TRANSIENT, call + " was redirected to what is no URL");
    }
    String scheme = String.valueOf(target.getScheme()).toLowerCase(Locale.ROOT);
    boolean downgrade = "https".equalsIgnoreCase(call.uri().getScheme()) && !scheme.equals("https");
    if (target.getHost() == null
        || downgrade
        || !(scheme.equals("http") || scheme.equals("https"))
        || reply.header("location").isEmpty()
        || !(reads || reply.status() == 307 || reply.status() == 308)) {
      throw new RegistryException(
          Kind.TRANSIENT,
          call
              + " was redirected by "
              + reply.status()
              + " to "
              + HttpCall.shown(target)
              + " (expected: "
              + (downgrade
                  ? "no step from https down to http"
                  : "an http or https URL, and 307 or 308 for a write")
              + ")");
    }
    return call.redirectedTo(target, sameOrigin(call.uri(), target));
  }

  private static boolean sameOrigin(URI a, URI b) {
    return a.getScheme().equalsIgnoreCase(b.getScheme())
        && a.getHost().equalsIgnoreCase(b.getHost())
        && port(a) == port(b);
  }

  private static int port(URI uri) {
    return uri.getPort() >= 0
        ? uri.getPort()
        : uri.getScheme().equalsIgnoreCase("https") ? 443 : 80;
  }

  private HttpResponse<InputStream> once(HttpCall call) throws IOException {
    WatchedBody body = new WatchedBody(publisher(call.body()));
    HttpRequest.Builder request = HttpRequest.newBuilder(call.uri()).method(call.method(), body);
    for (Map.Entry<String, String> header : call.headers().entrySet()) {
      request.header(header.getKey(), header.getValue());
    }
    if (!call.authorization().isEmpty()) {
      request.header("Authorization", call.authorization());
    }
    return await(
        client.sendAsync(request.build(), info -> new BodyStream(network.readTimeout())), body);
  }

  /**
   * Waits for the head of an answer. The JDK's own timeout would count from the request's
   * beginning, however long its body is; here a silence counts.
   */
  private HttpResponse<InputStream> await(
      CompletableFuture<HttpResponse<InputStream>> answer, WatchedBody body) throws IOException {
    long patience = network.readTimeout().toNanos();
    try {
      while (true) {
        try {
          return answer.get(patience - body.silentNanos(System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
          if (body.silentNanos(System.nanoTime()) >= patience && answer.cancel(true)) {
            throw new HttpTimeoutException(
                "no answer for " + network.readTimeout().toMillis() + " ms");
          }
        }
      }
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException broken
          ? broken
          : new IOException(String.valueOf(e.getCause()), e.getCause());
    } catch (InterruptedException e) {
      boolean _ = answer.cancel(true);
      Thread.currentThread().interrupt();
      throw new RegistryException(Kind.TRANSIENT, "interrupted", e);
    }
  }

  private static BodyPublisher publisher(HttpCall.Body body) throws IOException {
    return switch (body) {
      case HttpCall.Body.None none -> BodyPublishers.noBody();
      case HttpCall.Body.Bytes(byte[] bytes) -> BodyPublishers.ofByteArray(bytes);
      case HttpCall.Body.FilePart part -> FilePartPublisher.of(part);
    };
  }

  /** Gives up what is still on its way. */
  @Override
  public void close() {
    client.shutdownNow();
    executor.shutdownNow();
  }
}
