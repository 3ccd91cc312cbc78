package dev.skeg.runtime.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.monitor.drift.DriftConfig;
import dev.skeg.monitor.drift.EffectFloors;
import dev.skeg.runtime.config.ModelYaml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class JudgedWindowsTest {
  @TempDir Path directory;

  /** Returns how a model is judged that has this {@code model.yaml}. */
  private DriftConfig drift(String yaml) throws IOException {
    Path file = Files.writeString(directory.resolve("model.yaml"), yaml);
    return JudgedWindows.drift(ModelYaml.read(file).monitor());
  }

  @Test
  void judgesAsShippedWhereNothingIsSaid() throws IOException {
    assertThat(drift("monitor: {}\n")).isEqualTo(DriftConfig.ofWindow(Duration.ofHours(1)));
  }

  @Test
  void aFeaturesThresholdTakesThePlaceOfTheOneOfAllFeatures() throws IOException {
    DriftConfig drift =
        drift(
            """
            monitor:
              default-thresholds: {mean: 0.1, log-sd: 0.2, mass: 0.3, ks: 0.4, tvd: 0.5}
              thresholds: {mean: {amount: 0.7}, tvd: {amount: 0.8}}
            """);

    assertThat(drift.floors()).isEqualTo(new EffectFloors(.1, .2, .3, .4, .5));
    assertThat(drift.featureFloors())
        .containsExactly(Map.entry("amount", new EffectFloors(.7, .2, .3, .4, .8)));
  }
}
