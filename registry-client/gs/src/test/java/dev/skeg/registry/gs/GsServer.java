package dev.skeg.registry.gs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skeg.registry.testing.Exchange;
import dev.skeg.registry.testing.Exchange.Answer;
import dev.skeg.registry.testing.Exchange.Request;
import dev.skeg.registry.testing.FaultyServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The part of Google Cloud Storage's JSON interface that a source uses, in memory: media downloads
 * with ranges and generations, listings in pages, multipart and resumable uploads, preconditions,
 * errors in Google's words. Buckets are {@code models} and {@code versioned}, which keeps what is
 * replaced or deleted.
 *
 * <p><b>Threads.</b> One request at a time.
 */
public final class GsServer implements Exchange.Handler, AutoCloseable {
  /** Who bears it is let in. */
  public static final String TOKEN = "ya29.test";

  private static final Pattern OBJECT =
      Pattern.compile("(?:/download)?/storage/v1/b/([^/?]+)/o/([^?]+)(?:\\?(.*))?");
  private static final Pattern LIST = Pattern.compile("/storage/v1/b/([^/?]+)/o(?:\\?(.*))?");
  private static final Pattern UPLOAD = Pattern.compile("/upload/storage/v1/b/([^/?]+)/o\\?(.*)");
  private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-");
  private static final Pattern CONTENT_RANGE =
      Pattern.compile("bytes (?:(\\d+)-(\\d+)|\\*)/(\\d+|\\*)");
  private static final Set<String> BUCKETS = Set.of("models", "versioned");
  private static final ObjectMapper JSON = new ObjectMapper();

  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  private record Stored(long generation, byte[] bytes) {}

  /** An upload in chunks. */
  private record Session(String bucket, Map<String, String> query, ByteArrayOutputStream bytes) {}

  private final Map<String, Stored> live = new TreeMap<>();
  private final Map<String, Stored> kept = new HashMap<>();
  private final Map<String, Session> sessions = new HashMap<>();
  private final FaultyServer server;
  private long generation = 1_700_000_000_000_000L;

  /** Starts one. */
  public GsServer() throws IOException {
    this.server = FaultyServer.start(this);
  }

  /** Returns its URL, without a slash at the end. */
  public URI uri() {
    return server.uri("");
  }

  @Override
  public synchronized Answer handle(Request request) throws IOException {
    if (!request.header("Authorization").equals("Bearer " + TOKEN)) {
      return error(401, "Invalid Credentials", "authError");
    }
    Matcher object = OBJECT.matcher(request.path());
    Matcher list = LIST.matcher(request.path());
    Matcher upload = UPLOAD.matcher(request.path());
    if (object.matches()) {
      String key = object.group(1) + "/" + decode(object.group(2));
      return exists(object.group(1), ofObject(request, key, query(object.group(3))));
    }
    if (list.matches()) {
      return exists(list.group(1), list(list.group(1), query(list.group(2))));
    }
    return upload.matches()
        ? exists(upload.group(1), upload(request, upload.group(1), query(upload.group(2))))
        : error(404, "Not Found", "notFound");
  }

  private static Answer exists(String bucket, Answer answer) {
    return BUCKETS.contains(bucket)
        ? answer
        : error(404, "The specified bucket does not exist.", "notFound");
  }

  private Answer ofObject(Request request, String key, Map<String, String> query) {
    Stored stored =
        query.containsKey("generation")
            ? kept.get(key + "#" + query.get("generation"))
            : live.get(key);
    if (stored == null) {
      return error(404, "No such object: " + key, "notFound");
    }
    if (!holds(query, "ifGenerationMatch", stored, true)) {
      return unmet();
    }
    if (!holds(query, "ifGenerationNotMatch", stored, false)) {
      return Answer.of(304);
    }
    if (request.method().equals("DELETE")) {
      live.remove(key);
      return Answer.of(204);
    }
    Answer whole =
        new Answer(
            200,
            Map.of(
                "x-goog-generation",
                Long.toString(stored.generation()),
                "Content-Type",
                "application/octet-stream"),
            stored.bytes());
    Matcher range = RANGE.matcher(request.header("Range"));
    if (!range.matches()) {
      return whole;
    }
    int from = Integer.parseInt(range.group(1));
    int size = stored.bytes().length;
    return from >= size
        ? error(416, "Requested range not satisfiable", "requestedRangeNotSatisfiable")
        : new Answer(206, whole.headers(), Arrays.copyOfRange(stored.bytes(), from, size))
            .with("Content-Range", "bytes " + from + "-" + (size - 1) + "/" + size);
  }

  private static boolean holds(
      Map<String, String> query, String name, @Nullable Stored stored, boolean equal) {
    String wanted = query.get(name);
    long there = stored == null ? 0 : stored.generation();
    return wanted == null || (Long.parseLong(wanted) == there) == equal;
  }

