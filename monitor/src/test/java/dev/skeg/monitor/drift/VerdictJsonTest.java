package dev.skeg.monitor.drift;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.profile.Window;
import dev.skeg.monitor.record.FeatureSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A verdict written down and read again. */
final class VerdictJsonTest {
  private static WindowVerdict verdict(double psi) {
    Map<String, Statistic> statistics = new LinkedHashMap<>();
    statistics.put("psi", new Statistic("psi", psi, 5_000, 5_000, Double.NaN));
    statistics.put("evidently:psi", new Statistic("evidently:psi", .3, 1_024, 5_000, .1));
    FeatureVerdict amount =
        new FeatureVerdict(
            new FeatureSpec("am\"ount", FeatureSpec.Role.INPUT, FeatureSpec.Kind.NUMERIC),
            DriftState.DRIFT,
            Set.of(DriftKind.SKEW),
            Set.of(),
            statistics,
            Map.of(
                DriftKind.SKEW, new Evidence(11, 12, 9.6, 2, 1.5, 20_000),
                DriftKind.DRIFT, new Evidence(1, 9, 9.6, 1, 1, 5_000)),
            Map.of(
                DriftKind.SKEW, List.of(new Effect(Effect.Metric.ATOM, "0.0", .05, .04, .005)),
                DriftKind.DRIFT, List.of()),
            List.of(new QualityFinding(QualityFinding.Check.STUCK, .05, 0, "0 is 5 % of rows")));
    FeatureVerdict score =
        new FeatureVerdict(
            new FeatureSpec("score", FeatureSpec.Role.OUTPUT, FeatureSpec.Kind.CATEGORICAL),
            DriftState.INSUFFICIENT,
            Set.of(),
            Set.of(),
            Map.of(),
            Map.of(),
            Map.of(),
            List.of());
    return new WindowVerdict(
        new ProfileKey("team/fraud", 3, ProfileKey.CANDIDATE, "eu"),
        new Window(1_790_000_000_000L, 1_790_000_000_999L),
        5_000,
        List.of(amount),
        List.of(score),
        List.of(new QualityFinding(QualityFinding.Check.VOLUME, 5_000, 50_000, "few rows")));
  }

  @Test
  void comesBackAsItWas() {
    assertThat(VerdictJson.read(VerdictJson.write(verdict(.25)))).isEqualTo(verdict(.25));
  }

  @Test
  void hasTheFieldsThatAreDocumented() throws IOException {
    JsonNode json = new ObjectMapper().readTree(VerdictJson.write(verdict(.25)));

    assertThat(json.at("/window/start").asText()).isEqualTo("2026-09-21T14:13:20Z");
    assertThat(json.at("/features/0/name").asText()).isEqualTo("am\"ount");
    assertThat(json.at("/features/0/state").asText()).isEqualTo("drift");
    assertThat(json.at("/features/0/kinds").toString()).isEqualTo("[\"skew\"]");
    assertThat(json.at("/features/0/statistics").toString())
        .isEqualTo("{\"psi\":0.25,\"evidently:psi\":0.3}");
    assertThat(json.at("/features/0/evidence").asDouble()).isEqualTo(12);
    assertThat(json.at("/outputs/0/evidence").isNull()).isTrue();
    assertThat(json.at("/outputs/0/state").asText()).isEqualTo("insufficient");
  }

  @Test
  void aNumberThatIsNotFiniteIsNull() {
    byte[] text = VerdictJson.write(verdict(Double.POSITIVE_INFINITY));

    assertThat(new String(text, StandardCharsets.UTF_8)).contains("\"psi\":null");
    assertThat(VerdictJson.read(text).features().getFirst().statistics())
        .hasEntrySatisfying("psi", psi -> assertThat(psi.value()).isNaN());
  }

  @Test
  void anotherTextIsRefused() {
    assertThatThrownBy(() -> VerdictJson.read("{}".getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("not a verdict");
  }
}
