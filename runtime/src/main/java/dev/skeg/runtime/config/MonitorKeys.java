package dev.skeg.runtime.config;

import dev.skeg.monitor.profile.CollectorConfig;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.runtime.config.ModelYaml.ModelKey;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** The keys of model.yaml's block {@code monitor}, and what is made of them. */
final class MonitorKeys {
  static final String BLOCK = "monitor.";

  /** Behind a key whose value is a list of texts. */
  static final String LIST = "[]";

  private static final List<String> METRICS = List.of("mean", "log-sd", "mass", "ks", "tvd");
  private static final String THRESHOLDS = "monitor.thresholds.";

  private static final ValueType<Boolean> ON =
      new ValueType<>(
          "boolean",
          "true or false",
          text ->
              switch (text) {
                case "true" -> true;
                case "false" -> false;
                default -> throw new IllegalArgumentException("");
              });
  private static final ValueType<Duration> WINDOW =
      ValueType.duration(Duration.ofSeconds(1), Duration.ofDays(31));
  private static final ValueType<Double> PAGES = real("a number above 0, at most 1000", 0, 1000);
  private static final ValueType<Duration> LATENESS =
      ValueType.duration(Duration.ZERO, Duration.ofDays(31));
  private static final ValueType<Double> SAMPLE = real("a number above 0, at most 1", 0, 1);
  private static final ValueType<Double> THRESHOLD =
      real("a number above 0, at most 1000000", 0, 1e6);
  private static final ValueType<String> PARAMETER = ValueType.text("a request parameter", 128);
  private static final ValueType<String> SEGMENT = ValueType.text("a value", 128);
  private static final ValueType<String> TENSOR = ValueType.text("an input's name", 256);
  private static final ValueType<String> NAME = ValueType.text("a feature's name", 256);

  static final List<ModelKey> KEYS = keys();

  private boolean isOn = true;
  private Duration window = MonitorConfig.DEFAULT.window();
  private double pages = MonitorConfig.DEFAULT.falsePagesPerMonth();
  private Duration lateness = MonitorConfig.DEFAULT.allowedLateness();
  private String latenessPlace = "";
  private double sample = 1;
  private boolean compatibility;
  private String parameter = "";
  private String parameterPlace = "";
  private final List<String> segments = new ArrayList<>();
  private String segmentsPlace = "";
  private String tensor = "";
  private final List<String> names = new ArrayList<>();
  private final List<String> categorical = new ArrayList<>();
  private String namesPlace = "";
  private final Map<String, Map<String, Double>> thresholds = new TreeMap<>();

  private static ValueType<Double> real(String expected, double above, double most) {
    return new ValueType<>(
        "number",
        expected,
        text -> {
          try {
            double value = new BigDecimal(text).doubleValue();
            if (value > above && value <= most) {
              return value;
            }
          } catch (NumberFormatException e) {
            throw new IllegalArgumentException("", e);
          }
          throw new IllegalArgumentException("");
        });
  }

  private static List<ModelKey> keys() {
    List<ModelKey> keys = new ArrayList<>();
    keys.add(
        new ModelKey(
            "monitor.enabled", ON, "`true`", "Whether the model's predictions are watched."));
    keys.add(
        new ModelKey(
            "monitor.window",
            WINDOW,
            "`1h`",
            "How long the windows are, in event time, over which predictions are judged."));
    keys.add(
        new ModelKey(
            "monitor.false-pages-per-month",
            PAGES,
            "`1`",
            "How many pages for nothing are put up with in a month, for the model as a whole."));
    keys.add(
        new ModelKey(
            "monitor.allowed-lateness",
            LATENESS,
            "`0s`",
            "How long after its end a window waits for rows that are late; at most 16 windows."));
    keys.add(
        new ModelKey(
            "monitor.sample",
            SAMPLE,
            "`1.0`",
            "The part of all predictions that is recorded, chosen by the hash of their ids."));
    keys.add(
        new ModelKey(
            "monitor.segment.parameter",
            PARAMETER,
            "",
            "The request parameter, a text, that says to which segment a request belongs."));
    keys.add(
        new ModelKey(
            "monitor.segment.values" + LIST,
            SEGMENT,
            "",
            "The segments that are watched by themselves, as `[eu, us]`; all others are one more."));
    keys.add(
        new ModelKey(
            "monitor.features.tensor",
            TENSOR,
            "the first input with columns",
            "The input whose columns are the features."));
    keys.add(
        new ModelKey(
            "monitor.features.names" + LIST,
            NAME,
            "the baseline's, or `f0`, `f1`, …",
            "What the columns of that input are called, as `[amount, age]`."));
    keys.add(
        new ModelKey(
            "monitor.features.categorical" + LIST,
            NAME,
            "the baseline's; texts",
            "Features whose values are names, though they may be numbers, as `[zip]`."));
    keys.add(
        new ModelKey(
            "monitor.compatibility",
            ON,
            "`false`",
            "Whether the statistics of other tools are computed too, as `evidently:psi`."));
    for (String metric : METRICS) {
      keys.add(
          new ModelKey(
              THRESHOLDS + metric + ".*",
              THRESHOLD,
              "",
              "The least change of "
                  + described(metric)
                  + " of one feature that is worth a page."));
    }
    return List.copyOf(keys);
  }

