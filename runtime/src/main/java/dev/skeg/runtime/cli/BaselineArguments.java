package dev.skeg.runtime.cli;

import dev.skeg.monitor.baseline.BaselineOptions;
import dev.skeg.monitor.data.TableOptions;
import dev.skeg.runtime.config.ValueType;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.PatternSyntaxException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** The options of {@code skeg baseline}. */
final class BaselineArguments {
  private static final ValueType<Duration> WINDOW =
      ValueType.duration(Duration.ofSeconds(1), Duration.ofDays(366));

  private BaselineArguments() {}

  static void add(CommandSpec spec) {
    spec.addOption(
        OptionSpec.builder("--data")
            .type(List.class)
            .auxiliaryTypes(String.class)
            .arity("1..*")
            .paramLabel("FILE")
            .description(
                "The training data: CSV, JSON lines or Parquet; text also gzipped. May be several"
                    + " files, or a pattern as 'day-*.csv'.")
            .build());
    add(spec, "--out", "FILE", "Written. Default: baseline.json.");
    add(
        spec,
        "--timestamp",
        "COLUMN",
        "The column with a row's time: ISO 8601, or a number since the epoch. Default: a column"
            + " named like one, as ts or created_at.");
    add(spec, "--features", "COLUMNS", "The inputs, as a,b,c. Default: all that could be one.");
    add(spec, "--categorical", "COLUMNS", "Columns of names that look like numbers.");
    add(spec, "--outputs", "COLUMNS", "Columns with the model's predictions.");
    add(spec, "--label", "COLUMN", "The column that the model is to predict: left out.");
    add(spec, "--exclude", "COLUMNS", "Columns to leave out.");
    add(
        spec,
        "--window",
        "TIME",
        "How long the monitor's windows will be, as 30s, 5m, 1h or 1d. Default: 1h.");
    add(spec, "--delimiter", "CHAR", "Between the fields of CSV; tab for a tab. Default: found.");
    spec.addOption(
        OptionSpec.builder("--no-header")
            .description("The first record of CSV is data; columns are called c0, c1, …")
            .build());
    add(
        spec,
        "--missing",
        "TEXTS",
        "What stands for a missing value beside nothing, as NA,-; of names the usual ones always do."
            + " Default: "
            + String.join(",", TableOptions.USUAL_MISSING)
            + ".");
    add(
        spec,
        "--on-bad-value",
        "fail|missing",
        "What text in a column of numbers or times does: ends the command, or is counted and taken"
            + " for missing. Default: fail.");
    add(spec, "--threads", "N", "Threads that read. Default: one a processor, at most 8.");
  }

  /** Adds an option with one value. */
  static void add(CommandSpec spec, String name, String label, String description) {
    spec.addOption(
        OptionSpec.builder(name)
            .type(String.class)
            .paramLabel(label)
            .description(description)
            .build());
  }

  /** Returns the files to read, those of a pattern by name. */
  static List<Path> data(ParseResult arguments) {
    if (!arguments.hasMatchedOption("--data")) {
      throw new BadUsage(
          "no --data (expected: files with training data, or --from-live MODEL instead)");
    }
    List<Path> files = new ArrayList<>();
    for (String given : arguments.matchedOptionValue("--data", List.<String>of())) {
      Path path = path("--data", given);
      if (Files.exists(path) || !given.matches(".*[*?\\[{].*")) {
        files.add(path);
      } else {
        files.addAll(matching(given, path));
      }
    }
    return files;
  }

  private static List<Path> matching(String given, Path path) {
    Path directory = path.toAbsolutePath().getParent();
    List<Path> found = new ArrayList<>();
    if (directory != null && Files.isDirectory(directory)) {
      try (DirectoryStream<Path> stream =
          Files.newDirectoryStream(directory, String.valueOf(path.getFileName()))) {
        stream.forEach(file -> found.add(path.resolveSibling(String.valueOf(file.getFileName()))));
      } catch (IOException | PatternSyntaxException e) {
        throw new BadUsage("--data: " + given + ": " + e.getMessage());
      }
    }
    if (found.isEmpty()) {
      throw new BadUsage("--data: no file matches " + given);
    }
    found.sort(null);
    return found;
  }

  static Path path(String option, String given) {
    try {
      return Path.of(given);
    } catch (InvalidPathException e) {
      throw new BadUsage(option + ": " + given + " (expected: a file's path)");
    }
  }

  static BaselineOptions options(ParseResult arguments) {
    BaselineOptions standard = BaselineOptions.standard();
    return new BaselineOptions(
        table(arguments),
        text(arguments, "--timestamp"),
        columns(arguments, "--features"),
        columns(arguments, "--outputs"),
        text(arguments, "--label"),
        Set.copyOf(columns(arguments, "--categorical")),
        Set.copyOf(columns(arguments, "--exclude")),
        text(arguments, "--window").map(BaselineArguments::window).orElse(standard.window()),
        text(arguments, "--threads").map(BaselineArguments::threads).orElse(standard.threads()));
  }

  private static TableOptions table(ParseResult arguments) {
    String onBadValue = text(arguments, "--on-bad-value").orElse("fail");
    if (!onBadValue.equals("fail") && !onBadValue.equals("missing")) {
      throw new BadUsage("--on-bad-value: " + onBadValue + " (expected: fail or missing)");
    }
    return new TableOptions(
        text(arguments, "--delimiter").map(BaselineArguments::delimiter),
        !arguments.hasMatchedOption("--no-header"),
        arguments.hasMatchedOption("--missing")
            ? columns(arguments, "--missing")
            : TableOptions.USUAL_MISSING,
        onBadValue.equals("missing"));
  }

  private static Optional<String> text(ParseResult arguments, String option) {
    return Optional.ofNullable(arguments.matchedOptionValue(option, (String) null));
  }

  private static List<String> columns(ParseResult arguments, String option) {
    List<String> names = new ArrayList<>();
    for (String name : text(arguments, option).orElse("").split(",", -1)) {
      if (!name.isBlank() && !names.contains(name.strip())) {
        names.add(name.strip());
      }
    }
    return names;
  }

  private static char delimiter(String given) {
    if (given.equals("tab") || given.equals("\\t")) {
      return '\t';
    }
    if (given.length() != 1) {
      throw new BadUsage("--delimiter: " + given + " (expected: one character, or tab)");
    }
    return given.charAt(0);
  }

  private static Duration window(String given) {
    try {
      return WINDOW.parse(given);
    } catch (IllegalArgumentException e) {
      throw new BadUsage("--window: " + e.getMessage());
    }
  }

  private static int threads(String given) {
    try {
      return Integer.parseInt(given);
    } catch (NumberFormatException e) {
      throw new BadUsage("--threads: " + given + " (expected: 1 to 256)");
    }
  }
}
