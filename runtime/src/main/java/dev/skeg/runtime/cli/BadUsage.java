package dev.skeg.runtime.cli;

/** The command line cannot be meant as it stands; the message says what would do. */
final class BadUsage extends RuntimeException {
  BadUsage(String message) {
    super(message);
  }
}
