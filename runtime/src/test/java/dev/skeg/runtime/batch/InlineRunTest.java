package dev.skeg.runtime.batch;

import static dev.skeg.runtime.batch.TestVersion.floats;
import static dev.skeg.runtime.batch.TestVersion.negation;
import static dev.skeg.runtime.batch.TestVersion.row;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.runtime.os.Pace;
import dev.skeg.runtime.socket.AnswerLoop;
import dev.skeg.runtime.testing.Engine;
import io.netty.util.concurrent.DefaultEventExecutor;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What an event loop does while it holds a lane, and what only afterwards. */
final class InlineRunTest {
  @RegisterExtension static final Engine ENGINE = new Engine();

  private static boolean hasIdleLane(TestVersion version) {
    Scheduler scheduler = version.batcher.scheduler();
    Lane lane = scheduler.takeIdle();
    return lane != null && !scheduler.release(lane);
  }

  @Test
  void theLaneIsFreeAgainWhenLargeAnswersOfAnEventLoopsRunAreFlushed() throws Exception {
    DefaultEventExecutor eventLoop = new DefaultEventExecutor();
    try (TestVersion version =
        new TestVersion(ENGINE.backend(), ENGINE.directory(), negation(), "", 1)) {
      version.batcher.measure(Pace.AT_ONCE);
      CompletableFuture<Boolean> wasFree = new CompletableFuture<>();
      CompletableFuture<Boolean> isFree = new CompletableFuture<>();
      AnswerLoop answers = new AnswerLoop(eventLoop);
      AnswerLoop.Outlet connection = answers.outletOf(() -> isFree.complete(hasIdleLane(version)));

      eventLoop
          .submit(() ->
              version.submit(
                  row(1),
                  eventLoop,
                  result -> {
                    floats(result);
                    wasFree.complete(hasIdleLane(version));
                    connection.flushLater(1 << 20);
                  }))
          .get(20, TimeUnit.SECONDS);

      assertThat(isFree.get(20, TimeUnit.SECONDS)).isTrue();
      assertThat(wasFree).isCompletedWithValue(false); // So it ran on the event loop.
    } finally {
      var _ = eventLoop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
  }
}
