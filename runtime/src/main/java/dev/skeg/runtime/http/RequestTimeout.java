package dev.skeg.runtime.http;

import dev.skeg.runtime.model.Text;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The header by which a client says how long it waits for an answer: {@code 250ms}, {@code 2s}. */
final class RequestTimeout {
  static final String HEADER = "x-request-timeout";

  private static final int MAX_DIGITS = 9;

  private RequestTimeout() {}

  /**
   * Returns the nanoseconds that the client waits; 0 if it does not say.
   *
   * @throws HttpError 400 if the header is not a number and a unit
   */
  static long nanos(HttpHeaders headers) {
    if (!headers.contains(HEADER)) {
      return 0;
    }
    List<String> values = headers.getAll(HEADER);
    String text = values.getFirst().strip();
    int digits = 0;
    while (digits < text.length() && text.charAt(digits) >= '0' && text.charAt(digits) <= '9') {
      digits++;
    }
    TimeUnit unit =
        switch (text.substring(digits)) {
          case "us" -> TimeUnit.MICROSECONDS;
          case "ms" -> TimeUnit.MILLISECONDS;
          case "s" -> TimeUnit.SECONDS;
          case "m" -> TimeUnit.MINUTES;
          default -> null;
        };
    if (values.size() == 1 && digits > 0 && digits <= MAX_DIGITS && unit != null) {
      long nanos = unit.toNanos(Long.parseLong(text.substring(0, digits)));
      if (nanos > 0) {
        return nanos;
      }
    }
    throw HttpError.badRequest(
        "header X-Request-Timeout: '"
            + Text.excerpt(String.join(", ", values))
            + "' (expected: a number from 1 to 999999999 and a unit, as 250ms, 2s, 500us or 1m)");
  }
}
