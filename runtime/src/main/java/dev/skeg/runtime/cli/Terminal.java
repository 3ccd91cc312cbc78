package dev.skeg.runtime.cli;

import java.io.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Whether somebody watches what the process prints. */
final class Terminal {
  private static final Path STANDARD_ERROR = Path.of("/proc/self/fd/2");

  private Terminal() {}

  /** Returns whether standard error is a terminal. */
  static boolean isStandardError() {
    try {
      String target = Files.readSymbolicLink(STANDARD_ERROR).toString();
      return target.matches("/dev/(pts/.*|tty.*|console)");
    } catch (IOException | UnsupportedOperationException e) {
      // Without Linux's file, the JDK tells it of standard input and output.
      return Optional.ofNullable(System.console()).stream().anyMatch(Console::isTerminal);
    }
  }
}
