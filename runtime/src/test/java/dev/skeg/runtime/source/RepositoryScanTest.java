package dev.skeg.runtime.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.registry.Artifact;
import dev.skeg.registry.ModelDirectory;
import dev.skeg.registry.PublishedLayout;
import dev.skeg.registry.RegistryException;
import dev.skeg.runtime.config.CpuBudget;
import dev.skeg.runtime.config.ServerConfig;
import dev.skeg.runtime.control.ModelPlan;
import dev.skeg.runtime.control.VersionPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A directory of models that changes between scans; time stands still but for what a test says. */
final class RepositoryScanTest {
  private static final long STILL = Settling.STILL.toNanos();

  /** As the file system's clock may show for files of this test: nothing is long ago. */
  private final Instant now = Instant.EPOCH;

  @TempDir Path directory;
  private Path root;
  private RepositoryScan scan;
  private long nanos = Long.MAX_VALUE - STILL / 2; // The monotonic clock may wrap.

  @BeforeEach
  void open() throws IOException {
    root = Files.createDirectories(directory.resolve("models"));
    scan = scan(Set.of());
  }

  private RepositoryScan scan(Set<String> elsewhere) {
    return new RepositoryScan(
        ModelDirectory.open(root),
        new PlanMaker(ServerConfig.defaults().execution(), new CpuBudget(2)),
        elsewhere,
        RepositoryScan.VersionChoice.BY_POLICY,
        UnaryOperator.identity());
  }

  @Test
  void aVersionIsPlannedOnceTwoLooksSawTheSame() throws IOException {
    write("fraud/1/model.onnx", "one");

    RepositoryScan.Result first = scan.scan(now, nanos);
    assertThat(first.isMoving()).isTrue();
    assertThat(first.plans()).isEmpty();
    RepositoryScan.Result early = look(STILL - 1);
    assertThat(early.isMoving()).isTrue();
    RepositoryScan.Result second = look(1);

    assertThat(second.isMoving()).isFalse();
    assertThat(plan(second)).containsExactly("1 " + digest("fraud/1"));
  }

  @Test
  void aConfigurationAsFreshAsItsVersionIsLookedAtTogetherWithIt() throws IOException {
    write("fraud/1/model.onnx", "one");
    write("fraud/config.pbtxt", "max_batch_size: 4");

    look(1);

    assertThat(plan(look(STILL))).hasSize(1);
  }

  @Test
  void filesThatLastChangedLongAgoNeedNoSecondLook() throws IOException {
    write("fraud/1/model.onnx", "one");

    RepositoryScan.Result first = scan.scan(Instant.now().plusSeconds(60), nanos);

    assertThat(first.isMoving()).isFalse();
    assertThat(plan(first)).hasSize(1);
  }

  @Test
  void aVersionThatGrowsIsLeftOutAndTheOldOneStays() throws IOException {
    write("fraud/1/model.onnx", "one");
    RepositoryScan.Result before = settle();

    write("fraud/2/model.onnx", "t");
    look(STILL);
    write("fraud/2/model.onnx", "tw");
    RepositoryScan.Result growing = look(STILL);
    assertThat(growing.isMoving()).isTrue();
    assertThat(growing.plans()).isEqualTo(before.plans());
    write("fraud/2/model.onnx", "two");
    assertThat(look(STILL).plans()).isEqualTo(before.plans());
    RepositoryScan.Result grown = look(STILL);

    assertThat(plan(grown)).containsExactly("2 " + digest("fraud/2"));
  }

  @Test
  void aVersionMarkedIncompleteIsLeftOutHoweverLongItStands() throws IOException {
    write("fraud/1/model.onnx", "one");
    write("fraud/2/model.onnx", "tw");
    write("fraud/2/" + PublishedLayout.INCOMPLETE, "");
    settle();

    assertThat(plan(look(100 * STILL))).containsExactly("1 " + digest("fraud/1"));
  }

  @Test
  void aModelWithNothingButAVersionBeingWrittenSaysSo() throws IOException {
    write("fraud/1/" + PublishedLayout.INCOMPLETE, "");
    write("fraud/1/model.onnx", "o");

    ModelPlan plan = planned("fraud", settle());

    assertThat(plan.versions()).isEmpty();
    assertThat(plan.reason()).contains("version 1 is still being written (expected:");
  }

