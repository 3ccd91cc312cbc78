package dev.skeg.runtime.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.registry.Pointer;
import dev.skeg.registry.Progress;
import dev.skeg.registry.PublishRequest;
import dev.skeg.registry.Publisher;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.Revision;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.Sources;
import dev.skeg.registry.store.ArtifactStore;
import dev.skeg.registry.store.StoreConfig;
import dev.skeg.runtime.config.CpuBudget;
import dev.skeg.runtime.config.ServerConfig;
import dev.skeg.runtime.config.SourceConfig;
import dev.skeg.runtime.config.VersionsConfig;
import dev.skeg.runtime.control.LoadJournal;
import dev.skeg.runtime.control.ModelPlan;
import dev.skeg.runtime.control.VersionPlan;
import dev.skeg.runtime.endpoint.Endpoint;
import dev.skeg.runtime.endpoint.VersionStatus;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.servable.VersionState;
import dev.skeg.runtime.source.SourceServing.Manner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Versions from a real source and store, which an engine refuses as the test says. */
final class SourceServingTest {
  @TempDir Path directory;

  private final List<ModelPlan> applied = new ArrayList<>();
  private String reason = "";
  private boolean isPassing;
  private LoadAttempts attempts;
  private SourceVersions versions;
  private SourceServing serving;

  /** Every version fails to load, by {@link #reason}. */
  private final class Failing implements Plans {
    @Override
    public CompletableFuture<Endpoint> apply(ModelPlan plan) {
      applied.add(plan);
      plan.versions().stream()
          .filter(VersionPlan.Load.class::isInstance)
          .forEach(load -> plan.journal().begin((VersionPlan.Load) load).end(!isPassing));
      List<VersionStatus> statuses =
          plan.versions().stream().map(version -> status(plan.model(), version)).toList();
      return CompletableFuture.completedFuture(new Endpoint(plan.model(), statuses, ""));
    }

    private VersionStatus status(String model, VersionPlan version) {
      return new VersionStatus(
          new ModelVersion(model, version.number()),
          version instanceof VersionPlan.Load load ? load.digest() : "",
          VersionState.UNAVAILABLE,
          Instant.EPOCH,
          reason,
          null,
          isPassing);
    }

    @Override
    public Optional<Endpoint> endpoint(String model) {
      return Optional.empty();
    }

    @Override
    public CompletableFuture<@Nullable Void> forget(String model) {
      return CompletableFuture.completedFuture(null);
    }
  }

  @BeforeEach
  void open() throws IOException {
    Path root = directory.resolve("registry");
    Sources sources = Sources.load(SourceServingTest.class.getClassLoader());
    SourceConfig config =
        ServerConfig.of(Map.of("models.m.source", "file://" + root)).sources().getFirst();
    try (Publisher publisher = sources.publisher(config.uri(), SourceSettings.defaults())) {
      Path version = Files.createDirectories(directory.resolve("version"));
      Files.writeString(version.resolve("model.onnx"), "one");
      publisher.publish(version, PublishRequest.next(), Progress.NONE);
    }
    attempts = new LoadAttempts(directory.resolve("loads"), new LoadTurns());
    versions =
        new SourceVersions(
            config,
            sources.open(config.uri(), config.settings()),
            ArtifactStore.open(directory.resolve("store"), StoreConfig.defaults()),
            new PlanMaker(ServerConfig.defaults().execution(), new CpuBudget(1)),
            VersionNumbers.open(directory.resolve("numbers.json")),
            attempts,
            Optional.empty());
    serving =
        new SourceServing(
            config, versions, new Failing(), new FirstTry(), InstantSource.fixed(Instant.EPOCH));
  }

  @AfterEach
  void close() {
    versions.close();
  }

