package dev.skeg.runtime.config;

import dev.skeg.monitor.alert.AlertPolicy;
import dev.skeg.monitor.drift.EffectFloors;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * How a model's predictions are watched.
 *
 * @param isOn whether they are
 * @param window length of a window of event time, 1 s to 31 d
 * @param falsePagesPerMonth pages for nothing that are put up with, for the model as a whole
 * @param allowedLateness how long after its end a window waits for rows, at most 16 windows
 * @param sample the part of all predictions that is recorded, above 0, at most 1
 * @param segmentParameter the request parameter that says which segment; empty for none
 * @param segments values of it whose rows are watched by themselves
 * @param tensor the input whose columns are the features; empty leaves it to the model
 * @param names of that tensor's columns; empty leaves them to the model's file and the baseline
 * @param categorical features whose values are names; nothing leaves them to the model's file, an
 *     empty list says that there are none but texts and the baseline's
 * @param floors least effects worth a page
 * @param thresholds those of single features, by metric ({@code mean}, {@code log-sd}, {@code
 *     mass}, {@code ks}, {@code tvd}) and feature
 * @param alerts when alerts gather, come back and go
 * @param compatibility whether the statistics of other tools are computed too
 */
public record MonitorConfig(
    boolean isOn,
    Duration window,
    double falsePagesPerMonth,
    Duration allowedLateness,
    double sample,
    String segmentParameter,
    List<String> segments,
    String tensor,
    List<String> names,
    Optional<List<String>> categorical,
    EffectFloors floors,
    Map<String, Map<String, Double>> thresholds,
    AlertPolicy alerts,
    boolean compatibility) {
  /** What a model has that does not say. */
  public static final MonitorConfig DEFAULT =
      new MonitorConfig(
          true,
          Duration.ofHours(1),
          1,
          Duration.ZERO,
          1,
          "",
          List.of(),
          "",
          List.of(),
          Optional.empty(),
          EffectFloors.DEFAULT,
          Map.of(),
          AlertPolicy.DEFAULT,
          false);

  public MonitorConfig {
    segments = List.copyOf(segments);
    names = List.copyOf(names);
    categorical = categorical.map(List::copyOf);
    Map<String, Map<String, Double>> copy = new TreeMap<>();
    thresholds.forEach((metric, features) -> copy.put(metric, Map.copyOf(features)));
    thresholds = Map.copyOf(copy);
  }
}