  private Answer list(String bucket, Map<String, String> query) throws IOException {
    String prefix = bucket + "/" + query.getOrDefault("prefix", "");
    String delimiter = query.getOrDefault("delimiter", "");
    Map<String, Stored> found = new TreeMap<>();
    TreeSet<String> prefixes = new TreeSet<>();
    live.forEach((key, stored) -> {
      if (key.startsWith(prefix)) {
        int end = delimiter.isEmpty() ? -1 : key.indexOf(delimiter, prefix.length());
        if (end >= 0) {
          prefixes.add(key.substring(0, end + 1));
        } else {
          found.put(key, stored);
        }
      }
    });
    TreeSet<String> names = new TreeSet<>(found.keySet());
    names.addAll(prefixes);
    int left = Integer.parseInt(query.getOrDefault("maxResults", "1000"));
    ObjectNode answer = JSON.createObjectNode().put("kind", "storage#objects");
    ArrayNode items = JSON.createArrayNode();
    ArrayNode directories = JSON.createArrayNode();
    for (String name : names.tailSet(query.getOrDefault("pageToken", ""), false)) {
      if (left-- == 0) {
        // The token is the last name that was told.
        answer.put("nextPageToken", names.lower(name));
        break;
      }
      String shown = name.substring(bucket.length() + 1);
      Stored stored = found.get(name);
      if (stored == null) {
        directories.add(shown);
      } else {
        items
            .addObject()
            .put("name", shown)
            .put("size", Integer.toString(stored.bytes().length))
            .put("generation", Long.toString(stored.generation()));
      }
    }
    if (!items.isEmpty()) {
      answer.set("items", items);
    }
    if (!directories.isEmpty()) {
      answer.set("prefixes", directories);
    }
    return json(200, answer);
  }

  private Answer upload(Request request, String bucket, Map<String, String> query)
      throws IOException {
    Session session = sessions.get(query.getOrDefault("upload_id", ""));
    if (session != null) {
      return chunk(request, session);
    }
    if (query.getOrDefault("uploadType", "").equals("resumable")) {
      String id = "session-" + sessions.size();
      sessions.put(id, new Session(bucket, query, new ByteArrayOutputStream()));
      return Answer.of(200).with("Location", server.uri(request.path() + "&upload_id=" + id) + "");
    }
    return store(bucket, query, request.body(), request.header("Content-Type"));
  }

  private Answer chunk(Request request, Session session) throws IOException {
    Matcher range = CONTENT_RANGE.matcher(request.header("Content-Range"));
    if (!range.matches()) {
      return error(400, "no Content-Range", "invalid");
    }
    if (range.group(1) != null) {
      if (Integer.parseInt(range.group(1)) != session.bytes().size()) {
        return error(503, "wrong offset", "backendError");
      }
      session.bytes().write(request.body());
    }
    int have = session.bytes().size();
    if (range.group(3).equals(Integer.toString(have))) {
      String name = session.query().getOrDefault("name", "");
      return put(session.bucket() + "/" + name, session.query(), session.bytes().toByteArray());
    }
    Answer more = Answer.of(308);
    return have == 0 ? more : more.with("Range", "bytes=0-" + (have - 1));
  }

  /** Takes a body of two parts: what the object is, and its bytes. */
  private Answer store(String bucket, Map<String, String> query, byte[] body, String type)
      throws IOException {
    String boundary = type.replaceAll(".*boundary=\"?([^\";]+).*", "$1");
    String text = new String(body, StandardCharsets.ISO_8859_1);
    String[] parts = text.split("--" + Pattern.quote(boundary) + "(?:--)?(?:\r\n|$)", -1);
    JsonNode object = JSON.readTree(content(parts[1]));
    String key = bucket + "/" + object.path("name").asText(query.get("name"));
    return put(key, query, content(parts[2]).getBytes(StandardCharsets.ISO_8859_1));
  }

  private static String content(String part) {
    int start = part.indexOf("\r\n\r\n") + 4;
    return part.substring(start, part.length() - 2);
  }

  private Answer put(String key, Map<String, String> query, byte[] bytes) throws IOException {
    if (!holds(query, "ifGenerationMatch", live.get(key), true)) {
      return unmet();
    }
    Stored stored = new Stored(++generation, bytes);
    live.put(key, stored);
    if (key.startsWith("versioned/")) {
      kept.put(key + "#" + generation, stored);
    }
    return json(200, JSON.createObjectNode().put("generation", Long.toString(generation)));
  }

  private static Answer unmet() {
    return error(
        412, "At least one of the pre-conditions you specified did not hold.", "conditionNotMet");
  }

  private static Answer error(int code, String message, String reason) {
    ObjectNode error = JSON.createObjectNode();
    error.putObject("error").put("code", code).put("message", message);
    error
        .withObject("/error")
        .putArray("errors")
        .addObject()
        .put("message", message)
        .put("domain", "global")
        .put("reason", reason);
    try {
      return json(code, error);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Answer json(int status, ObjectNode body) throws IOException {
    return new Answer(
        status,
        Map.of("Content-Type", "application/json; charset=UTF-8"),
        JSON.writeValueAsBytes(body));
  }

  private static Map<String, String> query(@Nullable String text) {
    Map<String, String> query = new HashMap<>();
    if (text != null) {
      for (String pair : text.split("&", -1)) {
        int equals = pair.indexOf('=');
        query.put(decode(pair.substring(0, equals)), decode(pair.substring(equals + 1)));
      }
    }
    return query;
  }

  private static String decode(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    server.close();
  }
}
