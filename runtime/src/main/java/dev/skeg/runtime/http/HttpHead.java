package dev.skeg.runtime.http;

import dev.skeg.runtime.model.Text;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a request's head says, alike in every version of HTTP.
 *
 * @param route null if it is refused
 * @param requestId to be sent back; null if the client sent none
 * @param bodyCoding the compression of the request's body
 * @param acceptedCoding the compression that the client wants of the answer
 * @param contentLength -1 if it is not announced
 * @param expectsContinue whether the client waits to be asked for the body
 * @param isHead whether only the answer's head is wanted
 * @param refusal why the request is refused, whatever its body; null if it is not
 */
record HttpHead(
    HttpHeaders headers,
    @Nullable Route route,
    @Nullable String requestId,
    ContentCoding bodyCoding,
    ContentCoding acceptedCoding,
    long contentLength,
    boolean expectsContinue,
    boolean isHead,
    @Nullable HttpError refusal) {

  static final String REQUEST_ID = "x-request-id";

  private static final int MAX_REQUEST_ID = 128;

  /** Returns the head of what could not be understood as a request. */
  static HttpHead malformed(HttpError refusal) {
    return new HttpHead(
        EmptyHttpHeaders.INSTANCE,
        null,
        null,
        ContentCoding.IDENTITY,
        ContentCoding.IDENTITY,
        -1,
        false,
        false,
        refusal);
  }

  /**
   * Reads a head.
   *
   * @param contentLength -1 if it is not announced
   */
  static HttpHead read(
      HttpMethod method,
      String target,
      HttpHeaders headers,
      long contentLength,
      RecentRoute routes) {
    @Nullable HttpError refusal = null;
    @Nullable Route route = null;
    @Nullable String id = null;
    ContentCoding bodyCoding = ContentCoding.IDENTITY;
    boolean expectsContinue = false;
    try {
      id = requestId(headers);
      expectsContinue = expectsContinue(headers);
      route = routes.of(target);
      checkMethod(route, method);
      if (headers.contains(HttpHeaderNames.CONTENT_ENCODING)) {
        bodyCoding = ContentCoding.ofRequest(headers.getAll(HttpHeaderNames.CONTENT_ENCODING));
      }
    } catch (HttpError error) {
      refusal = error;
    }
    ContentCoding acceptedCoding =
        headers.contains(HttpHeaderNames.ACCEPT_ENCODING)
            ? ContentCoding.ofResponse(headers.getAll(HttpHeaderNames.ACCEPT_ENCODING))
            : ContentCoding.IDENTITY;
    return new HttpHead(
        headers,
        route,
        id,
        bodyCoding,
        acceptedCoding,
        contentLength,
        expectsContinue,
        method.equals(HttpMethod.HEAD),
        refusal);
  }

  private static @Nullable String requestId(HttpHeaders headers) {
    String id = headers.get(REQUEST_ID);
    if (id == null) {
      return null;
    }
    boolean valid = !id.isEmpty() && id.length() <= MAX_REQUEST_ID;
    for (int i = 0; i < id.length() && valid; i++) {
      valid = id.charAt(i) > ' ' && id.charAt(i) < 0x7f;
    }
    if (!valid) {
      throw HttpError.badRequest(
          "header X-Request-Id: '"
              + Text.excerpt(id)
              + "' (expected: 1 to "
              + MAX_REQUEST_ID
              + " visible ASCII characters)");
    }
    return id;
  }

  private static boolean expectsContinue(HttpHeaders headers) {
    List<String> expectations =
        headers.contains(HttpHeaderNames.EXPECT)
            ? headers.getAll(HttpHeaderNames.EXPECT)
            : List.of();
    for (String expectation : expectations) {
      if (!expectation.strip().equalsIgnoreCase(HttpHeaderValues.CONTINUE.toString())) {
        throw new HttpError(
            HttpResponseStatus.EXPECTATION_FAILED,
            "header Expect: '" + Text.excerpt(expectation) + "' (expected: 100-continue)");
      }
    }
    return !expectations.isEmpty();
  }

  private static void checkMethod(Route route, HttpMethod method) {
    if (route instanceof Route.Unsupported) {
      return;
    }
    boolean get = method.equals(HttpMethod.GET) || method.equals(HttpMethod.HEAD);
    boolean allowed = route.isPost() ? method.equals(HttpMethod.POST) : get;
    if (!allowed) {
      String expected = route.isPost() ? "POST" : "GET, HEAD";
      throw new HttpError(
          HttpResponseStatus.METHOD_NOT_ALLOWED,
          "Method Not Allowed: " + Text.excerpt(method.name()) + " (expected: " + expected + ")",
          HttpHeaderNames.ALLOW,
          expected);
    }
  }
}
