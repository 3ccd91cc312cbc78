package dev.skeg.runtime.config;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.monitor.alert.AlertPolicy;
import dev.skeg.monitor.drift.EffectFloors;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** A model's model.yaml. */
final class ModelYamlTest {
  private static final ExecutionConfig SERVER = new ExecutionConfig(new Lanes(7), 3, 99);

  @Test
  void whatItDoesNotSayIsTheServers() {
    assertThat(ModelYaml.ABSENT.execution(SERVER, Optional.empty())).isEqualTo(SERVER);
    assertThat(ModelYaml.ABSENT.sharesWeights()).isFalse();
    assertThat(parse("execution: {share-weights: true}").sharesWeights()).isTrue();
    assertThat(parse("execution: {lanes: 2}").execution(SERVER, Optional.empty()))
        .isEqualTo(new ExecutionConfig(new Lanes(2), 3, 99));
    assertThat(
            parse("execution: {lanes: auto, intra-op-threads: 4}")
                .execution(SERVER, Optional.empty()))
        .isEqualTo(new ExecutionConfig(Lanes.AUTO, 4, 99));
  }

  @Test
  void goesBeforeTheInstanceGroupsWhichGoBeforeTheServer() {
    Optional<Lanes> instances = Optional.of(new Lanes(5));

    ExecutionConfig silent = ModelYaml.ABSENT.execution(SERVER, instances);
    ExecutionConfig outspoken = parse("execution: {lanes: 2}").execution(SERVER, instances);

    assertThat(silent.lanes()).isEqualTo(new Lanes(5));
    assertThat(outspoken.lanes()).isEqualTo(new Lanes(2));
  }

  @Test
  void namesTheBlocksThatAreNotSupportedYet() {
    for (String block : new String[] {"rollout", "triggers", "explain"}) {
      assertThatThrownBy(() -> parse("\n" + block + ": {a: 1}"))
          .isInstanceOf(ConfigException.class)
          .hasMessageStartingWith("model.yaml:2: " + block + ": not supported by this version");
    }
    assertThatThrownBy(() -> parse("execution: {device: cuda}"))
        .hasMessageContaining("execution.device: not supported by this version");
  }

  @Test
  void refusesUnknownKeysAndImpossibleValues() {
    assertThatThrownBy(() -> parse("execution: {lane: 2}"))
        .hasMessage("model.yaml:1: execution.lane: unknown key (did you mean execution.lanes?)");
    assertThatThrownBy(() -> parse("lanes: 2"))
        .hasMessage("model.yaml:1: lanes: unknown key (did you mean execution.lanes?)");
    assertThatThrownBy(() -> parse("execution: {intra-op-threads: 0}"))
        .hasMessage("model.yaml:1: execution.intra-op-threads: 0 (expected: an integer, 1 to 256)");
  }

  @Test
  void saysHowVersionsFollowOneAnother() {
    assertThat(parse("").versions()).isEqualTo(new VersionsConfig(SwapPolicy.LOAD_FIRST, 2));
    assertThat(parse("versions: {keep-previous: 5}").versions())
        .isEqualTo(new VersionsConfig(SwapPolicy.LOAD_FIRST, 5));
    assertThat(parse("versions: {swap: unload-first}").versions())
        .isEqualTo(new VersionsConfig(SwapPolicy.UNLOAD_FIRST, 0));
    assertThatThrownBy(() -> parse("versions: {swap: unload-first, keep-previous: 1}"))
        .hasMessageStartingWith(
            "model.yaml:1: versions.keep-previous: 1 (expected: 0 with versions.swap: unload-first");
    assertThat(parse("versions: {max-latency: 20ms}").versions().maxLatency())
        .contains(Duration.ofMillis(20));
    assertThat(parse("versions: {labels: {prod: 3, next: 12}}").versions().labels())
        .isEqualTo(Map.of("prod", 3L, "next", 12L));
    assertThatThrownBy(() -> parse("versions: {labels: {7: 3}}"))
        .hasMessageStartingWith("model.yaml:1: versions.labels.7: the label '7' (expected: ");
    assertThatThrownBy(() -> parse("versions: {labels: {prod: x}}"))
        .hasMessageStartingWith("model.yaml:1: versions.labels.prod: x (expected: a version's");
    assertThatThrownBy(() -> parse("versions: {labels: prod}"))
        .hasMessageStartingWith("model.yaml:1: versions.labels: prod (expected: a block");
    assertThatThrownBy(() -> parse("versions: {swap: unload}"))
        .hasMessageStartingWith("model.yaml:1: versions.swap: unload (expected: ");
  }

  private static ModelYaml parse(String text) {
    return ModelYaml.of(YamlFile.parse("model.yaml", text));
  }

