package dev.skeg.runtime.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.registry.Pointer;
import dev.skeg.registry.Progress;
import dev.skeg.registry.PublishRequest;
import dev.skeg.registry.Publisher;
import dev.skeg.registry.Revision;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.Sources;
import dev.skeg.registry.store.ArtifactStore;
import dev.skeg.registry.store.StoreConfig;
import dev.skeg.runtime.backend.Backend;
import dev.skeg.runtime.backend.BackendModel;
import dev.skeg.runtime.backend.LoadOptions;
import dev.skeg.runtime.backend.onnx.OnnxRuntimeBackend;
import dev.skeg.runtime.config.CpuBudget;
import dev.skeg.runtime.config.ServerConfig;
import dev.skeg.runtime.config.SourceConfig;
import dev.skeg.runtime.control.ModelControl;
import dev.skeg.runtime.control.ModelPlan;
import dev.skeg.runtime.endpoint.Endpoint;
import dev.skeg.runtime.endpoint.EndpointTable;
import dev.skeg.runtime.servable.Loader;
import dev.skeg.runtime.source.SourceServing.Manner;
import dev.skeg.runtime.telemetry.InferenceMetrics;
import dev.skeg.runtime.testing.OnnxModels;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Versions from a real source and store, which a process loads after another that served version 2
 * and kept version 1 for going back.
 */
@Timeout(180)
final class SourceRestoreTest {
  @TempDir Path directory;

  private final InferenceMetrics metrics = new InferenceMetrics();
  private final EndpointTable endpoints = new EndpointTable(metrics);
  private final FirstTry firstTry = new FirstTry();
  private final BlockingQueue<Runnable> later = new LinkedBlockingQueue<>();

  /** What the test does as a plan is carried out, and what the watch waits for. */
  private BiFunction<ModelPlan, CompletableFuture<Endpoint>, CompletableFuture<Endpoint>> applied =
      (_, done) -> done;

  /** What the test does as the engine loads the version with that hash. */
  private volatile Consumer<String> loading = _ -> {};

  private SourceConfig config;
  private OnnxRuntimeBackend backend;
  private ModelControl control;
  private SourceVersions versions;
  private SourceServing serving;

  private final class Controlled implements Plans {
    @Override
    public CompletableFuture<Endpoint> apply(ModelPlan plan) {
      return applied.apply(plan, control.apply(plan));
    }

    @Override
    public Optional<Endpoint> endpoint(String model) {
      return endpoints.endpoint(model);
    }

    @Override
    public CompletableFuture<@Nullable Void> forget(String model) {
      return control.forget(model);
    }
  }

  /** The real engine. */
  private final class Watched implements Backend {
    @Override
    public String name() {
      return backend.name();
    }

    @Override
    public String platform() {
      return backend.platform();
    }

    @Override
    public String version() {
      return backend.version();
    }

    @Override
    public BackendModel load(LoadOptions options) {
      Path version = Objects.requireNonNull(options.file().getParent());
      loading.accept(String.valueOf(version.getFileName()));
      return backend.load(options);
    }

    @Override
    public void close() {
      backend.close();
    }
  }

  @BeforeEach
  void open() throws IOException {
    Sources sources = Sources.load(SourceRestoreTest.class.getClassLoader());
    config =
        ServerConfig.of(Map.of("models.m.source", "file://" + directory.resolve("registry")))
            .sources()
            .getFirst();
    try (Publisher publisher = sources.publisher(config.uri(), SourceSettings.defaults())) {
      for (int number = 1; number <= 3; number++) {
        Path version = Files.createDirectory(directory.resolve("version-" + number));
        Files.write(version.resolve("model.onnx"), OnnxModels.adding(number));
        publisher.publish(version, PublishRequest.next(), Progress.NONE);
      }
    }
    backend = new OnnxRuntimeBackend(directory);
    control = new ModelControl(new Loader(new Watched()), endpoints, metrics, Clock.systemUTC());
    versions =
        new SourceVersions(
            config,
            sources.open(config.uri(), config.settings()),
            ArtifactStore.open(directory.resolve("store"), StoreConfig.defaults()),
            new PlanMaker(ServerConfig.defaults().execution(), new CpuBudget(1)),
            VersionNumbers.open(directory.resolve("numbers.json")),
            new LoadAttempts(directory.resolve("loads"), new LoadTurns()),
            Optional.empty());
    version(1);
    versions.served(version(2).revision(), List.of(version(1).revision()));
    serving =
        new SourceServing(
            config, versions, new Controlled(), firstTry, InstantSource.fixed(Instant.EPOCH));
  }

