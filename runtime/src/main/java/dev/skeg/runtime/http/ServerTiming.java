package dev.skeg.runtime.http;

import dev.skeg.runtime.model.StageTimings;

/**
 * Where an answer's time went, as the header {@code Server-Timing} has it: milliseconds, to the
 * microsecond.
 */
final class ServerTiming {
  static final String HEADER = "server-timing";

  private ServerTiming() {}

  /**
   * @param totalNanos from the request's last byte to now
   */
  static String format(StageTimings timings, long totalNanos) {
    StringBuilder text = new StringBuilder(128);
    append(text, "queue", timings.queueNanos());
    append(text.append(", "), "input", timings.inputNanos());
    append(text.append(", "), "infer", timings.inferNanos());
    append(text.append(", "), "output", timings.outputNanos());
    append(
        text.append(", "),
        "compute",
        timings.inputNanos() + timings.inferNanos() + timings.outputNanos());
    append(text.append(", "), "total", totalNanos);
    return text.toString();
  }

  private static void append(StringBuilder text, String name, long nanos) {
    long micros = Math.max(0, nanos) / 1000;
    text.append(name).append(";dur=").append(micros / 1000).append('.');
    long fraction = micros % 1000;
    text.append(fraction / 100).append(fraction / 10 % 10).append(fraction % 10);
  }
}
