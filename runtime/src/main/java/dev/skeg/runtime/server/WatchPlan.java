package dev.skeg.runtime.server;

import dev.skeg.monitor.baseline.Baseline;
import dev.skeg.monitor.baseline.BaselineFile;
import dev.skeg.monitor.baseline.FeatureBaseline;
import dev.skeg.monitor.record.FeatureSpec;
import dev.skeg.runtime.config.MonitorConfig;
import dev.skeg.runtime.servable.Servable;
import dev.skeg.runtime.tap.DeclaredFeatures;
import dev.skeg.runtime.tap.FeatureOptions;
import dev.skeg.runtime.tap.TapLayout;
import dev.skeg.runtime.tap.TapPlanner;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What is recorded of a version's rows, by its configuration, its model's file and its baseline.
 *
 * @param baseline of the version's directory, if there is one that can be read
 * @param problems what of the configuration, the file's metadata and the baseline does not fit the
 *     model, for people
 */
public record WatchPlan(Optional<Baseline> baseline, TapLayout layout, List<String> problems) {
  private static final String BASELINE = "baseline.json";

  public WatchPlan {
    problems = List.copyOf(problems);
  }

  /**
   * Reads a version's baseline and plans by it.
   *
   * @param versionDirectory may have a {@code baseline.json}
   */
  public static WatchPlan of(Servable servable, MonitorConfig config, Path versionDirectory) {
    List<String> problems = new ArrayList<>();
    Optional<Baseline> baseline = baseline(versionDirectory.resolve(BASELINE), problems);
    List<FeatureSpec> known =
        baseline
            .map(b -> b.features().stream().map(FeatureBaseline::spec).toList())
            .orElse(List.of());
    TapPlanner.Planned planned =
        TapPlanner.plan(
            servable.signature(),
            new FeatureOptions(
                config.tensor(),
                config.names(),
                config.categorical().orElse(List.of()),
                declared(servable, config),
                known,
                baseline.map(Baseline::centroids).orElse(List.of()),
                config.sample(),
                config.segmentParameter(),
                config.segments()));
    problems.addAll(planned.problems());
    problems.addAll(planned.misplaced(config.thresholds()));
    baseline.flatMap(it -> it.misfit(config.window())).ifPresent(problems::add);
    if (planned.layout().records().size() == 0) {
      problems.add("its predictions are not watched: nothing of them can be recorded");
    }
    return new WatchPlan(baseline, planned.layout(), problems);
  }

  /** Returns what the model's file says and the configuration leaves to it. */
  private static DeclaredFeatures declared(Servable servable, MonitorConfig config) {
    DeclaredFeatures file = DeclaredFeatures.read(servable::metadata);
    return config.categorical().isEmpty()
        ? file
        : new DeclaredFeatures(file.columns(), file.byInput(), List.of(), file.problems());
  }

  private static Optional<Baseline> baseline(Path file, List<String> problems) {
    try {
      return Files.exists(file) ? Optional.of(BaselineFile.read(file)) : Optional.empty();
    } catch (RuntimeException e) {
      problems.add("its baseline cannot be read: " + e.getMessage());
      return Optional.empty();
    }
  }
}
