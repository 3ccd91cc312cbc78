package dev.skeg.runtime.control;

import static dev.skeg.runtime.control.ControlledModels.MODEL;
import static dev.skeg.runtime.control.ControlledModels.get;
import static dev.skeg.runtime.control.ControlledModels.keeping;
import static dev.skeg.runtime.control.ControlledModels.labelled;
import static dev.skeg.runtime.control.ControlledModels.plan;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.skeg.runtime.config.ModelConfigFile;
import dev.skeg.runtime.config.SwapPolicy;
import dev.skeg.runtime.config.VersionsConfig;
import dev.skeg.runtime.endpoint.Endpoint;
import dev.skeg.runtime.endpoint.VersionStatus;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.InferenceResult;
import dev.skeg.runtime.servable.ServableHandle;
import dev.skeg.runtime.servable.VersionState;
import dev.skeg.runtime.testing.OnnxGraph;
import dev.skeg.runtime.testing.OnnxModels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One model through plan after plan, with the real engine. */
final class ModelControlTest {
  private static final byte[] BROKEN = "not a model".getBytes(StandardCharsets.UTF_8);
  private static final VersionsConfig UNLOAD_FIRST = new VersionsConfig(SwapPolicy.UNLOAD_FIRST, 0);

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
  void noRequestFailsOrIsAnsweredWronglyDuringHundredsOfSwaps() throws InterruptedException {
    int swaps = 200;
    models.apply(plan(keeping(0), models.adding(1)));
    AtomicBoolean isOver = new AtomicBoolean();
    AtomicLong answered = new AtomicLong();
    List<String> wrong = new ArrayList<>();
    List<Thread> clients = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      clients.add(
          Thread.ofPlatform()
              .start(() -> {
                for (int x = 0; !isOver.get(); x = (x + 1) % 1000) {
                  InferenceResult result = models.infer(ControlledModels.request("", x));
                  boolean isRight =
                      result instanceof InferenceResult.Completed completed
                          && ControlledModels.value(result) == x + completed.servedBy().number();
                  if (isRight) {
                    answered.incrementAndGet();
                  } else {
                    synchronized (wrong) {
                      wrong.add(x + ": " + result);
                    }
                  }
                }
              }));
    }

    for (int number = 2; number <= swaps; number++) {
      models.apply(plan(keeping(0), models.adding(number)));
      assertThat(models.ask("")).isEqualTo(number);
    }
    isOver.set(true);
    for (Thread client : clients) {
      client.join();
    }

