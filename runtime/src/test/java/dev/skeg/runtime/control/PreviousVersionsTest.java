package dev.skeg.runtime.control;

import static dev.skeg.runtime.control.ControlledModels.MODEL;
import static dev.skeg.runtime.control.ControlledModels.get;
import static dev.skeg.runtime.control.ControlledModels.keeping;
import static dev.skeg.runtime.control.ControlledModels.labelled;
import static dev.skeg.runtime.control.ControlledModels.plan;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.runtime.config.VersionsConfig;
import dev.skeg.runtime.endpoint.Endpoint;
import dev.skeg.runtime.endpoint.VersionStatus;
import dev.skeg.runtime.servable.ServableHandle;
import dev.skeg.runtime.servable.VersionState;
import dev.skeg.runtime.testing.OnnxModels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Versions that are kept for going back, and brought back for it after a restart. */
final class PreviousVersionsTest {
  private static final byte[] BROKEN = "not a model".getBytes(StandardCharsets.UTF_8);

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
  void goingBackNeedsNoLoad() throws Exception {
    VersionPlan.Load first = models.adding(1);
    models.apply(plan(first), plan(models.adding(2)));
    VersionStatus.Ready kept = models.ready(1);
    assertThat(models.ask("")).isEqualTo(2);
    assertThat(models.ask("1")).isEqualTo(1);
    assertThat(models.status(1).reason()).contains("kept for going back");
    Files.delete(first.request().modelFile());

    models.apply(plan(first));

    assertThat(models.ask("")).isEqualTo(1);
    assertThat(models.ready(1)).isSameAs(kept);
    assertThat(models.status(1).reason()).isEmpty();
    assertThat(models.ask("2")).isEqualTo(2);
  }

  @Test
  void keepsOnlyAsManyPreviousVersionsAsItShould() {
    List<ModelPlan> plans = new ArrayList<>();
    for (int number = 1; number <= 5; number++) {
      plans.add(plan(keeping(2), models.adding(number)));
    }

    models.apply(plans.toArray(ModelPlan[]::new));

    assertThat(models.index()).endsWith("3 READY", "4 READY", "5 READY");
    assertThat(models.endpoints.isReady(MODEL, "2")).isFalse();
    assertThat(models.endpoints.isReady(MODEL, "3")).isTrue();
  }

  @Test
  void whatWasKeptIsLoadedAgainAfterWhatIsWantedAsFarAsSoManyAreKept() {
    VersionPlan.Load oldest = models.adding(1);
    VersionPlan.Load older = models.load(2, "digest", BROKEN);
    VersionPlan.Load newer = models.load(3, "of another signature", OnnxModels.gather(4));

    Endpoint endpoint = models.apply(keptPlan(keeping(2), models.adding(4), oldest, older, newer));

    assertThat(models.ask("")).isEqualTo(4);
    assertThat(endpoint.previous()).containsExactlyInAnyOrder(1L, 3L);
    assertThat(models.status(3).reason()).contains("kept for going back");
    assertThat(models.status(2).state()).isEqualTo(VersionState.UNAVAILABLE);

    models.apply(plan(keeping(2), models.adding(5)));
    models.awaitIndex("3 READY", "4 READY", "5 READY"); // The longest out of service went.
  }

  @Test
  void whatWasKeptTakesNoMoreRoomThanThereIsButForWhatLabelsMean() {
    VersionPlan.Load oldest = models.adding(1);
    VersionPlan.Load older = models.adding(2);
    VersionPlan.Load newer = models.adding(3);

    models.apply(keptPlan(labelled(1, Map.of("old", 1L)), models.adding(4), oldest, older, newer));

    assertThat(models.index()).containsExactly("1 READY", "3 READY", "4 READY");
    assertThat(models.ask("old")).isEqualTo(1);
  }

  @Test
  void whatWasKeptAndHasNoMemoryIsLeftAndTakesNobodysPlace() {
    models.apply(plan(models.adding(1)), plan(models.adding(2)));
    models.available.set(0);

    Endpoint endpoint = models.apply(keptPlan(keeping(2), models.adding(2), models.adding(3)));

    assertThat(endpoint.previous()).containsExactly(1L);
    assertThat(models.status(3).reason()).contains("there is no memory for it");
    assertThat(models.ask("")).isEqualTo(2);
  }

  private static ModelPlan keptPlan(
      VersionsConfig handling, VersionPlan.Load wanted, VersionPlan.Load... kept) {
    return new ModelPlan(
        MODEL, List.of(wanted), "", handling, false, List.of(kept), LoadJournal.NONE);
  }

  @Test
  void versionsKeptForGoingBackGiveWayWhereMemoryIsShort() {
    models.apply(plan(models.adding(1)), plan(models.adding(2)));
    ServableHandle claim = Objects.requireNonNull(models.ready(1).servable().acquire());
    models.available.set(1 << 20);

    CompletableFuture<Endpoint> third = models.control.apply(plan(models.adding(3)));
    models.awaitIndex("1 UNLOADING", "2 READY", "3 LOADING");
    models.available.set(Long.MAX_VALUE);
    claim.close();
    get(third);

    assertThat(models.ask("")).isEqualTo(3);
    assertThat(models.index()).containsExactly("2 READY", "3 READY");
  }
}
