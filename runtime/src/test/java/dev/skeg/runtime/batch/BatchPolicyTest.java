package dev.skeg.runtime.batch;

import static org.assertj.core.api.Assertions.assertThat;

import inference.ModelConfigOuterClass.ModelConfig;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How many of the rows that wait make a batch, by a {@link BatchPolicy}: as Triton decides it. */
final class BatchPolicyTest {
  private static final boolean DUE = true;

  private static BatchPolicy policy(int maxRows, long delayMicros, Integer... preferred) {
    ModelConfig.Builder config = ModelConfig.newBuilder().setMaxBatchSize(maxRows);
    config
        .getDynamicBatchingBuilder()
        .setMaxQueueDelayMicroseconds(delayMicros)
        .addAllPreferredBatchSize(List.of(preferred));
    return BatchPolicy.of(config.build());
  }

  /** The largest preferred size that there is goes at once; fewer rows than any wait. */
  @ParameterizedTest
  @CsvSource({"1, 0", "3, 0", "4, 4", "5, 4", "7, 4", "8, 8", "9, 8", "15, 8", "16, 8", "99, 8"})
  void takesTheLargestPreferredSizeUntilTheFirstIsDue(int waiting, int rows) {
    BatchPolicy policy = policy(16, 100, 8, 4);

    assertThat(policy.rowsToRun(waiting, !DUE, 16)).isEqualTo(rows);
  }

  /** Once the first has waited long enough everything goes, be it a preferred size or not. */
  @ParameterizedTest
  @CsvSource({"1, 1", "3, 3", "4, 4", "5, 5", "8, 8", "9, 9", "16, 16", "99, 16"})
  void takesAllThatFitsOnceTheFirstIsDue(int waiting, int rows) {
    BatchPolicy policy = policy(16, 100, 4, 8);

    assertThat(policy.rowsToRun(waiting, DUE, 16)).isEqualTo(rows);
  }

  /** Without a delay nothing waits: a preferred size if there are as many, else what there is. */
  @ParameterizedTest
  @CsvSource({"1, 1", "3, 3", "4, 4", "6, 4", "8, 8", "12, 8", "99, 8"})
  void prefersSizesWithoutWaitingForThemWhereThereIsNoDelay(int waiting, int rows) {
    BatchPolicy policy = policy(16, 0, 4, 8);

    assertThat(policy.rowsToRun(waiting, DUE, 16)).isEqualTo(rows);
  }

  /** A delay alone waits for a full batch. */
  @ParameterizedTest
  @CsvSource({"1, 0", "15, 0", "16, 16", "17, 16"})
  void waitsForAFullBatchWhereNoSizeIsPreferred(int waiting, int rows) {
    BatchPolicy policy = policy(16, 100);

    assertThat(policy.rowsToRun(waiting, !DUE, 16)).isEqualTo(rows);
    assertThat(policy.rowsToRun(waiting, DUE, 16)).isEqualTo(Math.min(waiting, 16));
  }

  @Test
  void overlooksPreferredSizesThatABatchOfTheShapeCannotHave() {
    BatchPolicy policy = policy(16, 100, 4, 8);

    assertThat(policy.rowsToRun(9, !DUE, 6)).isEqualTo(4);
    assertThat(policy.rowsToRun(2, !DUE, 3)).isZero();
    assertThat(policy.rowsToRun(9, !DUE, 3)).isEqualTo(3);
  }

  @Test
  void isOfNoAccountForAModelWithoutBatches() {
    BatchPolicy policy = policy(0, 100, 4, 8);

    assertThat(policy.maxRows()).isEqualTo(1);
    assertThat(policy.preferredRows()).isEmpty();
    assertThat(policy.maxDelayNanos()).isZero();
  }
}