  @Test
  void whatTheEngineRefusesGoesIntoQuarantineUntilItIsPardoned() throws InterruptedException {
    reason = "no model";
    Revision revision = versions.resolve(Pointer.LATEST);

    assertThat(serving.serve(versions.bring(revision, Progress.NONE), Manner.FOLLOWED)).isFalse();

    assertThat(serving.status().problem()).contains("no model");
    assertThatThrownBy(() -> versions.bring(revision, Progress.NONE))
        .isInstanceOfSatisfying(
            RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.INVALID))
        .hasMessageContaining("is in quarantine: no model");
    versions.pardon(revision);
    assertThat(versions.bring(revision, Progress.NONE).plan()).isInstanceOf(VersionPlan.Load.class);
  }

  @Test
  void whatLacksMemoryIsTriedAgainAndNotPutIntoQuarantine() {
    isPassing = true;
    reason = "there is no memory for it: loading it takes about 9 MiB, and 1 MiB are free";
    Revision revision = versions.resolve(Pointer.LATEST);
    SourceVersions.Brought brought = versions.bring(revision, Progress.NONE);

    assertThatThrownBy(() -> serving.serve(brought, Manner.FOLLOWED))
        .isInstanceOfSatisfying(
            RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.TRANSIENT));

    assertThat(versions.bring(revision, Progress.NONE).plan()).isInstanceOf(VersionPlan.Load.class);
  }

  @Test
  void whatEndsOneProcessAfterTheOtherIsNotLoadedUntilItIsForced() throws Exception {
    reason = "no model";
    Revision revision = versions.resolve(Pointer.LATEST);
    versions.served(revision, List.of());
    SourceVersions.Brought brought = versions.bring(revision, Progress.NONE);
    for (int deaths = 0; deaths < 2; deaths++) {
      die(brought.digest());
    }
    assertThat(serving.serve(brought, Manner.FOLLOWED)).isFalse();
    assertThat(serving.status().problem()).as("it was loaded").contains("no model");

    for (int deaths = 0; deaths < 3; deaths++) {
      die(brought.digest());
    }
    applied.clear();
    assertThat(serving.serve(brought, Manner.FOLLOWED)).isFalse();

    assertThat(serving.status().problem().orElseThrow())
        .startsWith("the process ended while it was loaded, 3 times in a row");
    assertThat(applied).allMatch(plan -> plan.versions().getFirst() instanceof VersionPlan.Refuse);
    assertThatThrownBy(() -> versions.bring(revision, Progress.NONE))
        .hasMessageContaining("is in quarantine: the process ended while it was loaded");
    versions.pardon(revision);
    applied.clear();
    assertThat(serving.serve(brought, new Manner(true, true))).isFalse();
    assertThat(applied.getFirst().versions().getFirst()).isInstanceOf(VersionPlan.Load.class);
  }

  @Test
  void whatWasKeptAndEndsOneProcessAfterTheOtherIsKeptNoLonger() throws Exception {
    reason = "no model";
    Revision revision = versions.resolve(Pointer.LATEST);
    SourceVersions.Brought brought = versions.bring(revision, Progress.NONE);
    Revision another = new Revision("another", 2, "", Map.of());
    versions.served(another, List.of(revision));
    KeptVersions before = new KeptVersions("m", versions);
    assertThat(before.bring(Optional.empty())).isTrue();
    assertThat(before.loads(Set.of())).singleElement().isEqualTo(brought.plan());
    assertThat(before.loads(Set.of(1L))).isEmpty();

    for (int deaths = 0; deaths < 3; deaths++) {
      die(brought.digest());
    }
    Endpoint nothing = new Endpoint("m", List.of(), "");
    KeptVersions kept = new KeptVersions("m", versions);
    VersionPlan.Load load = (VersionPlan.Load) brought.plan();
    kept.served(new KeptVersions.Served(load, another, VersionsConfig.DEFAULT), nothing);
    assertThat(versions.keptBefore()).singleElement().matches(revision::sameAs);
    assertThat(kept.bring(Optional.of(nothing))).isFalse();
    assertThat(versions.keptBefore()).as("the next start loads it no more").isEmpty();
    assertThat(versions.lastServed()).get().matches(another::sameAs);
    assertThat(serving.serve(brought, Manner.FOLLOWED)).isFalse();
    assertThat(serving.status().problem()).as("it was loaded").contains("no model");
  }

  /** A process has ended while it loaded a version: its lock is gone, its file is not. */
  private void die(String digest) throws IOException {
    Path own = directory.resolve("loads");
    Set<Path> before = files(own);
    LoadJournal.Entry attempt = attempts.begin(digest);
    Set<Path> during = files(own);
    attempt.end(false);
    during.removeAll(before);
    Files.createFile(during.iterator().next());
  }

  private static Set<Path> files(Path directory) throws IOException {
    if (Files.notExists(directory)) {
      return new TreeSet<>();
    }
    try (Stream<Path> files = Files.list(directory)) {
      return files.collect(Collectors.toCollection(TreeSet::new));
    }
  }

  @Test
  void whatServedBeforeIsNotPutIntoQuarantine() throws InterruptedException {
    reason = "something else is wrong";
    Revision revision = versions.resolve(Pointer.LATEST);
    versions.served(revision, List.of());

    assertThat(serving.serve(versions.bring(revision, Progress.NONE), Manner.FOLLOWED)).isFalse();

    assertThat(versions.bring(revision, Progress.NONE).plan()).isInstanceOf(VersionPlan.Load.class);
  }

  @Test
  void aRefusalIsToldBesideWhatIsWantedAndNothingElseReplacesIt() throws InterruptedException {
    serving.tellIfNothingIsServed("waits");
    serving.refuse(new VersionPlan.Refuse(7, "corrupt"));
    serving.tellIfNothingIsServed("the registry is down");

    assertThat(applied)
        .satisfiesExactly(
            waits -> assertThat(waits.reason()).isEqualTo("waits"),
            refused ->
                assertThat(refused.versions())
                    .containsExactly(new VersionPlan.Refuse(7, "corrupt")));
  }
}
