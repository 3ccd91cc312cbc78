package dev.skeg.registry.transport;

import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import org.jspecify.annotations.Nullable;

/** What statuses and broken connections mean, whichever client met them. */
public final class HttpFailures {
  private HttpFailures() {}

  /**
   * Returns the failure that a status amounts to: 401 and 403 DENIED, 404 and 410 NOT_FOUND, 409
   * and 412 CONFLICT, all else TRANSIENT; worth another attempt after 408, 425, 429, 500, 502, 503
   * and 504.
   *
   * @param call names the request, without its query and headers
   * @param code the server's own word for it; may be empty
   * @param retryAfter value of that header; may be empty
   */
  public static Attempts.Failed ofStatus(String call, int status, String code, String retryAfter) {
    Kind kind =
        switch (status) {
          case 401, 403, 407 -> Kind.DENIED;
          case 404, 410 -> Kind.NOT_FOUND;
          case 409, 412 -> Kind.CONFLICT;
          default -> Kind.TRANSIENT;
        };
    String hint =
        switch (kind) {
          case DENIED -> " (expected: credentials that may do this)";
          case NOT_FOUND -> " (expected: an existing name)";
          case CONFLICT -> " (expected: nobody else writing)";
          case TRANSIENT, INVALID -> "";
        };
    String answer = " answered " + status + (code.isEmpty() ? "" : " " + code);
    return new Attempts.Failed(
        new RegistryException(
            kind, call + answer + hint, null, retryAfter(retryAfter, Instant.now())),
        isWorthAnother(status));
  }

  /** Returns the failure that a broken connection amounts to. */
  public static Attempts.Failed ofBroken(String call, IOException cause) {
    String message = cause.getMessage();
    return new Attempts.Failed(
        new RegistryException(
            Kind.TRANSIENT,
            call
                + " failed: "
                + cause.getClass().getSimpleName()
                + (message == null ? "" : ": " + message),
            cause),
        true);
  }

  private static boolean isWorthAnother(int status) {
    return switch (status) {
      case 408, 425, 429, 500, 502, 503, 504 -> true;
      default -> false;
    };
  }

  private static @Nullable Duration retryAfter(String value, Instant now) {
    if (value.matches("\\d{1,9}")) {
      return Duration.ofSeconds(Long.parseLong(value));
    }
    try {
      Instant then = DateTimeFormatter.RFC_1123_DATE_TIME.parse(value, Instant::from);
      return then.isAfter(now) ? Duration.between(now, then) : Duration.ZERO;
    } catch (DateTimeParseException e) {
      return null;
    }
  }
}
