package dev.skeg.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** A model's model.yaml. */
final class ModelYamlTest {
  private static final ExecutionConfig SERVER = new ExecutionConfig(new Lanes(7), 3);

  @Test
  void whatItDoesNotSayIsTheServers() {
    assertThat(ModelYaml.ABSENT.execution(SERVER)).isEqualTo(SERVER);
    assertThat(parse("execution: {lanes: 2}").execution(SERVER))
        .isEqualTo(new ExecutionConfig(new Lanes(2), 3));
    assertThat(parse("execution: {lanes: auto, intra-op-threads: 4}").execution(SERVER))
        .isEqualTo(new ExecutionConfig(Lanes.AUTO, 4));
  }

  @Test
  void namesTheBlocksThatAreNotSupportedYet() {
    for (String block : new String[] {"versions", "monitor", "rollout", "triggers", "explain"}) {
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

  private static ModelYaml parse(String text) {
    return ModelYaml.of(YamlFile.parse("model.yaml", text));
  }
}
