package dev.skeg.runtime.grpc;

import dev.skeg.runtime.model.StageTimings;
import io.netty.util.AsciiString;

/**
 * Where an answer's time went, as trailing metadata in the syntax of HTTP's {@code Server-Timing}:
 * milliseconds, to the microsecond. Sent where the request's metadata has {@code skeg-timing:
 * true}.
 */
final class ServerTiming {
  static final AsciiString REQUESTED = AsciiString.cached("skeg-timing");
  static final AsciiString TRAILER = AsciiString.cached("server-timing");

  private ServerTiming() {}

  /**
   * @param totalNanos from received to now
   */
  static String format(StageTimings timings, long totalNanos) {
    StringBuilder text = new StringBuilder(64);
    append(text, "queue", timings.queueNanos());
    append(
        text.append(", "),
        "compute",
        timings.inputNanos() + timings.inferNanos() + timings.outputNanos());
    append(text.append(", "), "total", totalNanos);
    return text.toString();
  }

  private static void append(StringBuilder text, String name, long nanos) {
    long micros = nanos / 1000;
    text.append(name).append(";dur=").append(micros / 1000).append('.');
    long fraction = micros % 1000;
    text.append(fraction / 100).append(fraction / 10 % 10).append(fraction % 10);
  }
}
