package dev.skeg.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class TickingSelectTest {
  private static final int READY = 3;

  private final List<Long> pauses = new ArrayList<>();
  private long now = 5_000_000;
  private final TickingSelect select =
      new TickingSelect(
          Duration.ofMillis(1),
          () -> now,
          nanos -> {
            pauses.add(nanos);
            now += nanos;
          });

  private void look(boolean hasTasks) throws Exception {
    assertThat(select.calculateStrategy(() -> READY, hasTasks)).isEqualTo(READY);
  }

  @Test
  void looksOnceInATickWhateverTheWorkBetweenTakes() throws Exception {
    look(false);
    now += 300_000;
    look(false);
    now += 1_700_000;
    look(false);
    look(false);

    assertThat(pauses).containsExactly(1_000_000L, 700_000L, 1_000_000L);
  }

  @Test
  void neverPausesWhileThereIsWork() throws Exception {
    look(true);

    assertThat(pauses).isEmpty();
  }
}
