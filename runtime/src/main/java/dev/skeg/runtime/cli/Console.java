package dev.skeg.runtime.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Map;

/**
 * What a command sees of the process.
 *
 * @param out data
 * @param err causes, remedies and warnings
 * @param environment variables
 */
record Console(PrintWriter out, PrintWriter err, Map<String, String> environment) {
  static final int OK = 0;
  static final int FAILURE = 1;
  static final int BAD_USAGE = 2;

  /** Prints what went wrong, each problem on a line of its own. */
  void problems(List<String> problems) {
    problems.forEach(this::problem);
  }

  void problem(String problem) {
    err.println("skeg: " + problem);
    err.flush();
  }
}