  @Test
  void saysHowPredictionsAreWatched() {
    assertThat(parse("").monitor()).isEqualTo(MonitorConfig.DEFAULT);

    MonitorConfig monitor =
        parse(
                """
                monitor:
                  window: 15m
                  false-pages-per-month: 0.5
                  allowed-lateness: 30s
                  sample: 0.25
                  compatibility: true
                  segment: {parameter: region, values: [eu, us]}
                  features: {tensor: x, names: [amount, age], categorical: [zip]}
                  default-thresholds: {mean: 0.07, tvd: 0.03}
                  thresholds: {mean: {amount: 0.2}, log-sd: {age: 0.3}}
                  alerts: {join-windows: 0, quiet-windows: 5, cool-down: 1h, latch-for: 2d, silent-for: 30m}
                """)
            .monitor();

    assertThat(monitor)
        .isEqualTo(
            new MonitorConfig(
                true,
                Duration.ofMinutes(15),
                0.5,
                Duration.ofSeconds(30),
                0.25,
                "region",
                List.of("eu", "us"),
                "x",
                List.of("amount", "age"),
                Optional.of(List.of("zip")),
                new EffectFloors(.07, .1, .005, .02, .03),
                Map.of("mean", Map.of("amount", 0.2), "log-sd", Map.of("age", 0.3)),
                new AlertPolicy(
                    0, 5, Duration.ofHours(1), Duration.ofDays(2), Duration.ofMinutes(30)),
                true));
  }

  @Test
  void tellsThatThereAreNoCategoriesFromNotSayingIt() {
    assertThat(parse("monitor: {features: {names: [a]}}").monitor().categorical()).isEmpty();
    assertThat(parse("monitor: {features: {categorical: []}}").monitor().categorical())
        .contains(List.of());
    assertThat(parse("monitor: {features: {names: [], categorical: [a, b]}}").monitor())
        .satisfies(monitor -> assertThat(monitor.categorical()).contains(List.of("a", "b")))
        .satisfies(monitor -> assertThat(monitor.names()).isEmpty());
  }

  @Test
  void doesNotTakeAModelOfLongWindowsForGoneBetweenTwoOfThem() {
    assertThat(parse("monitor: {window: 31d}").monitor().alerts().silentFor())
        .isEqualTo(Duration.ofDays(62));
    assertThatThrownBy(() -> parse("monitor: {window: 1h, alerts: {silent-for: 90m}}"))
        .hasMessage(
            "model.yaml:1: monitor.alerts.silent-for: 90m (expected: two windows at least, 2h)");
  }

  @Test
  void refusesAMonitorThatCannotBe() {
    assertThatThrownBy(() -> parse("monitor: {windw: 1h}"))
        .hasMessage("model.yaml:1: monitor.windw: unknown key (did you mean monitor.window?)");
    assertThatThrownBy(() -> parse("monitor: {default-thresholds: {mean: 0}}"))
        .hasMessage(
            "model.yaml:1: monitor.default-thresholds.mean: 0 (expected: a number above 0, at most"
                + " 1000000)");
    assertThatThrownBy(() -> parse("monitor: {default-thresholds: {means: 1}}"))
        .hasMessageContaining("did you mean monitor.default-thresholds.mean?");
    assertThatThrownBy(() -> parse("monitor: {alerts: {quiet-windows: 0}}"))
        .hasMessage(
            "model.yaml:1: monitor.alerts.quiet-windows: 0 (expected: an integer, 1 to 1000)");
    assertThatThrownBy(() -> parse("monitor: {alerts: {cool-down: 24}}"))
        .hasMessageContaining("monitor.alerts.cool-down: 24 (expected: ");
    assertThatThrownBy(() -> parse("monitor: {features: {name: [a]}}"))
        .hasMessage(
            "model.yaml:1: monitor.features.name: unknown key (did you mean"
                + " monitor.features.names?)");
    assertThatThrownBy(() -> parse("monitor: {features: {names: a}}"))
        .hasMessage("model.yaml:1: monitor.features.names: a (expected: a list, as [a, b])");
    assertThatThrownBy(() -> parse("monitor: {window: 1}")).hasMessageContaining("1s");
    assertThatThrownBy(() -> parse("monitor: {sample: 0}"))
        .hasMessage("model.yaml:1: monitor.sample: 0 (expected: a number above 0, at most 1)");
    assertThatThrownBy(() -> parse("monitor: {window: 1s, allowed-lateness: 17s}"))
        .hasMessage(
            "model.yaml:1: monitor.allowed-lateness: 17s (expected: at most 16 windows, 16s)");
    assertThatThrownBy(() -> parse("monitor: {segment: {parameter: region}}"))
        .hasMessage(
            "model.yaml:1: monitor.segment.parameter: without monitor.segment.values (expected:"
                + " both)");
    assertThatThrownBy(() -> parse("monitor: {segment: {values: [eu]}}"))
        .hasMessage(
            "model.yaml:1: monitor.segment.values: without monitor.segment.parameter (expected:"
                + " both)");
    assertThatThrownBy(
            () -> parse("monitor: {segment: {parameter: region, values: [eu, other, eu]}}"))
        .hasMessageContaining("model.yaml:1: monitor.segment.values: eu is there twice")
        .hasMessageContaining(
            "model.yaml:1: monitor.segment.values: other (expected: another value; it is what all"
                + " values that are not listed are called)");
    assertThatThrownBy(() ->
            parse(
                "monitor: {segment: {parameter: p, values: ["
                    + IntStream.range(0, 33).mapToObj(i -> "v" + i).collect(joining(", "))
                    + "]}}"))
        .hasMessage("model.yaml:1: monitor.segment.values: 33 values (expected: at most 32)");
    assertThatThrownBy(() -> parse("monitor: {features: {names: [a, b, a]}}"))
        .hasMessage("model.yaml:1: monitor.features.names: a is there twice (expected: each once)");
  }
}