    assertThat(wrong).isEmpty();
    assertThat(answered.get()).isGreaterThan(swaps);
    get(models.control.forget(MODEL));
    assertThat(models.index()).isEmpty();
  }

  @Test
  void aJournalIsToldWhetherALoadShowsThatItsVersionEndsNoProcess() {
    Map<Long, Boolean> survived = new ConcurrentHashMap<>();
    LoadJournal journal = load -> isSurvived -> survived.put(load.number(), isSurvived);

    models.apply(journalled(models.adding(1), journal));
    models.apply(journalled(models.load(2, "broken", BROKEN), journal));
    models.available.set(0);
    models.apply(journalled(models.adding(3), journal));

    assertThat(survived).containsExactlyInAnyOrderEntriesOf(Map.of(1L, true, 2L, true, 3L, false));
  }

  @Test
  void aJournalThatFailsLeavesNobodyWaiting() {
    models.apply(
        journalled(
            models.adding(1),
            _ -> {
              throw new OutOfMemoryError("Java heap space");
            }));
    assertThat(models.index()).containsExactly("1 UNAVAILABLE");
    assertThat(models.status(1).reason()).contains("Java heap space");

    models.apply(
        journalled(
            models.adding(2),
            _ ->
                _ -> {
                  throw new OutOfMemoryError("Java heap space");
                }));
    assertThat(models.ask("")).isEqualTo(2);
  }

  private static ModelPlan journalled(VersionPlan.Load load, LoadJournal journal) {
    return new ModelPlan(MODEL, List.of(load), "", keeping(0), false, List.of(), journal);
  }

  @Test
  void whatCannotBeLoadedDisturbsNothingAndIsNotTriedAgainUnlessForced() throws Exception {
    models.apply(plan(models.adding(1)));
    VersionPlan.Load broken = models.load(2, "digest", BROKEN);

    models.apply(plan(broken));

    assertThat(models.ask("")).isEqualTo(1);
    assertThat(models.index()).containsExactly("1 READY", "2 UNAVAILABLE");
    assertThat(models.status(1).reason()).contains("until what takes its place is ready");
    assertThat(models.status(2).reason()).isNotEmpty();

    Files.write(broken.request().modelFile(), OnnxModels.adding(2));
    models.apply(plan(broken));
    assertThat(models.index()).containsExactly("1 READY", "2 UNAVAILABLE");

    models.apply(plan(broken).forced());
    assertThat(models.ask("")).isEqualTo(2);
  }

  @Test
  void whatIsRefusedLeavesWhatIsLoadedOfItServing() {
    VersionPlan.Load first = models.adding(1);
    models.apply(plan(first));

    models.apply(plan(new VersionPlan.Refuse(1, "config.pbtxt is wrong")));

    assertThat(models.ask("")).isEqualTo(1);
    assertThat(models.status(1).reason()).contains("config.pbtxt is wrong");
    models.apply(plan(first));
    assertThat(models.status(1).reason()).isEmpty();
  }

  @Test
  void applyingWhatIsThereChangesNothingWhereverItsFilesLie() {
    models.apply(plan(models.adding(1)));
    VersionStatus before = models.status(1);

    models.apply(plan(models.adding(1)));

    assertThat(models.status(1)).isEqualTo(before);
  }

  @Test
  void otherFilesUnderTheSameNumberTakeItsPlace() {
    models.apply(plan(models.load(1, "one", OnnxModels.adding(10))));
    VersionStatus.Ready before = models.ready(1);

    models.apply(plan(models.load(1, "two", OnnxModels.adding(20))));

    assertThat(models.ask("")).isEqualTo(20);
    assertThat(models.status(1).digest()).isEqualTo("two");
    assertThat(models.ready(1)).isNotSameAs(before);

    models.apply(plan(models.load(1, "three", BROKEN)));

    assertThat(models.ask("")).isEqualTo(20);
    assertThat(models.status(1).reason()).contains("its new files cannot be served");
  }

  @Test
  void aReplacedVersionIsFreedWhenItsLastClaimIsGone() {
    models.apply(plan(keeping(0), models.adding(1)));
    ServableHandle claim = Objects.requireNonNull(models.ready(1).servable().acquire());

    models.apply(plan(keeping(0), models.adding(2)));

    assertThat(models.ask("")).isEqualTo(2);
    assertThat(models.index()).containsExactly("1 UNLOADING", "2 READY");
    assertThat(models.infer(ControlledModels.request("1", 0)))
        .isInstanceOf(InferenceResult.Rejected.class);
    CompletableFuture<?> forgotten = models.control.forget(MODEL);
    assertThat(forgotten).isNotDone();
    claim.close();
    get(forgotten);
    assertThat(models.index()).isEmpty();
  }

  @Test
  void severalVersionsAreServedSideBySideAndAllOfThemReplaced() {
    models.apply(plan(keeping(0), models.adding(1), models.adding(2)));
    assertThat(models.ask("")).isEqualTo(2);
    assertThat(models.ask("1")).isEqualTo(1);

    models.apply(plan(keeping(0), models.adding(2), models.adding(3)));

    assertThat(models.ask("")).isEqualTo(3);
    assertThat(models.ask("2")).isEqualTo(2);
    assertThat(models.endpoints.isReady(MODEL, "1")).isFalse();
  }

  @Test
  void aVersionThatIsToBeOutIsNotKeptEither() {
    VersionPlan.Load second = models.adding(2);
    models.apply(plan(models.adding(1)), plan(second));

    models.apply(plan(new VersionPlan.Unload(1, "unloaded by hand"), second));

    assertThat(models.endpoints.isReady(MODEL, "1")).isFalse();
    assertThat(models.ask("")).isEqualTo(2);
    models.apply(plan(new VersionPlan.Unload(2, "unloaded by hand")));
    assertThat(models.endpoints.isReady(MODEL, "")).isFalse();
    assertThat(models.status(2).state()).isIn(VersionState.UNLOADING, VersionState.UNAVAILABLE);
  }

  @Test
  void whereMemoryIsShortTheOldVersionIsFreedBeforeTheNewOneIsLoaded() {
    models.apply(plan(UNLOAD_FIRST, models.adding(1)));
    ServableHandle claim = Objects.requireNonNull(models.ready(1).servable().acquire());

    CompletableFuture<Endpoint> swapped =
        models.control.apply(plan(UNLOAD_FIRST, models.adding(2)));
    get(models.control.forget("another")); // The control thread has been here since.

    assertThat(models.index()).containsExactly("1 UNLOADING", "2 LOADING");
    assertThat(swapped).isNotDone();
    claim.close();
    get(swapped);
    assertThat(models.ask("")).isEqualTo(2);
    assertThat(models.index()).containsExactly("2 READY");
  }

  @Test
  void whatWasUnloadedForAVersionThatCannotBeLoadedIsLoadedAgain() {
    models.apply(plan(UNLOAD_FIRST, models.adding(1)));

    models.apply(plan(UNLOAD_FIRST, models.load(2, "digest", BROKEN)));

    assertThat(models.ask("")).isEqualTo(1);
    assertThat(models.index()).containsExactly("1 READY", "2 UNAVAILABLE");
  }

  @Test
  void aVersionThatFailsAgainAndAgainIsFreedAndThePreviousOneTakesOver() {
    VersionPlan.Load failing =
        models.load(
            2,
            "failing",
            new OnnxGraph()
                .input("x", DataType.FP32, "batch", 1)
                .output("y", DataType.FP32, "batch", "wide")
                .node("Expand", List.of("x", "shape"), List.of("y")) // More than any memory.
                .longs("shape", 1 << 22, 1 << 22)
                .build(),
            new ModelConfigFile(ModelConfigFile.ABSENT.config(), true, List.of()));
    models.apply(plan(models.adding(1)), plan(failing).forced()); // Its output is of another shape.

    for (int i = 0; i < 16; i++) {
      assertThat(models.infer(ControlledModels.request("2", 0)))
          .isInstanceOf(InferenceResult.Failed.class);
    }
    models.apply(plan(failing));

    assertThat(models.ask("")).isEqualTo(1);
    assertThat(models.status(2).state()).isEqualTo(VersionState.UNAVAILABLE);
    assertThat(models.status(2).reason()).contains("quarantined");
    get(models.control.forget(MODEL));
  }

  @Test
  void aVersionThatDoesNotTakeWhatClientsSendIsRefusedUnlessForced() {
    VersionPlan.Load other = models.load(2, "other", OnnxModels.dense(3, 2));
    models.apply(plan(models.adding(1)), plan(other));

    assertThat(models.ask("")).isEqualTo(1);
    assertThat(models.status(2).reason())
        .contains("input 'x' had the shape [-1,1] and has [-1,3]")
        .contains("output 'y' had the shape [-1,1] and has [-1,2]");

    models.apply(plan(other).forced());

    assertThat(models.status(2).state()).isEqualTo(VersionState.READY);
    assertThat(models.endpoints.describe(MODEL, "").version().number()).isEqualTo(2);
  }

  @Test
  void aVersionThatFailsItsGoldenSetIsRefusedAndTheOldOneServesOn() throws Exception {
    VersionPlan.Load second = models.adding(2);
    Files.writeString(
        second.request().modelFile().resolveSibling("golden.jsonl"),
        """
        {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 1], "data": [5]}], \
        "outputs": [{"name": "y", "datatype": "FP32", "shape": [1, 1], "data": [8]}]}
        """);

    models.apply(plan(models.adding(1)), plan(second));

    assertThat(models.ask("")).isEqualTo(1);
    assertThat(models.status(2).reason())
        .isEqualTo("golden.jsonl:1: output 'y': element 0 is 7.0 (expected: 8.0, within 1.0E-4)");
  }

  @Test
  void noThreadThatServesGivesWayAfterASwap() throws Exception {
    models.apply(plan(models.adding(1)), plan(models.adding(2)));
    assertThat(models.ask("")).isEqualTo(2);

    assumeTrue(Files.isDirectory(Path.of("/proc/self/task")), "Linux");
    List<String> names = new ArrayList<>();
    try (var tasks = Files.list(Path.of("/proc/self/task"))) {
      for (Path task : tasks.toList()) {
        String stat = Files.readString(task.resolve("stat"));
        int end = stat.lastIndexOf(')');
        if (Integer.parseInt(stat.substring(end + 2).split(" ", -1)[16]) > 0) {
          names.add(stat.substring(stat.indexOf('(') + 1, end));
        }
      }
    }

    assertThat(names).isNotEmpty().allMatch(name -> name.startsWith("nice-"));
  }

  @Test
  void aLabelMovesOnlyToAVersionThatIsReady() {
    models.apply(plan(labelled(2, Map.of("prod", 1L)), models.adding(1)));
    assertThat(models.ask("prod")).isEqualTo(1);

    VersionPlan.Load broken = models.load(2, "broken", BROKEN);
    models.apply(plan(labelled(2, Map.of("prod", 2L)), broken));
    assertThat(models.ask("prod")).isEqualTo(1);

    models.apply(plan(labelled(2, Map.of("prod", 2L)), models.adding(2)));
    assertThat(models.ask("prod")).isEqualTo(2);
    assertThat(models.endpoints.describe(MODEL, "prod").version().number()).isEqualTo(2);

    models.apply(plan(labelled(2, Map.of()), models.adding(2)));
    assertThatThrownBy(() -> models.endpoints.describe(MODEL, "prod"))
        .hasMessageStartingWith("failed to get model version from specified version string 'prod'");
  }

  @Test
  void aVersionThatHasALabelStaysThoughItIsNoLongerWanted() {
    List<ModelPlan> plans = new ArrayList<>();
    for (int number = 1; number <= 3; number++) {
      plans.add(plan(labelled(0, Map.of("prod", 1L)), models.adding(number)));
    }

    models.apply(plans.toArray(ModelPlan[]::new));

    assertThat(models.ask("prod")).isEqualTo(1);
    assertThat(models.ask("")).isEqualTo(3);
    assertThat(models.endpoints.isReady(MODEL, "2")).isFalse();
  }

  @Test
  void aLaterPlanTakesThePlaceOfOneThatIsBeingCarriedOut() {
    models.apply(plan(models.adding(1)));

    CompletableFuture<Endpoint> second = models.control.apply(plan(models.adding(2)));
    CompletableFuture<Endpoint> third = models.control.apply(plan(models.adding(3)));
    get(second);
    get(third);

    assertThat(models.ask("")).isEqualTo(3);
    assertThat(models.endpoints.isReady(MODEL, "2")).isFalse();
  }

  @Test
  void whatIsForgottenIsUnknown() {
    models.apply(plan(models.adding(1)), plan(models.adding(2)));

    get(models.control.forget(MODEL));

    assertThat(models.index()).isEmpty();
    assertThatThrownBy(() -> models.endpoints.describe(MODEL, ""))
        .hasMessage("Request for unknown model: 'm' is not found");
  }

  @Test
  void aPlanThatComesTooLateIsRefused() {
    models.control.close();

    assertThat(models.control.apply(plan(models.adding(1)))).isCompletedExceptionally();
    assertThat(models.control.forget(MODEL)).isCompletedExceptionally();
  }
}
