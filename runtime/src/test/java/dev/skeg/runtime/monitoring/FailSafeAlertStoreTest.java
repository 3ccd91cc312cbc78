package dev.skeg.runtime.monitoring;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.monitor.alert.Alert;
import dev.skeg.monitor.alert.AlertFilter;
import dev.skeg.monitor.alert.AlertState;
import dev.skeg.monitor.alert.AlertSubject;
import dev.skeg.monitor.alert.Cause;
import dev.skeg.monitor.alert.ClearedAlerts;
import dev.skeg.monitor.alert.Severity;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.profile.Window;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.state.SqliteAlertStore;
import dev.skeg.runtime.state.StateDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A {@link FailSafeAlertStore} on a database whose file is damaged and put right. */
final class FailSafeAlertStoreTest {
  private static final ProfileKey KEY = ProfileKey.of("fraud", 3);
  private static final Window WINDOW = new Window(1_000, 2_000);

  @TempDir static Path libraries;

  @TempDir Path directory;

  private StateDatabase database;
  private FailSafeAlertStore store;

  @BeforeEach
  void damage() throws IOException {
    Files.writeString(directory.resolve(StateDatabase.FILE), "no database".repeat(500));
    database = new StateDatabase(directory, libraries);
    store = new FailSafeAlertStore(new SqliteAlertStore(database));
  }

  @AfterEach
  void close() {
    database.close();
  }

  private static Alert alert(AlertState state) {
    return alert("a", state);
  }

  private static Alert alert(String id, AlertState state) {
    return new Alert(
        id,
        KEY,
        Cause.SHIFT,
        Severity.PAGE,
        state,
        WINDOW,
        2_000,
        WINDOW,
        2_000,
        List.of(
            new AlertSubject(AlertSubject.Part.INPUT, "age", Set.of(), 0, "", WINDOW, true, 0, 0)),
        0);
  }

  @Test
  void alertsAreKeptInMemoryMeanwhileAndWrittenAfterwards() throws IOException {
    Alert raised = alert(new AlertState.Raised(2_000));
    store.update(KEY, ClearedAlerts.NONE, _ -> List.of(raised));
    assertThat(store.find(AlertFilter.open())).containsExactly(raised);

    Alert latched = alert(new AlertState.Latched(3_000));
    assertThat(store.update("a", _ -> latched)).contains(latched);
    Files.delete(directory.resolve(StateDatabase.FILE));

    assertThat(store.find(AlertFilter.open())).containsExactly(latched);
    assertThat(new SqliteAlertStore(database).find(AlertFilter.open())).containsExactly(latched);
  }

  /** Takes steps, and fails before what comes of them is kept. */
  private static final class FailingStore extends PassingAlertStore {
    private boolean isFailing;
    private int steps;

    private static ServingException full() {
      return new ServingException(ErrorCode.UNAVAILABLE, "the disk is full", new IOException());
    }

    @Override
    public void update(
        ProfileKey key, ClearedAlerts cleared, Function<List<Alert>, List<Alert>> change) {
      super.update(
          key,
          cleared,
          known -> {
            List<Alert> changed = change.apply(known);
            if (isFailing) {
              throw full();
            }
            return changed;
          });
      steps++;
    }

    @Override
    public Optional<Alert> update(String id, UnaryOperator<Alert> change) {
      if (isFailing) {
        throw full();
      }
      return super.update(id, change);
    }
  }

  @Test
  void whatTheDiskWasOnlyAskedForCanBeAcknowledgedWhenItFails() {
    FailingStore disk = new FailingStore();
    Alert raised = alert(new AlertState.Raised(2_000));
    disk.update(KEY, ClearedAlerts.NONE, _ -> List.of(raised));
    FailSafeAlertStore safe = new FailSafeAlertStore(disk);
    assertThat(safe.find(AlertFilter.open())).containsExactly(raised);
    disk.isFailing = true;

    Alert known = alert(new AlertState.Acknowledged(3_000, "ann", ""));
    assertThat(safe.update("a", _ -> known)).contains(known);
    assertThat(safe.find(AlertFilter.open())).containsExactly(known);

    disk.isFailing = false;
    assertThat(safe.find("a")).contains(known);
    assertThat(disk.find("a")).contains(known);
  }

  @Test
  void theDiskIsGivenAKeysAlertsInOneStep() {
    FailingStore disk = new FailingStore();
    FailSafeAlertStore safe = new FailSafeAlertStore(disk);
    disk.isFailing = true;
    List<Alert> two =
        List.of(alert("a", new AlertState.Raised(2_000)), alert("b", new AlertState.Raised(2_000)));
    safe.update(KEY, ClearedAlerts.NONE, _ -> two);

    disk.isFailing = false;
    assertThat(safe.find("a")).contains(two.getFirst());

    assertThat(disk.steps).isEqualTo(1);
    assertThat(disk.find(AlertFilter.all())).containsExactlyInAnyOrderElementsOf(two);
  }

  @Test
  void aStepWhoseWriteFailsIsTakenAgainFromWhatTheDiskHas() {
    FailingStore disk = new FailingStore();
    FailSafeAlertStore safe = new FailSafeAlertStore(disk);
    Alert raised = alert(new AlertState.Raised(2_000));
    Alert latched = alert(new AlertState.Latched(3_000));
    safe.update(KEY, ClearedAlerts.NONE, _ -> List.of(raised));
    disk.isFailing = true;

    List<List<Alert>> given = new ArrayList<>();
    safe.update(
        KEY,
        ClearedAlerts.NONE,
        known -> {
          given.add(known);
          return List.of(latched);
        });

    assertThat(given).containsExactly(List.of(raised), List.of(raised));
    disk.isFailing = false;
    assertThat(safe.find("a")).contains(latched);
    assertThat(disk.find("a")).contains(latched);
  }

  @Test
  void aStepGoesOnFromWhatTheDiskHad() throws IOException {
    Files.delete(directory.resolve(StateDatabase.FILE));
    Alert raised = alert(new AlertState.Raised(2_000));
    store.update(KEY, ClearedAlerts.NONE, _ -> List.of(raised));
    database.close();

    store.update(
        KEY,
        ClearedAlerts.NONE,
        known -> {
          assertThat(known).containsExactly(raised);
          return List.of();
        });
  }
}
