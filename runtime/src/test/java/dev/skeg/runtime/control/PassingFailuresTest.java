package dev.skeg.runtime.control;

import static dev.skeg.runtime.control.ControlledModels.keeping;
import static dev.skeg.runtime.control.ControlledModels.plan;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.runtime.config.SwapPolicy;
import dev.skeg.runtime.config.VersionsConfig;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What keeps a version from being loaded and may be otherwise at another time. */
final class PassingFailuresTest {
  @TempDir Path directory;

  private ControlledModels models;

  @BeforeEach
  void start() {
    models = new ControlledModels(directory);
  }

  @AfterEach
  void stop() {
    models.close();
  }

  @Test
  void aVersionForWhichThereIsNoMemoryIsRefusedAndTriedAgainWithTheNextPlan() {
    VersionPlan.Load second = models.adding(2);
    models.apply(plan(keeping(0), models.adding(1)));
    models.available.set(1 << 20);

    models.apply(plan(keeping(0), second));

    assertThat(models.ask("")).isEqualTo(1);
    assertThat(models.status(2).reason())
        .startsWith(
            "there is no memory for it: loading it takes about 9 MiB (its files have 1 MiB)")
        .contains("and 1 MiB are free");

    models.available.set(Long.MAX_VALUE);
    models.apply(plan(keeping(0), second));

    assertThat(models.ask("")).isEqualTo(2);
  }

  @Test
  void aVersionThatIsTooSlowIsTriedAgainWithTheNextPlan() throws IOException {
    VersionPlan.Load second = models.adding(2);
    Files.writeString(
        second.request().versionDirectory().resolve("golden.jsonl"),
        """
        {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 1], "data": [1]}],\
         "outputs": [{"name": "y", "datatype": "FP32", "shape": [1, 1], "data": [3]}]}
        """);
    models.apply(plan(keeping(0), models.adding(1)));

    models.apply(plan(within(Duration.ofNanos(1)), second));

    assertThat(models.ask("")).isEqualTo(1);
    assertThat(models.status(2).isPassing()).isTrue();
    assertThat(models.status(2).reason()).startsWith("golden.jsonl:1: takes ");

    models.apply(plan(within(Duration.ofMinutes(1)), second));

    assertThat(models.ask("")).isEqualTo(2);
  }

  @Test
  void aVersionThatTheDiskFailedIsTriedAgainWithTheNextPlan() throws IOException {
    VersionPlan.Load second = models.adding(2);
    Path unreadable =
        Files.createDirectory(second.request().versionDirectory().resolve("golden.jsonl"));
    models.apply(plan(keeping(0), models.adding(1)));

    models.apply(plan(keeping(0), second));

    assertThat(models.ask("")).isEqualTo(1);
    assertThat(models.status(2).reason()).contains("golden.jsonl cannot be read");
    assertThat(models.status(2).isPassing()).isTrue();

    Files.delete(unreadable);
    models.apply(plan(keeping(0), second));

    assertThat(models.ask("")).isEqualTo(2);
  }

  @Test
  void whatTheSystemLacksIsNoFaultOfTheVersion() {
    assertThat(VersionLoader.isPassing(new OutOfMemoryError("unable to create native thread")))
        .isTrue();
    assertThat(VersionLoader.isPassing(failure("std::bad_alloc", null))).isTrue();
    assertThat(VersionLoader.isPassing(failure("it fails", failure("why", new IOException()))))
        .isTrue();
    assertThat(VersionLoader.isPassing(failure("Protobuf parsing failed", null))).isFalse();
    assertThat(VersionLoader.isPassing(failure("no row", new NoSuchFileException("row.bin"))))
        .isFalse();
    assertThat(VersionLoader.isPassing(failure("no text", new MalformedInputException(1))))
        .isFalse();
  }

  private static ServingException failure(String message, @Nullable Throwable cause) {
    return new ServingException(ErrorCode.INTERNAL, message, cause);
  }

  private static VersionsConfig within(Duration maxLatency) {
    return new VersionsConfig(SwapPolicy.LOAD_FIRST, 0, Optional.of(maxLatency), Map.of());
  }
}
