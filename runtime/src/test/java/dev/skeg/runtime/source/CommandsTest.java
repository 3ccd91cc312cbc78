package dev.skeg.runtime.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

final class CommandsTest {
  private final Commands commands = new Commands();

  @Test
  void oneThatFailsHindersNoneOfTheOthers() throws InterruptedException {
    CompletableFuture<String> failed = new CompletableFuture<>();
    CompletableFuture<String> done = new CompletableFuture<>();
    commands.add(() -> {
      throw new IllegalStateException("the disk is full");
    });
    commands.ask(
        failed,
        () -> {
          throw new OutOfMemoryError("the heap is full");
        });
    commands.ask(done, () -> "done");

    assertThat(commands.run(Duration.ZERO)).isFalse();

    assertThat(failed).isCompletedExceptionally();
    assertThat(done).isCompletedWithValue("done");
  }
}
