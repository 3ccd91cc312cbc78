package dev.skeg.runtime.socket;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.runtime.os.ReadPause;
import io.netty.channel.SelectStrategy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PausingSelectTest {
  private static final int READY = 3;

  private final List<Long> pauses = new ArrayList<>();
  private final PausingSelect select = new PausingSelect(pauses::add);

  private int select(boolean hasTasks) throws Exception {
    return select.calculateStrategy(() -> READY, hasTasks);
  }

  @Test
  void waitsForSocketsWhereNothingWasAskedFor() throws Exception {
    assertThat(select(false)).isEqualTo(SelectStrategy.SELECT);
    assertThat(pauses).isEmpty();
  }

  @Test
  void makesThePauseThatWasAskedForOnceAndOnlyWhenTheTasksAreDone() throws Exception {
    ReadPause.own().ask(1_000);

    assertThat(select(true)).isEqualTo(READY);
    assertThat(pauses).isEmpty();

    assertThat(select(false)).isEqualTo(READY);
    assertThat(pauses).containsExactly(1_000L);

    assertThat(select(false)).isEqualTo(SelectStrategy.SELECT);
    assertThat(pauses).hasSize(1);
  }

  @Test
  void makesTheShortestOfThoseAskedFor() throws Exception {
    ReadPause.own().ask(2_000);
    ReadPause.own().ask(1_000);
    ReadPause.own().ask(3_000);

    assertThat(select(false)).isEqualTo(READY);
    assertThat(pauses).containsExactly(1_000L);
  }

  @Test
  void knowsNothingOfWhatOtherThreadsAskFor() throws Exception {
    Thread other = Thread.ofPlatform().start(() -> ReadPause.own().ask(1_000));
    other.join();

    assertThat(select(false)).isEqualTo(SelectStrategy.SELECT);
  }
}
