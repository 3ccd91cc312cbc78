package dev.skeg.runtime.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How long a server waits for a source that it has not heard of. */
@Timeout(60)
final class FirstTryTest {
  private final FirstTry firstTry = new FirstTry();

  @Test
  void waitsNoLongerThanItsPatienceForASourceThatIsSilent() throws InterruptedException {
    assertThat(firstTry.await(Duration.ofMillis(20))).isFalse();
  }

  @Test
  void waitsForALoadHoweverLongItTakes() throws InterruptedException {
    firstTry.loading(true);
    Thread loader = Thread.ofVirtual().start(firstTry::done);

    assertThat(firstTry.await(Duration.ofNanos(1))).isTrue();
    loader.join();
  }

  @Test
  void doesNotWaitOnceItIsDone() throws InterruptedException {
    firstTry.done();

    assertThat(firstTry.await(Duration.ofDays(1))).isTrue();
  }
}
