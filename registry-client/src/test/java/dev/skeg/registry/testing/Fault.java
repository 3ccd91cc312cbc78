package dev.skeg.registry.testing;

import java.util.Map;
import java.util.concurrent.CountDownLatch;

/** What goes wrong with one answer of a {@link FaultyServer}. */
public sealed interface Fault {
  /** Nothing: for answers in a script that are to be sound. */
  record None() implements Fault {}

  /** The connection ends in an orderly way after so many bytes of the body. */
  record Truncate(int afterBytes) implements Fault {}

  /** The connection is reset after so many bytes of the body. */
  record Reset(int afterBytes) implements Fault {}

  /** Nothing more comes after so many bytes of the body, until the client gives up. */
  record Stall(int afterBytes) implements Fault {}

  /** The body goes on after so many bytes when the latch opens. */
  record Wait(int afterBytes, CountDownLatch until) implements Fault {}

  /** One byte of the body is another. */
  record Corrupt(int index) implements Fault {}

  /** Another answer comes instead. */
  record Status(int code, Map<String, String> headers) implements Fault {
    public Status {
      headers = Map.copyOf(headers);
    }
  }

  static Fault status(int code) {
    return new Status(code, Map.of());
  }
}
