package dev.skeg.runtime.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skeg.monitor.baseline.Baseline;
import dev.skeg.monitor.baseline.BaselineBuilder;
import dev.skeg.monitor.baseline.BaselineFile;
import dev.skeg.monitor.baseline.BaselineOptions;
import dev.skeg.monitor.baseline.BuiltBaseline;
import dev.skeg.monitor.baseline.Schema;
import dev.skeg.monitor.data.DataException;
import dev.skeg.monitor.data.Projection.As;
import dev.skeg.monitor.data.Projection.Wanted;
import dev.skeg.runtime.telemetry.Logs;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** {@code skeg baseline}: writes what a model's training data look like. */
final class BaselineCommand implements Command {
  private final Console console;
  private final Duration tick;
  private final boolean isTerminal;

  /**
   * @param tick how long it may take before progress is shown
   * @param isTerminal whether somebody watches
   */
  BaselineCommand(Console console, Duration tick, boolean isTerminal) {
    this.console = console;
    this.tick = tick;
    this.isTerminal = isTerminal;
  }

  @Override
  public String name() {
    return "baseline";
  }

  @Override
  public CommandSpec spec() {
    CommandSpec spec = CommandSpec.create();
    BaselineArguments.add(spec);
    LiveBaselineAction.add(spec);
    spec.addOption(
        OptionSpec.builder("--json").description("Prints what was found as JSON.").build());
    spec.usageMessage()
        .description(
            "Writes what a model's training data look like, for the monitor to compare serving"
                + " with.",
            "The data may be larger than memory; they are read twice.")
        .footer(
            "",
            "Example:",
            "  skeg baseline --data train.csv --label y --out models/fraud/1/baseline.json",
            "  skeg baseline --from-live fraud --since 7d --out models/fraud/1/baseline.json");
    return spec;
  }

  @Override
  public int run(ParseResult arguments) {
    // What libraries log would stand between our lines; a failure says what matters of it.
    Logs.configure("error", false);
    Path out =
        BaselineArguments.path("--out", arguments.matchedOptionValue("--out", "baseline.json"));
    if (LiveBaselineAction.isAskedFor(arguments)) {
      return new LiveBaselineAction(console).run(arguments, out);
    }
    List<Path> data = BaselineArguments.data(arguments);
    BuiltBaseline built;
    double seconds;
    try (BuildTicker ticker = new BuildTicker(console, tick, isTerminal)) {
      built = BaselineBuilder.build(data, options(arguments), ticker);
      BaselineFile.write(out, built.baseline());
      seconds = ticker.elapsed().toMillis() / 1e3;
    } catch (DataException e) {
      console.problem(e.getMessage() + e.wanted().map(BaselineCommand::remedy).orElse(""));
      return Console.FAILURE;
    } catch (IOException e) {
      console.problem(out + " cannot be written: " + e);
      return Console.FAILURE;
    }
    if (arguments.hasMatchedOption("--json")) {
      console.out().println(json(out, built, seconds).toPrettyString());
    } else {
      print(out, built, seconds);
    }
    return Console.OK;
  }

  private static BaselineOptions options(ParseResult arguments) {
    try {
      return BaselineArguments.options(arguments);
    } catch (IllegalArgumentException e) {
      throw new BadUsage("--" + e.getMessage());
    }
  }

  private static String remedy(Wanted column) {
    String another =
        column.as() == As.TIME
            ? "; if these are not the rows' times: --timestamp COLUMN or --exclude "
            : "; its first rows are mostly numbers; if these are names: --categorical ";
    return another + column.name() + "; to count such values as missing: --on-bad-value missing";
  }

  private void print(Path out, BuiltBaseline built, double seconds) {
    built.notes().forEach(note -> console.problem("note: " + note));
    Baseline baseline = built.baseline();
    List<Schema.Column> columns = built.schema().columns();
    Table table =
        new Table(
            console.out(),
            List.of("COLUMN", "HOLDS", "USED AS"),
            columns.stream().map(Schema.Column::name).toList());
    for (Schema.Column column : columns) {
      table.row(column.name(), column.type().name().toLowerCase(Locale.ROOT), column.use());
    }
    console
        .out()
        .println(
            String.format(
                Locale.ROOT,
                "wrote %s: %,d rows, %d features, %d outputs%s; %.1f s, %,.0f rows/s",
                out,
                baseline.rows(),
                baseline.inputs().size(),
                baseline.outputs().size(),
                span(baseline),
                seconds,
                baseline.rows() / Math.max(1e-3, seconds)));
  }

  /** Returns from when to when a baseline's rows are, to stand behind other words. */
  static String span(Baseline baseline) {
    return baseline
        .span()
        .map(window -> ", " + day(window.startMillis()) + " to " + day(window.endMillis() - 1))
        .orElse("");
  }

  private static String day(long millis) {
    return Instant.ofEpochMilli(millis).truncatedTo(ChronoUnit.SECONDS).toString();
  }

  private static ObjectNode json(Path out, BuiltBaseline built, double seconds) {
    Baseline baseline = built.baseline();
    ObjectNode json = new ObjectMapper().createObjectNode();
    json.put("out", out.toString());
    json.put("rows", baseline.rows());
    baseline
        .span()
        .ifPresent(span -> {
          json.put("start", Instant.ofEpochMilli(span.startMillis()).toString());
          json.put("end", Instant.ofEpochMilli(span.endMillis()).toString());
        });
    json.put("seconds", seconds);
    ArrayNode columns = json.putArray("columns");
    for (Schema.Column column : built.schema().columns()) {
      columns
          .addObject()
          .put("name", column.name())
          .put("holds", column.type().name().toLowerCase(Locale.ROOT))
          .put("use", column.use())
          .put("used", column.isUsed());
    }
    ArrayNode notes = json.putArray("notes");
    built.notes().forEach(notes::add);
    return json;
  }
}
