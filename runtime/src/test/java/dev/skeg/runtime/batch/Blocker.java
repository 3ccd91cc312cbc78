package dev.skeg.runtime.batch;

import static dev.skeg.runtime.batch.TestVersion.floats;
import static dev.skeg.runtime.batch.TestVersion.row;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Keeps the only lane of a version busy: its answer is not taken until it is let go. */
final class Blocker implements AutoCloseable {
  private final CountDownLatch taken = new CountDownLatch(1);
  private final CountDownLatch go = new CountDownLatch(1);

  Blocker(TestVersion version) throws InterruptedException {
    var _ =
        version.submit(
            row(0),
            null,
            result -> {
              taken.countDown();
              try {
                var _ = go.await(60, TimeUnit.SECONDS);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              floats(result);
            });
    assertThat(taken.await(20, TimeUnit.SECONDS)).isTrue();
  }

  @Override
  public void close() {
    go.countDown();
  }
}
