package dev.skeg.registry.transport;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * One request. Immutable: each {@code with…} returns another.
 *
 * @param headers without Authorization
 * @param authorization value of that header; empty for none. It is sent to the URI's own host only
 * @param answers statuses beside 2xx that the caller wants to see as a reply, not as a failure
 * @param repeatable whether it may be sent again when nobody knows if it arrived
 */
public record HttpCall(
    String method,
    URI uri,
    Map<String, String> headers,
    String authorization,
    Body body,
    Set<Integer> answers,
    boolean repeatable) {
  /** What a request carries. */
  public sealed interface Body {
    /** Nothing. */
    record None() implements Body {}

    /** These bytes. */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    record Bytes(byte[] bytes) implements Body {}

    /** The content of a file, from {@code offset} on, {@code length} bytes. */
    record FilePart(Path file, long offset, long length) implements Body {}
  }

  public HttpCall {
    TreeMap<String, String> sorted = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    sorted.putAll(headers);
    if (sorted.containsKey("authorization")) {
      throw new IllegalArgumentException("headers: Authorization (expected: as authorization)");
    }
    headers = Collections.unmodifiableMap(sorted);
    answers = Set.copyOf(answers);
  }

  public static HttpCall get(URI uri) {
    return of("GET", uri, new Body.None(), true);
  }

  public static HttpCall head(URI uri) {
    return of("HEAD", uri, new Body.None(), true);
  }

  public static HttpCall delete(URI uri) {
    return of("DELETE", uri, new Body.None(), true);
  }

  public static HttpCall put(URI uri, byte[] body) {
    return of("PUT", uri, new Body.Bytes(body), true);
  }

  public static HttpCall put(URI uri, Path file, long sizeBytes) {
    return of("PUT", uri, new Body.FilePart(file, 0, sizeBytes), true);
  }

  /** A POST is not repeatable unless the caller says so. */
  public static HttpCall post(URI uri, byte[] body) {
    return of("POST", uri, new Body.Bytes(body), false);
  }

  public static HttpCall of(String method, URI uri, Body body, boolean repeatable) {
    return new HttpCall(method, uri, Map.of(), "", body, Set.of(), repeatable);
  }

  public HttpCall withHeader(String name, String value) {
    Map<String, String> more = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    more.putAll(headers);
    more.put(name, value);
    return new HttpCall(method, uri, more, authorization, body, answers, repeatable);
  }

  public HttpCall withAuthorization(String value) {
    return new HttpCall(method, uri, headers, value, body, answers, repeatable);
  }

  public HttpCall withBearer(String token) {
    return withAuthorization("Bearer " + token);
  }

  public HttpCall withBasic(String username, String password) {
    byte[] pair = (username + ":" + password).getBytes(StandardCharsets.UTF_8);
    return withAuthorization("Basic " + Base64.getEncoder().encodeToString(pair));
  }

  /** Adds statuses that are replies. */
  public HttpCall answering(int... statuses) {
    List<Integer> all = new ArrayList<>(answers);
    for (int status : statuses) {
      all.add(status);
    }
    return new HttpCall(method, uri, headers, authorization, body, Set.copyOf(all), repeatable);
  }

  public HttpCall repeatable(boolean value) {
    return new HttpCall(method, uri, headers, authorization, body, answers, value);
  }

  HttpCall redirectedTo(URI target, boolean keepAuthorization) {
    return new HttpCall(
        method, target, headers, keepAuthorization ? authorization : "", body, answers, repeatable);
  }

  /** Returns method, host and path: never the query, which may be a signature. */
  @Override
  public String toString() {
    return method + " " + shown(uri);
  }

  static String shown(URI uri) {
    String authority = uri.getRawAuthority();
    String host = authority == null ? "" : authority.substring(authority.lastIndexOf('@') + 1);
    return uri.getScheme() + "://" + host + uri.getRawPath();
  }
}