  @Test
  void aManifestMakesWaitingNeedless() throws IOException {
    write("fraud/config.pbtxt", "");
    settle();
    write("fraud/1/model.onnx", "one");
    manifest("fraud/1", 1);

    assertThat(plan(look(1))).containsExactly("1 " + digest("fraud/1"));
  }

  @Test
  void aVersionThatIsNotWhatItsManifestSaysIsToldOfAndTheOldOneStays() throws IOException {
    write("fraud/1/model.onnx", "one");
    settle();
    write("fraud/2/model.onnx", "two");
    manifest("fraud/2", 2);
    write("fraud/2/model.onnx", "twO");

    List<String> plan = plan(settle());

    assertThat(plan)
        .satisfiesExactly(
            good -> assertThat(good).isEqualTo("1 " + digest("fraud/1")),
            bad ->
                assertThat(bad)
                    .startsWith("2 refused:")
                    .contains("is not what its _MANIFEST.json says: model.onnx has 3 bytes"));
    write("fraud/2/model.onnx", "two");
    assertThat(plan(settle())).containsExactly("2 " + digest("fraud/2"));
  }

  @Test
  void filesAreReadAgainOnlyWhenTheyChanged() throws IOException {
    write("fraud/1/model.onnx", "one");
    write("churn/1/model.onnx", "one");
    RepositoryScan.Result before = settle();

    write("churn/1/model.onnx", "two");
    RepositoryScan.Result after = settle();

    assertThat(after.plans().get("fraud")).isSameAs(before.plans().get("fraud"));
    assertThat(after.plans().get("churn")).isNotEqualTo(before.plans().get("churn"));
  }

  @Test
  void aVersionThatIsReplacedStaysAsItWasUntilItStandsStill() throws IOException {
    write("fraud/1/model.onnx", "one");
    RepositoryScan.Result before = settle();

    write("fraud/1/model.onnx", "o");
    assertThat(look(STILL).plans()).isEqualTo(before.plans());

    assertThat(plan(settle())).containsExactly("1 " + digest("fraud/1"));
  }

  @Test
  void aReplacementByTwoRenamesIsNoRemoval() throws IOException {
    write("fraud/1/model.onnx", "one");
    RepositoryScan.Result before = settle();

    Files.move(root.resolve("fraud/1"), root.resolve("fraud/old"));
    RepositoryScan.Result without = look(STILL);
    assertThat(without.plans()).isEqualTo(before.plans());
    assertThat(without.isMoving()).isTrue();
    Files.move(root.resolve("fraud"), directory.resolve("gone"));
    RepositoryScan.Result withoutModel = look(1);
    assertThat(withoutModel.removed()).isEmpty();
    assertThat(withoutModel.isMoving()).isTrue();
    Files.move(directory.resolve("gone"), root.resolve("fraud"));
    Files.move(root.resolve("fraud/old"), root.resolve("fraud/1"));

    assertThat(planned("fraud", settle()).versions()).hasSize(1);
  }

  @Test
  void whatIsGoneAtASecondLookIsRemoved() throws IOException {
    write("fraud/1/model.onnx", "one");
    write("fraud/2/model.onnx", "two");
    write("fraud/config.pbtxt", "version_policy { all {} }");
    write("churn/1/model.onnx", "one");
    settle();

    delete("fraud/2/model.onnx", "fraud/2", "churn/1/model.onnx", "churn/1", "churn");
    assertThat(look(1).removed()).isEmpty();
    RepositoryScan.Result after = look(STILL);

    assertThat(after.removed()).containsExactly("churn");
    assertThat(plan(after)).containsExactly("1 " + digest("fraud/1"));
    assertThat(look(STILL).removed()).isEmpty();
  }

  @Test
  void configurationsCountOnceTheyStandStill() throws IOException {
    write("fraud/1/model.onnx", "one");
    write("fraud/2/model.onnx", "two");
    settle();

    write("fraud/config.pbtxt", "version_policy { a");
    assertThat(plan(look(1))).containsExactly("2 " + digest("fraud/2"));
    write("fraud/config.pbtxt", "version_policy { all {} }");
    assertThat(plan(look(STILL))).hasSize(1);
    assertThat(plan(look(STILL))).hasSize(2);
    write("fraud/model.yaml", "execution: {lanes: 5}");
    RepositoryScan.Result lanes = settle();

    assertThat(planned("fraud", lanes).versions())
        .allMatch(version -> version instanceof VersionPlan.Load load && load.lanes() == 5);
  }

