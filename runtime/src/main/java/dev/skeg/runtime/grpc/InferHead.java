package dev.skeg.runtime.grpc;

import dev.skeg.runtime.model.Text;
import io.grpc.Status;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What the head of a call of {@code ModelInfer} says.
 *
 * @param encoding of the message, if it is compressed; {@code identity} for none
 * @param answerEncoding what the answer is to be compressed with; {@code identity} for not at all
 * @param isTimed whether the client wants to know where the time went
 * @param deadlineNanos of {@link System#nanoTime()}, after which nobody waits for the answer
 * @param hasDeadline whether there is one
 */
record InferHead(
    String encoding,
    String answerEncoding,
    boolean isTimed,
    long deadlineNanos,
    boolean hasDeadline) {
  static final String IDENTITY = "identity";

  /** Of a call that says nothing but what it has to. */
  static final InferHead PLAIN = new InferHead(IDENTITY, IDENTITY, false, 0, false);

  private static final AsciiString PATH =
      AsciiString.cached("/inference.GRPCInferenceService/ModelInfer");
  private static final AsciiString POST = AsciiString.cached("POST");
  private static final AsciiString GRPC = AsciiString.cached("application/grpc");
  private static final AsciiString CONTENT_TYPE = AsciiString.cached("content-type");
  private static final AsciiString CONNECTION = AsciiString.cached("connection");
  private static final AsciiString ENCODING = AsciiString.cached("grpc-encoding");
  private static final AsciiString ACCEPT = AsciiString.cached("grpc-accept-encoding");
  private static final AsciiString TIMEOUT = AsciiString.cached("grpc-timeout");
  private static final AsciiString TRUE = AsciiString.cached("true");
  private static final int MAX_TIMEOUT_DIGITS = 8;

  /**
   * Reads a head.
   *
   * @return null if it is not that of a call of {@code ModelInfer}, or of none that can be served:
   *     gRPC-Java says then what is wrong
   */
  static @Nullable InferHead read(Http2Headers headers) {
    if (!is(PATH, headers.path())
        || !is(POST, headers.method())
        || !isGrpc(headers.get(CONTENT_TYPE))
        || headers.contains(CONNECTION)) {
      return null;
    }
    CharSequence encoded = headers.get(ENCODING);
    CharSequence timeout = headers.get(TIMEOUT);
    CharSequence timing = headers.get(ServerTiming.REQUESTED);
    if (encoded == null && timeout == null && timing == null) {
      return PLAIN;
    }
    String encoding = encoded == null ? IDENTITY : encoded.toString();
    long timeoutNanos = timeout == null ? 0 : timeoutNanos(timeout);
    if (!Codecs.isKnown(encoding) || timeoutNanos < 0) {
      return null;
    }
    return new InferHead(
        encoding,
        accepts(headers.get(ACCEPT), encoding) ? encoding : IDENTITY,
        is(TRUE, timing),
        timeout == null ? 0 : System.nanoTime() + timeoutNanos,
        timeout != null);
  }

  /**
   * Says why a call cannot be served, of whatever method, that gRPC-Java would end without a word:
   * its {@code grpc-timeout} is none.
   *
   * @return null if that is not the matter
   */
  static @Nullable Status problem(Http2Headers headers) {
    CharSequence timeout = headers.get(TIMEOUT);
    if (timeout == null
        || timeoutNanos(timeout) >= 0
        || !is(POST, headers.method())
        || !isGrpc(headers.get(CONTENT_TYPE))) {
      return null;
    }
    return Status.INVALID_ARGUMENT.withDescription(
        "grpc-timeout: '"
            + Text.excerpt(timeout.toString())
            + "' (expected: 1 to "
            + MAX_TIMEOUT_DIGITS
            + " digits and a unit of H, M, S, m, u or n, as 250m)");
  }

  private static boolean is(AsciiString wanted, @Nullable CharSequence text) {
    return text != null && wanted.contentEquals(text);
  }

  /** Returns whether it is {@code application/grpc}, alone or with what follows it. */
  private static boolean isGrpc(@Nullable CharSequence type) {
    if (type == null || type.length() < GRPC.length()) {
      return false;
    }
    if (type.length() > GRPC.length()) {
      char next = type.charAt(GRPC.length());
      if (next != '+' && next != ';') {
        return false;
      }
    }
    return AsciiString.regionMatches(GRPC, true, 0, type, 0, GRPC.length());
  }

  private static boolean accepts(@Nullable CharSequence accepted, String encoding) {
    if (accepted == null) {
      return false;
    }
    for (String each : accepted.toString().split(",", -1)) {
      if (each.trim().equals(encoding)) {
        return true;
      }
    }
    return false;
  }

  /** Reads up to eight digits and a unit, as the protocol has it; -1 if it is something else. */
  private static long timeoutNanos(CharSequence text) {
    int digits = text.length() - 1;
    if (digits < 1 || digits > MAX_TIMEOUT_DIGITS) {
      return -1;
    }
    long value = 0;
    for (int i = 0; i < digits; i++) {
      char digit = text.charAt(i);
      if (digit < '0' || digit > '9') {
        return -1;
      }
      value = 10 * value + (digit - '0');
    }
    return switch (text.charAt(digits)) {
      case 'H' -> TimeUnit.HOURS.toNanos(value);
      case 'M' -> TimeUnit.MINUTES.toNanos(value);
      case 'S' -> TimeUnit.SECONDS.toNanos(value);
      case 'm' -> TimeUnit.MILLISECONDS.toNanos(value);
      case 'u' -> TimeUnit.MICROSECONDS.toNanos(value);
      case 'n' -> value;
      default -> -1;
    };
  }

  /** Returns what is left at that time, 1 at the least; 0 if there is no deadline. */
  long timeoutNanosFrom(long nowNanos) {
    return hasDeadline ? Math.max(1, deadlineNanos - nowNanos) : 0;
  }
}
