package dev.skeg.registry.http;

import dev.skeg.registry.Progress;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.Transfer;
import dev.skeg.registry.published.PublishedTree;
import dev.skeg.registry.transport.HttpCall;
import dev.skeg.registry.transport.HttpReply;
import dev.skeg.registry.transport.HttpTransport;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What lies below a URL. Looks are conditional by ETag, or by Last-Modified where there is none;
 * writes are PUT with If-Match or If-None-Match, which a server that ignores them turns into plain
 * ones. <b>Threads.</b> Immutable; any.
 */
final class HttpTree implements PublishedTree {
  /** Marks a validator that is a Last-Modified date. */
  private static final String DATE = "date:";

  private final SourceUri root;
  private final SourceSettings settings;
  private final HttpTransport transport;

  HttpTree(SourceUri root, SourceSettings settings, HttpTransport transport) {
    this.root = root;
    this.settings = settings;
    this.transport = transport;
  }

  @Override
  public boolean canList() {
    return false;
  }

  @Override
  public boolean hasLatestPointer() {
    return true;
  }

  @Override
  public List<String> directories() {
    throw new IllegalStateException("no listing over HTTP");
  }

  @Override
  public List<Entry> list(String directory) {
    throw new IllegalStateException("no listing over HTTP");
  }

  @Override
  public Look read(String key, int maxBytes, String knownEtag) {
    HttpCall call = authorized(HttpCall.get(uri(key))).answering(304, 404, 410);
    if (knownEtag.startsWith(DATE)) {
      call = call.withHeader("If-Modified-Since", knownEtag.substring(DATE.length()));
    } else if (!knownEtag.isEmpty()) {
      call = call.withHeader("If-None-Match", knownEtag);
    }
    try (HttpReply reply = transport.sendWhole(call, maxBytes)) {
      return switch (reply.status()) {
        case 304 -> new Look.Unchanged();
        case 404, 410 -> new Look.Absent();
        default -> new Look.Found(reply.bytes(maxBytes), etag(reply));
      };
    }
  }

  private static String etag(HttpReply reply) {
    String etag = reply.header("etag");
    String date = reply.header("last-modified");
    return !etag.isEmpty() ? etag : date.isEmpty() ? "" : DATE + date;
  }

  @Override
  public Transfer open(String key, String etag, long offset) {
    return transport.open(authorized(HttpCall.get(uri(key))), offset, etag);
  }

  @Override
  public void write(String key, byte[] content, Condition condition) {
    HttpCall call = authorized(HttpCall.put(uri(key), content));
    call =
        switch (condition) {
          case Condition.Any any -> call;
          // An answer lost on the way would make the second attempt fail by its own first.
          case Condition.Absent absent -> call.withHeader("If-None-Match", "*").repeatable(false);
          case Condition.Matches(String etag) ->
              etag.startsWith(DATE)
                  ? call.withHeader("If-Unmodified-Since", etag.substring(DATE.length()))
                  : call.withHeader("If-Match", etag).repeatable(false);
        };
    transport.send(call).close();
  }

  @Override
  public void upload(String key, Path file, Progress progress) {
    try {
      long size = Files.size(file);
      HttpCall call =
          authorized(HttpCall.put(uri(key), file, size))
              .withHeader("Content-Type", "application/octet-stream");
      transport.send(call).close();
      progress.moved(key, size, size);
    } catch (IOException e) {
      throw new RegistryException(Kind.TRANSIENT, file + " cannot be read: " + e, e);
    }
  }

  @Override
  public void delete(String key) {
    // Not every server that takes PUT takes DELETE; what would be deleted does no harm.
    transport.send(authorized(HttpCall.delete(uri(key))).answering(404, 405, 410, 501)).close();
  }

  private URI uri(String key) {
    String path = root.encodedPath();
    return URI.create(
        root.scheme()
            + "://"
            + root.authority()
            + (path.isEmpty() ? "" : "/" + path)
            + "/"
            + SourceUri.encode(key, "/!$&'()*+,;=:@"));
  }

  private HttpCall authorized(HttpCall call) {
    Optional<String> token = settings.credential("token");
    if (token.isPresent()) {
      return call.withBearer(token.get());
    }
    Optional<String> username = settings.credential("username");
    return username.isEmpty()
        ? call
        : call.withBasic(username.get(), settings.credential("password").orElse(""));
  }

  @Override
  public void close() {
    transport.close();
  }
}
