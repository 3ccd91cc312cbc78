package dev.skeg.registry.testing;

import dev.skeg.registry.Digests;
import dev.skeg.registry.testing.Exchange.Answer;
import dev.skeg.registry.testing.Exchange.Request;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A web server's objects in memory: GET, HEAD, PUT and DELETE with ETag, conditions and Range. */
public final class Objects implements Exchange.Handler {
  private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-");

  private final ConcurrentSkipListMap<String, byte[]> objects = new ConcurrentSkipListMap<>();

  public void put(String path, byte[] content) {
    objects.put(path, content);
  }

  public byte[] get(String path) {
    return objects.getOrDefault(path, new byte[0]);
  }

  public Set<String> paths() {
    return objects.keySet();
  }

  private static String etag(byte[] content) {
    return "\"" + Digests.sha256Hex(content).substring(0, 16) + "\"";
  }

  @Override
  public synchronized Answer handle(Request request) {
    String path = request.path();
    byte[] content = objects.get(path);
    return switch (request.method()) {
      case "GET", "HEAD" -> content == null ? Answer.of(404) : read(request, content);
      case "PUT" -> write(request, path, content);
      case "DELETE" -> Answer.of(objects.remove(path) == null ? 404 : 204);
      default -> Answer.of(405);
    };
  }

  private static Answer read(Request request, byte[] content) {
    String etag = etag(content);
    Map<String, String> headers = Map.of("ETag", etag);
    if (request.header("If-None-Match").equals(etag)) {
      return new Answer(304, headers, new byte[0]);
    }
    Matcher range = RANGE.matcher(request.header("Range"));
    String ifRange = request.header("If-Range");
    if (range.matches() && (ifRange.isEmpty() || ifRange.equals(etag))) {
      int from = Integer.parseInt(range.group(1));
      if (from >= content.length) {
        return Answer.of(416).with("Content-Range", "bytes */" + content.length);
      }
      return new Answer(206, headers, Arrays.copyOfRange(content, from, content.length))
          .with(
              "Content-Range", "bytes " + from + "-" + (content.length - 1) + "/" + content.length);
    }
    return new Answer(200, headers, content);
  }

  private Answer write(Request request, String path, byte @Nullable [] old) {
    String match = request.header("If-Match");
    if ((request.header("If-None-Match").equals("*") && old != null)
        || (!match.isEmpty() && (old == null || !match.equals(etag(old))))) {
      return Answer.of(412);
    }
    objects.put(path, request.body());
    return new Answer(old == null ? 201 : 204, Map.of("ETag", etag(request.body())), new byte[0]);
  }
}
