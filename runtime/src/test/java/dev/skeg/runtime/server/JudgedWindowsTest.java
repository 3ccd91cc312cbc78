package dev.skeg.runtime.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.monitor.alert.AlertPolicy;
import dev.skeg.monitor.drift.DriftConfig;
import dev.skeg.monitor.drift.EffectFloors;
import dev.skeg.runtime.config.MonitorConfig;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class JudgedWindowsTest {
  private static MonitorConfig config(
      EffectFloors floors, Map<String, Map<String, Double>> thresholds) {
    return new MonitorConfig(
        true,
        Duration.ofHours(1),
        1,
        Duration.ZERO,
        1,
        "",
        List.of(),
        "",
        List.of(),
        List.of(),
        floors,
        thresholds,
        AlertPolicy.DEFAULT,
        false);
  }

  @Test
  void judgesAsShippedWhereNothingIsSaid() {
    assertThat(JudgedWindows.drift(MonitorConfig.DEFAULT))
        .isEqualTo(DriftConfig.ofWindow(Duration.ofHours(1)));
  }

  @Test
  void aFeaturesThresholdTakesThePlaceOfTheOneOfAllFeatures() {
    EffectFloors all = new EffectFloors(.1, .2, .3, .4, .5);

    DriftConfig drift =
        JudgedWindows.drift(
            config(all, Map.of("mean", Map.of("amount", .7), "tvd", Map.of("amount", .8))));

    assertThat(drift.floors()).isEqualTo(all);
    assertThat(drift.featureFloors())
        .containsExactly(Map.entry("amount", new EffectFloors(.7, .2, .3, .4, .8)));
  }
}
