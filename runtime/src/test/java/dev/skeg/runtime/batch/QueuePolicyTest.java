package dev.skeg.runtime.batch;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.TextFormat;
import inference.ModelConfigOuterClass.ModelConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How long requests may wait, by config.pbtxt's queue policies and by what they ask for. */
final class QueuePolicyTest {
  private static BatchPolicy policy(String dynamicBatching) throws TextFormat.ParseException {
    return BatchPolicy.of(
        TextFormat.parse(
            "max_batch_size: 8 dynamic_batching { " + dynamicBatching + " }", ModelConfig.class));
  }

  /** The policy's wait and whether it may be overridden; the request's; which of them holds. */
  @ParameterizedTest
  @CsvSource({
    "  0, false,   0,   0",
    "  0, false, 300,   0",
    "  0, true,  300, 300",
    "500, false, 300, 500",
    "500, true,    0, 500",
    "500, true,  300, 300",
    "500, true,  700, 500"
  })
  void aRequestMayChooseAShorterWaitWhereThatIsAllowed(
      long micros, boolean allows, long asked, long expected) throws TextFormat.ParseException {
    QueuePolicy policy =
        policy(
                "default_queue_policy { default_timeout_microseconds: "
                    + micros
                    + " allow_timeout_override: "
                    + allows
                    + " }")
            .levels()
            .getFirst();

    assertThat(policy.waitNanos(asked * 1_000)).isEqualTo(expected * 1_000);
  }

  @Test
  void aClientsOwnLimitHoldsWhereTheModelSaysNothing() throws TextFormat.ParseException {
    QueuePolicy silent = policy("").levels().getFirst();

    assertThat(silent.waitNanos(300)).isEqualTo(300);
    assertThat(silent.delaysLate()).isFalse();
    assertThat(silent.maxRequests()).isZero();
  }

  @Test
  void aPriorityHasItsOwnPolicyOrTheCommonOne() throws TextFormat.ParseException {
    BatchPolicy policy =
        policy(
            """
            priority_levels: 3
            default_priority_level: 2
            default_queue_policy { max_queue_size: 5 }
            priority_queue_policy {
              key: 3
              value { timeout_action: DELAY default_timeout_microseconds: 9 max_queue_size: 1 }
            }
            """);

    assertThat(policy.levels())
        .containsExactly(
            new QueuePolicy(false, 0, false, 5),
            new QueuePolicy(false, 0, false, 5),
            new QueuePolicy(true, 9_000, false, 1));
    assertThat(policy.level(0)).isEqualTo(1);
    assertThat(policy.level(3)).isEqualTo(2);
    assertThat(policy.level(4)).isEqualTo(1);
  }
}
