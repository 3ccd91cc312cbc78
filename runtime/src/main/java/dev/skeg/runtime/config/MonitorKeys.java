package dev.skeg.runtime.config;

import dev.skeg.monitor.alert.AlertPolicy;
import dev.skeg.monitor.drift.EffectFloors;
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

  private static final String CATEGORICAL = "monitor.features.categorical";

  /** Lists that say something, too, when they are empty. */
  static final Set<String> NONE_IS_SAID = Set.of(CATEGORICAL);

  private static final List<String> METRICS = List.of("mean", "log-sd", "mass", "ks", "tvd");
  private static final String THRESHOLDS = "monitor.thresholds.";
  private static final String FLOORS = "monitor.default-thresholds.";
  private static final String SILENT = "monitor.alerts.silent-for";

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
  private static final ValueType<Integer> JOINS = ValueType.integer(0, 1_000);
  private static final ValueType<Integer> QUIET = ValueType.integer(1, 1_000);
  private static final ValueType<Duration> COOL_DOWN =
      ValueType.duration(Duration.ZERO, Duration.ofDays(366));
  private static final ValueType<Duration> KEPT =
      ValueType.duration(Duration.ofSeconds(1), Duration.ofDays(366));
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
  private Optional<List<String>> categorical = Optional.empty();
  private String namesPlace = "";
  private final Map<String, Double> floors = new TreeMap<>();
  private final Map<String, Map<String, Double>> thresholds = new TreeMap<>();
  private int joinWindows = AlertPolicy.DEFAULT.joinWindows();
  private int quietWindows = AlertPolicy.DEFAULT.quietWindows();
  private Duration coolDown = AlertPolicy.DEFAULT.coolDown();
  private Duration latchFor = AlertPolicy.DEFAULT.latchFor();
  private Optional<Duration> silentFor = Optional.empty();
  private String silentPlace = "";

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
            "the model file's, the baseline's, or `f0`, `f1`, …",
            "What the columns of that input are called, as `[amount, age]`."));
    keys.add(
        new ModelKey(
            CATEGORICAL + LIST,
            NAME,
            "the model file's; the baseline's; texts",
            "Features whose values are names, though they may be numbers, as `[zip]`; `[]` if the"
                + " model's file is wrong and there are none."));
    keys.add(
        new ModelKey(
            "monitor.compatibility",
            ON,
            "`false`",
            "Whether the statistics of other tools are computed too, as `evidently:psi`."));
    for (String metric : METRICS) {
      keys.add(
          new ModelKey(
              FLOORS + metric,
              THRESHOLD,
              "`" + floor(EffectFloors.DEFAULT, metric) + "`",
              "The least change of "
                  + described(metric)
                  + " of any feature or output that is worth a page."));
    }
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
    keys.addAll(alertKeys());
    return List.copyOf(keys);
  }

  private static List<ModelKey> alertKeys() {
    return List.of(
        new ModelKey(
            "monitor.alerts.join-windows",
            JOINS,
            "`3`",
            "For how many windows an alert takes in more features of its cause, and the outputs that"
                + " follow its inputs."),
        new ModelKey(
            "monitor.alerts.quiet-windows",
            QUIET,
            "`3`",
            "After how many windows without it a notice is over."),
        new ModelKey(
            "monitor.alerts.cool-down",
            COOL_DOWN,
            "`24h`",
            "How long after an alert was cleared it comes back as the same one, and pages nobody."),
        new ModelKey(
            "monitor.alerts.latch-for",
            KEPT,
            "`7d`",
            "How long an alert stays to be seen that is over and that nobody has acknowledged."),
        new ModelKey(
            SILENT,
            KEPT,
            "`7d`, or two windows",
            "After how long without a window of its version an alert is cleared; two windows at"
                + " least."));
  }

  private static double floor(EffectFloors floors, String metric) {
    return switch (metric) {
      case "mean" -> floors.mean();
      case "log-sd" -> floors.logSd();
      case "mass" -> floors.mass();
      case "ks" -> floors.ks();
      default -> floors.tvd();
    };
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
      case CATEGORICAL -> categorical = Optional.of(List.of());
      case CATEGORICAL + LIST -> {
        List<String> names = new ArrayList<>(categorical.orElse(List.of()));
        names.add(NAME.parse(text));
        categorical = Optional.of(names);
      }
      case "monitor.alerts.join-windows" -> joinWindows = JOINS.parse(text);
      case "monitor.alerts.quiet-windows" -> quietWindows = QUIET.parse(text);
      case "monitor.alerts.cool-down" -> coolDown = COOL_DOWN.parse(text);
      case "monitor.alerts.latch-for" -> latchFor = KEPT.parse(text);
      case SILENT -> {
        silentFor = Optional.of(KEPT.parse(text));
        silentPlace = entry.place();
      }
      case String path when path.startsWith(FLOORS) ->
          floors.put(path.substring(FLOORS.length()), THRESHOLD.parse(text));
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
        floors(),
        thresholds,
        alerts(problems),
        compatibility);
  }

  private EffectFloors floors() {
    double[] each =
        METRICS.stream()
            .mapToDouble(metric -> floors.getOrDefault(metric, floor(EffectFloors.DEFAULT, metric)))
            .toArray();
    return new EffectFloors(each[0], each[1], each[2], each[3], each[4]);
  }

  private AlertPolicy alerts(List<String> problems) {
    Duration least = window.multipliedBy(2);
    if (silentFor.filter(given -> given.compareTo(least) < 0).isPresent()) {
      problems.add(
          silentPlace
              + ": "
              + ValueType.duration(silentFor.get())
              + " (expected: two windows at least, "
              + ValueType.duration(least)
              + ")");
    }
    Duration shipped = AlertPolicy.DEFAULT.silentFor();
    Duration silent = silentFor.orElse(shipped.compareTo(least) < 0 ? least : shipped);
    return new AlertPolicy(joinWindows, quietWindows, coolDown, latchFor, silent);
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
