package dev.skeg.runtime.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** One of the words that may follow {@code skeg}. */
interface Command {
  String name();

  /** Returns its options and its help. */
  CommandSpec spec();

  /**
   * Runs it.
   *
   * @return the exit code
   */
  int run(ParseResult arguments);
}