  private static String described(String metric) {
    return switch (metric) {
      case "mean" -> "the mean, in standard deviations,";
      case "log-sd" -> "the logarithm of the standard deviation";
      case "mass" -> "the share of a single value, of missing, unseen or out-of-range ones,";
      case "ks" -> "the cumulative distribution (Kolmogorov-Smirnov)";
      default -> "the distribution (total variation)";
    };
  }

  /** Takes a value of the file. */
  void take(YamlFile.Entry entry) {
    String text = entry.text();
    switch (entry.path()) {
      case "monitor.enabled" -> isOn = ON.parse(text);
      case "monitor.window" -> window = WINDOW.parse(text);
      case "monitor.false-pages-per-month" -> pages = PAGES.parse(text);
      case "monitor.allowed-lateness" -> {
        lateness = LATENESS.parse(text);
        latenessPlace = entry.place();
      }
      case "monitor.compatibility" -> compatibility = ON.parse(text);
      case "monitor.sample" -> sample = SAMPLE.parse(text);
      case "monitor.segment.parameter" -> {
        parameter = PARAMETER.parse(text);
        parameterPlace = entry.place();
      }
      case "monitor.segment.values" + LIST -> {
        segments.add(SEGMENT.parse(text));
        segmentsPlace = entry.place();
      }
      case "monitor.features.tensor" -> tensor = TENSOR.parse(text);
      case "monitor.features.names" + LIST -> {
        names.add(NAME.parse(text));
        namesPlace = entry.place();
      }
      case "monitor.features.categorical" + LIST -> categorical.add(NAME.parse(text));
      case String path when path.startsWith(THRESHOLDS) -> {
        String rest = path.substring(THRESHOLDS.length());
        int dot = rest.indexOf('.');
        thresholds
            .computeIfAbsent(rest.substring(0, dot), metric -> new TreeMap<>())
            .put(rest.substring(dot + 1), THRESHOLD.parse(text));
      }
      default -> throw new IllegalStateException("no such key: " + entry.path());
    }
  }

  /** Returns what was taken. */
  MonitorConfig config(List<String> problems) {
    if (lateness.compareTo(window.multipliedBy(CollectorConfig.MAX_LATE_WINDOWS)) > 0) {
      problems.add(
          latenessPlace
              + ": "
              + ValueType.duration(lateness)
              + " (expected: at most 16 windows, "
              + ValueType.duration(window.multipliedBy(CollectorConfig.MAX_LATE_WINDOWS))
              + ")");
    }
    checkSegments(problems);
    twice(names)
        .ifPresent(name ->
            problems.add(namesPlace + ": " + name + " is there twice (expected: each once)"));
    return new MonitorConfig(
        isOn,
        window,
        pages,
        lateness,
        sample,
        parameter,
        segments,
        tensor,
        names,
        categorical,
        thresholds,
        compatibility);
  }

  private void checkSegments(List<String> problems) {
    if (segments.size() > CollectorConfig.MAX_SEGMENTS) {
      problems.add(
          segmentsPlace
              + ": "
              + segments.size()
              + " values (expected: at most "
              + CollectorConfig.MAX_SEGMENTS
              + ")");
    }
    twice(segments)
        .ifPresent(value ->
            problems.add(segmentsPlace + ": " + value + " is there twice (expected: each once)"));
    if (segments.contains(ProfileKey.OTHER)) {
      problems.add(
          segmentsPlace
              + ": "
              + ProfileKey.OTHER
              + " (expected: another value; it is what all values that are not listed are called)");
    }
    if (parameter.isEmpty() && !segments.isEmpty()) {
      problems.add(segmentsPlace + ": without monitor.segment.parameter (expected: both)");
    }
    if (segments.isEmpty() && !parameter.isEmpty()) {
      problems.add(parameterPlace + ": without monitor.segment.values (expected: both)");
    }
  }

  private static Optional<String> twice(List<String> values) {
    Set<String> seen = new HashSet<>();
    return values.stream().filter(value -> !seen.add(value)).findFirst();
  }
}
