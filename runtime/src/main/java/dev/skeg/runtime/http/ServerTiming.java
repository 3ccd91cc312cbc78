package dev.skeg.runtime.http;

import dev.skeg.runtime.model.StageTimings;
import io.netty.util.AsciiString;
import java.util.Arrays;

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
  static CharSequence format(StageTimings timings, long totalNanos) {
    Ascii text = new Ascii();
    append(text, "queue", timings.queueNanos());
    append(text.append(", "), "input", timings.inputNanos());
    append(text.append(", "), "infer", timings.inferNanos());
    append(text.append(", "), "output", timings.outputNanos());
    append(
        text.append(", "),
        "compute",
        timings.inputNanos() + timings.inferNanos() + timings.outputNanos());
    append(text.append(", "), "total", totalNanos);
    return text.done();
  }

  private static void append(Ascii text, String name, long nanos) {
    long micros = Math.max(0, nanos) / 1000;
    text.append(name).append(";dur=").append(micros / 1000).append(".");
    long fraction = micros % 1000;
    text.append(fraction / 100).append(fraction / 10 % 10).append(fraction % 10);
  }

  /** Text that the encoder of headers takes as the bytes that it is. */
  private static final class Ascii {
    private byte[] bytes = new byte[192];
    private int size;

    @SuppressWarnings("deprecation") // Which copies the low bytes of characters: ASCII is that.
    Ascii append(String text) {
      reserve(text.length());
      text.getBytes(0, text.length(), bytes, size);
      size += text.length();
      return this;
    }

    Ascii append(long number) {
      if (number < 0 || number > 9) {
        return append(Long.toString(number));
      }
      reserve(1);
      bytes[size++] = (byte) ('0' + number);
      return this;
    }

    private void reserve(int more) {
      if (size + more > bytes.length) {
        bytes = Arrays.copyOf(bytes, 2 * (size + more));
      }
    }

    AsciiString done() {
      return new AsciiString(bytes, 0, size, false);
    }
  }
}