  @Test
  void aConfigurationThatCannotBeMeantRefusesEveryVersionOfItsModelOnly() throws IOException {
    write("fraud/1/model.onnx", "one");
    write("fraud/config.pbtxt", "max_batch_sice: 1");
    write("churn/1/model.onnx", "one");

    RepositoryScan.Result result = settle();

    assertThat(plan(result))
        .singleElement()
        .asString()
        .startsWith("1 refused:")
        .contains("config.pbtxt:1");
    assertThat(planned("churn", result).versions().getFirst()).isInstanceOf(VersionPlan.Load.class);
  }

  @Test
  void aVersionThatThePolicyNamesAndThatIsNotThereIsToldOf() throws IOException {
    write("fraud/1/model.onnx", "one");
    write("fraud/config.pbtxt", "version_policy { specific { versions: [1, 4] } }");

    assertThat(plan(settle()))
        .satisfiesExactly(
            one -> assertThat(one).startsWith("1 sha256:"),
            four -> assertThat(four).startsWith("4 refused:").contains("has only [1]"));
  }

  @Test
  void anotherDirectoryInItsPlaceThatIsEmptyIsNoRemovalOfEverything() throws IOException {
    write("fraud/1/model.onnx", "one");
    settle();
    Path mounted = directory.resolve("unmounted");
    Files.move(root, mounted);
    Files.createDirectories(root);

    assertThatThrownBy(() -> look(STILL))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("is another one than before, and empty");
    Files.delete(root);
    assertThatThrownBy(() -> look(STILL)).isInstanceOf(RegistryException.class);
    Files.move(mounted, root);

    assertThat(plan(settle())).hasSize(1);
  }

  @Test
  void theLastModelMayBeRemovedFromTheSameDirectory() throws IOException {
    write("fraud/1/model.onnx", "one");
    settle();
    delete("fraud/1/model.onnx", "fraud/1", "fraud");

    look(1);
    assertThat(look(STILL).removed()).containsExactly("fraud");
  }

  @Test
  void modelsWithASourceOfTheirOwnArePassedOver() throws IOException {
    write("fraud/1/model.onnx", "one");
    write("churn/1/model.onnx", "one");
    scan = scan(Set.of("fraud"));

    assertThat(settle().plans()).containsOnlyKeys("churn");
  }

  private RepositoryScan.Result look(long afterNanos) {
    nanos += afterNanos;
    return scan.scan(now, nanos);
  }

  private RepositoryScan.Result settle() {
    look(1);
    look(STILL);
    return look(STILL);
  }

  private static ModelPlan planned(String model, RepositoryScan.Result result) {
    return Objects.requireNonNull(result.plans().get(model));
  }

  /** Returns what is planned for {@code fraud}, as {@code 1 sha256:…} or {@code 1 refused: …}. */
  private static List<String> plan(RepositoryScan.Result result) {
    Map<Long, String> versions = new TreeMap<>();
    for (VersionPlan version : planned("fraud", result).versions()) {
      versions.put(
          version.number(),
          version.number()
              + " "
              + switch (version) {
                case VersionPlan.Load load -> load.digest();
                case VersionPlan.Refuse refuse -> "refused: " + refuse.reason();
                case VersionPlan.Unload unload -> "out: " + unload.reason();
              });
    }
    return List.copyOf(versions.values());
  }

  private String digest(String version) {
    return Artifact.of(root.resolve(version)).digest();
  }

  private void write(String path, String text) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private void manifest(String version, long number) throws IOException {
    Path target = root.resolve(version);
    Files.write(
        target.resolve(PublishedLayout.MANIFEST),
        PublishedLayout.manifestBytes(number, Artifact.published(target)));
  }

  private void delete(String... paths) throws IOException {
    for (String path : paths) {
      Files.delete(root.resolve(path));
    }
  }
}
