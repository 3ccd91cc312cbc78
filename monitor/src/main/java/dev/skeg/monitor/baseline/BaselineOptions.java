package dev.skeg.monitor.baseline;

import dev.skeg.monitor.data.TableOptions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What is known of a table beside itself; where nothing is said, it is taken from the first rows.
 *
 * @param table how its text is to be understood
 * @param timestamp the column with a row's time
 * @param features the inputs, in this order; empty for all columns that could be one
 * @param outputs the columns with a model's predictions
 * @param label the column that the model is to predict: no input
 * @param categorical columns of names, though they look like numbers
 * @param excluded columns to leave out
 * @param window how long the windows are that will be compared with the baseline
 * @param threads that read, 1 or more
 */
public record BaselineOptions(
    TableOptions table,
    Optional<String> timestamp,
    List<String> features,
    List<String> outputs,
    Optional<String> label,
    Set<String> categorical,
    Set<String> excluded,
    Duration window,
    int threads) {
  public BaselineOptions {
    features = List.copyOf(features);
    outputs = List.copyOf(outputs);
    categorical = Set.copyOf(categorical);
    excluded = Set.copyOf(excluded);
    if (window.compareTo(Duration.ofSeconds(1)) < 0 || window.compareTo(Duration.ofDays(366)) > 0) {
      throw new IllegalArgumentException("window: " + window + " (expected: 1s to 366d)");
    }
    if (threads < 1 || threads > 256) {
      throw new IllegalArgumentException("threads: " + threads + " (expected: 1 to 256)");
    }
  }

  /** Returns that nothing is known, and windows are an hour long. */
  public static BaselineOptions standard() {
    return new BaselineOptions(
        TableOptions.standard(),
        Optional.empty(),
        List.of(),
        List.of(),
        Optional.empty(),
        Set.of(),
        Set.of(),
        Duration.ofHours(1),
        Math.min(8, Runtime.getRuntime().availableProcessors()));
  }
}
