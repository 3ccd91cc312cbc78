package dev.skeg.runtime.source;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.registry.ModelDirectory;
import dev.skeg.runtime.config.CpuBudget;
import dev.skeg.runtime.config.ServerConfig;
import dev.skeg.runtime.config.ServerConfig.ModelControl;
import dev.skeg.runtime.config.ServerConfig.ModelControlMode;
import dev.skeg.runtime.control.ModelPlan;
import dev.skeg.runtime.endpoint.Endpoint;
import dev.skeg.runtime.endpoint.VersionStatus;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.servable.VersionState;
import dev.skeg.runtime.testing.OnnxModels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A directory of models that does not change, and a version of it that fails as the test says. */
final class RepositoryWatchTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  @TempDir Path directory;

  /** Whatever is applied fails in a way that may pass. */
  private static final class Failing implements Plans {
    final CountDownLatch applied = new CountDownLatch(2);

    @Override
    public CompletableFuture<Endpoint> apply(ModelPlan plan) {
      applied.countDown();
      return CompletableFuture.completedFuture(failing(VersionState.UNAVAILABLE, true));
    }

    @Override
    public Optional<Endpoint> endpoint(String model) {
      return Optional.of(failing(VersionState.UNAVAILABLE, true));
    }

    @Override
    public CompletableFuture<@Nullable Void> forget(String model) {
      return CompletableFuture.completedFuture(null);
    }
  }

  private static Endpoint failing(VersionState state, boolean isPassing) {
    VersionStatus status =
        new VersionStatus(
            new ModelVersion("m", 1), "", state, Instant.EPOCH, "no memory", null, isPassing);
    return new Endpoint("m", List.of(status), "");
  }

  @Test
  void whatFailedInAWayThatMayPassIsTriedAgainThoughNothingChanged() throws Exception {
    Path version = Files.createDirectories(directory.resolve("models/m/1"));
    Files.write(version.resolve("model.onnx"), OnnxModels.adding(1));
    Failing plans = new Failing();
    try (RepositoryWatch watch =
        new RepositoryWatch(
            ModelDirectory.open(directory.resolve("models")),
            new PlanMaker(ServerConfig.defaults().execution(), new CpuBudget(1)),
            Set.of(),
            plans,
            new DirectoryQuarantine(directory.resolve("data"), InstantSource.system()),
            new ModelControl(ModelControlMode.POLL, 1),
            InstantSource.system())) {
      assertThat(watch.start()).hasSize(1);
      watch.follow();

      assertThat(plans.applied.await(60, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void itIsTriedWithTheNextLookThenAfterTwiceAsLongEachTime() {
    PassingFailures failures = new PassingFailures(Duration.ofSeconds(15));
    Optional<Endpoint> failing = Optional.of(failing(VersionState.UNAVAILABLE, true));
    Optional<Endpoint> loading = Optional.of(failing(VersionState.LOADING, false));

    assertThat(failures.isDue("m", failing, 0)).isTrue();
    assertThat(failures.isDue("m", loading, 5 * SECOND)).isFalse();
    assertThat(failures.isDue("m", failing, 14 * SECOND)).isFalse();
    assertThat(failures.isDue("m", failing, 15 * SECOND)).isTrue();
    assertThat(failures.isDue("m", failing, 44 * SECOND)).isFalse();
    assertThat(failures.isDue("m", failing, 45 * SECOND)).isTrue();
    assertThat(failures.isDue("m", Optional.empty(), 46 * SECOND)).isFalse();
    assertThat(failures.isDue("m", failing, 47 * SECOND)).isTrue();
  }
}
