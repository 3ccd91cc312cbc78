package dev.skeg.runtime.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.monitor.alert.Alert;
import dev.skeg.monitor.alert.AlertFilter;
import dev.skeg.monitor.alert.AlertState;
import dev.skeg.monitor.alert.AlertSubject;
import dev.skeg.monitor.alert.Cause;
import dev.skeg.monitor.alert.Severity;
import dev.skeg.monitor.drift.DriftKind;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.profile.Window;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Alerts and judges' states in a real {@code state.db}. */
final class SqliteAlertStoreTest {
  private static final ProfileKey KEY = ProfileKey.of("fraud", 3);
  private static final Window WINDOW = new Window(1_000, 2_000);

  @TempDir static Path libraries;

  @TempDir Path directory;

  private StateDatabase database;
  private SqliteAlertStore store;

  @BeforeEach
  void open() {
    database = new StateDatabase(directory, libraries);
    store = new SqliteAlertStore(database);
  }

  @AfterEach
  void close() {
    database.close();
  }

  private static Alert alert(String id, ProfileKey key, long raisedAt, AlertState state) {
    return new Alert(
        id,
        key,
        Cause.MISSING,
        Severity.PAGE,
        state,
        WINDOW,
        raisedAt,
        WINDOW,
        raisedAt,
        List.of(
            new AlertSubject(
                AlertSubject.Part.INPUT,
                "age ' \" ü",
                Set.of(DriftKind.SKEW),
                12.5,
                "12 % are missing",
                WINDOW,
                true,
                0)),
        0);
  }

  private static Alert raised(String id, long at) {
    return alert(id, KEY, at, new AlertState.Raised(at));
  }

  private void put(Alert... alerts) {
    for (Alert alert : alerts) {
      store.update(alert.key(), Long.MAX_VALUE, _ -> List.of(alert));
    }
  }

  @Test
  void alertsComeBackAsTheyWereInTheNextProcess() {
    Alert acknowledged =
        alert(
            "b", KEY, 2_000, new AlertState.Acknowledged(3_000, "ann", "known; DROP TABLE alert"));
    put(raised("a", 1_000), acknowledged);
    database.close();
    open();

    assertThat(store.find(AlertFilter.all())).containsExactly(acknowledged, raised("a", 1_000));
  }

  @Test
  void aStepSeesTheKeysOpenAlertsAndThoseClearedALittleWhileAgo() {
    AlertState old = new AlertState.Cleared(5_000, AlertState.Reason.RECOVERED, Optional.empty());
    AlertState late = new AlertState.Cleared(9_000, AlertState.Reason.RECOVERED, Optional.empty());
    put(
        raised("c", 3_000),
        alert("a", KEY, 1_000, old),
        alert("b", KEY, 2_000, late),
        alert("d", KEY.withSegment("eu"), 4_000, new AlertState.Raised(4_000)));

    store.update(
        KEY,
        8_000,
        known -> {
          assertThat(known).extracting(Alert::id).containsExactly("b", "c");
          return List.of();
        });
  }

  @Test
  void aStepThatFailsChangesNothing() {
    put(raised("a", 1_000));

    assertThatThrownBy(() ->
            store.update(
                KEY,
                0,
                _ -> {
                  throw new IllegalStateException("no");
                }))
        .isInstanceOf(IllegalStateException.class);

    assertThat(store.find(AlertFilter.all())).containsExactly(raised("a", 1_000));
  }

  @Test
  void oneAlertIsChangedByItsId() {
    put(raised("a", 1_000), raised("b", 1_000));

    Optional<Alert> changed =
        store.update(
            "a", alert -> alert("a", KEY, 1_000, new AlertState.Latched(alert.raisedAtMillis())));

    assertThat(changed.orElseThrow().state()).isEqualTo(new AlertState.Latched(1_000));
    assertThat(store.find(AlertFilter.all().withStates(Set.of("latched"))))
        .containsExactly(changed.get());
    assertThat(store.update("absent", alert -> alert)).isEmpty();
  }

  @Test
  void filtersNarrow() {
    put(
        raised("a", 1_000),
        raised("b", 2_000),
        alert("c", ProfileKey.of("other", 3), 3_000, new AlertState.Latched(9)));

    assertThat(ids(AlertFilter.all())).containsExactly("c", "b", "a");
    assertThat(ids(AlertFilter.all().withModel("fraud"))).containsExactly("b", "a");
    assertThat(ids(AlertFilter.open().withStates(Set.of("latched", "cleared"))))
        .containsExactly("c");
    assertThat(ids(filter(Severity.NOTICE, Cause.MISSING, 0, 9))).isEmpty();
    assertThat(ids(filter(Severity.PAGE, Cause.SHIFT, 0, 9))).isEmpty();
    assertThat(ids(filter(Severity.PAGE, Cause.MISSING, 2_000, 9))).containsExactly("c", "b");
    assertThat(ids(filter(Severity.PAGE, Cause.MISSING, 0, 1))).containsExactly("c");
  }

  private List<String> ids(AlertFilter filter) {
    return store.find(filter).stream().map(Alert::id).toList();
  }

  private static AlertFilter filter(Severity severity, Cause cause, long since, int limit) {
    return new AlertFilter(
        Optional.empty(),
        OptionalLong.of(3),
        Set.of(),
        Optional.of(severity),
        Optional.of(cause),
        since,
        limit);
  }

  @Test
  void judgesStatesAreReplacedAndForgotten() {
    JudgeStates states = new JudgeStates(database);
    assertThat(states.load("fraud")).isEmpty();

    states.save("fraud", new byte[] {1}, 1_000);
    states.save("fraud", new byte[] {2, 0, 3}, 2_000);
    states.save("old", new byte[] {9}, 1_000);
    states.forget(2_000);

    assertThat(states.load("fraud").orElseThrow()).containsExactly(2, 0, 3);
    assertThat(states.load("old")).isEmpty();
  }
}
