package dev.skeg.runtime.cli;

import dev.skeg.monitor.baseline.Baseline;
import dev.skeg.monitor.baseline.BaselineFile;
import dev.skeg.monitor.baseline.BaselineFileException;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code skeg baseline --from-live}: writes what a running server's traffic looks like. */
final class LiveBaselineAction {
  private static final String FROM_LIVE = "--from-live";

  private final Console console;

  LiveBaselineAction(Console console) {
    this.console = console;
  }

  static void add(CommandSpec spec) {
    BaselineArguments.add(
        spec,
        FROM_LIVE,
        "MODEL",
        "Instead of --data: the windows that a running server has kept of this model.");
    BaselineArguments.add(
        spec,
        "--version",
        "N",
        "With --from-live, of which version. Default: that whose window closed last.");
    BaselineArguments.add(
        spec,
        "--since",
        "TIME",
        "With --from-live, the first window: a time as 2026-11-26T10:00:00Z, or how long ago, as"
            + " 12h or 7d. Default: all that are kept.");
    AdminPort.add(spec);
  }

  /** Returns whether that is what is asked for. */
  static boolean isAskedFor(ParseResult arguments) {
    if (!arguments.hasMatchedOption(FROM_LIVE)) {
      return false;
    }
    if (arguments.hasMatchedOption("--data")) {
      throw new BadUsage("--data and --from-live (expected: one of them)");
    }
    return true;
  }

  int run(ParseResult arguments, Path out) {
    String model = arguments.matchedOptionValue(FROM_LIVE, "");
    AdminPort port = AdminPort.of(arguments, console);
    try {
      String version = arguments.matchedOptionValue("--version", "");
      if (version.isEmpty()) {
        version = port.getJson(AdminPort.modelPath(model, "/monitor")).path("version").asText();
      }
      String since = arguments.matchedOptionValue("--since", "");
      String path = AdminPort.modelPath(model, "/versions/" + version + "/baseline");
      if (!since.isEmpty()) {
        path += "?since=" + URLEncoder.encode(since, StandardCharsets.UTF_8);
      }
      Baseline baseline = BaselineFile.parse(port.name(), port.get(path));
      BaselineFile.write(out, baseline);
      console
          .out()
          .println(
              String.format(
                  Locale.ROOT,
                  "wrote %s: %,d rows of version %s, %d features, %d outputs%s",
                  out,
                  baseline.rows(),
                  version,
                  baseline.inputs().size(),
                  baseline.outputs().size(),
                  BaselineCommand.span(baseline)));
      return Console.OK;
    } catch (AdminPort.Unreachable | BaselineFileException e) {
      console.problem(String.valueOf(e.getMessage()));
    } catch (IOException e) {
      console.problem(out + " cannot be written: " + e);
    }
    return Console.FAILURE;
  }
}