  private SourceVersions.Brought version(long number) {
    Revision revision = versions.resolve(Pointer.version(number));
    return versions.bring(revision, Progress.NONE);
  }

  private long lastServed() {
    return versions.lastServed().orElseThrow().number();
  }

  @AfterEach
  void close() {
    versions.close();
    control.close();
    backend.close();
  }

  @Test
  void aDiskThatFailsAfterARestartHindersNothing() throws Exception {
    assertThat(serving.serve(version(2), Manner.FOLLOWED)).isTrue();
    Path pointers = directory.resolve("store/pointers");
    Files.move(pointers, directory.resolve("away"));
    Files.createFile(pointers);

    serving.restore(later::add);
    Objects.requireNonNull(later.poll(60, TimeUnit.SECONDS)).run();

    assertThat(serving.ready()).containsExactly(1L, 2L);
  }

  @Test
  void aServerIsReadyBeforeWhatIsKeptForGoingBackIsLoaded() throws Exception {
    List<Boolean> tried = new ArrayList<>();
    applied =
        (plan, done) -> {
          if (!plan.kept().isEmpty()) {
            tried.add(isTried());
          }
          return done;
        };
    assertThat(serving.serve(version(2), Manner.FOLLOWED)).isTrue();
    assertThat(isTried()).isFalse();

    serving.restore(later::add);

    assertThat(tried).containsExactly(true);
    Objects.requireNonNull(later.poll(60, TimeUnit.SECONDS)).run();
  }

  @Test
  void whatIsBeingLoadedIsToBlameIfTheProcessEndsAndNothingElse() throws Exception {
    CountDownLatch isThirdWanted = new CountDownLatch(1);
    Map<String, Set<String>> blamed = new ConcurrentHashMap<>();
    SourceVersions.Brought first = version(1);
    SourceVersions.Brought second = version(2);
    SourceVersions.Brought third = version(3);
    loading =
        hash -> {
          if (first.digest().endsWith(hash)) {
            await(isThirdWanted);
          }
          blamed.put("sha256:" + hash, attempts());
        };
    applied =
        (plan, done) -> {
          if (plan.versions().contains(third.plan())) {
            isThirdWanted.countDown();
          }
          return done;
        };

    assertThat(serving.serve(second, Manner.FOLLOWED)).isTrue();
    serving.restore(later::add);
    assertThat(serving.serve(third, Manner.FOLLOWED)).isTrue();

    assertThat(blamed)
        .containsOnlyKeys(first.digest(), second.digest(), third.digest())
        .allSatisfy((digest, attempts) -> assertThat(attempts).containsExactly(digest));
    assertThat(attempts()).isEmpty();
  }

  @Test
  void aLoadForWhichTheServersStopDoesNotWaitIsNotHeldAgainstItsVersion() throws Exception {
    CountDownLatch isFirstLoading = new CountDownLatch(1);
    CountDownLatch isStopped = new CountDownLatch(1);
    SourceVersions.Brought first = version(1);
    loading =
        hash -> {
          if (first.digest().endsWith(hash)) {
            isFirstLoading.countDown();
            await(isStopped);
          }
        };
    assertThat(serving.serve(version(2), Manner.FOLLOWED)).isTrue();
    serving.restore(later::add);
    await(isFirstLoading);
    assertThat(attempts()).containsExactly(first.digest());

    versions.close();

    assertThat(attempts()).isEmpty();
    isStopped.countDown();
  }

  /** Returns the digests of the versions whose loads are written down as under way. */
  private Set<String> attempts() {
    try (Stream<Path> files = Files.list(directory.resolve("loads"))) {
      return files
          .map(file -> String.valueOf(file.getFileName()))
          .map(name -> name.substring(0, name.indexOf('.')).replace('-', ':'))
          .collect(Collectors.toSet());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private boolean isTried() {
    try {
      return firstTry.await(Duration.ZERO);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void whatServesWhenTheServerStopsServesAfterARestart() throws Exception {
    applied =
        (_, done) -> {
          done.join();
          Thread.currentThread().interrupt();
          return done;
        };
    SourceVersions.Brought first = version(1);
    assertThat(serving.serve(first, Manner.FOLLOWED)).isTrue();
    assertThat(Thread.interrupted()).isTrue();
    assertThat(lastServed()).isEqualTo(1);

    applied =
        (_, done) -> {
          done.join();
          Thread.currentThread().interrupt();
          return new CompletableFuture<>();
        };
    SourceVersions.Brought second = version(2);
    assertThatThrownBy(() -> serving.serve(second, Manner.FOLLOWED))
        .isInstanceOf(InterruptedException.class);
    assertThat(lastServed()).isEqualTo(2);
  }
}
