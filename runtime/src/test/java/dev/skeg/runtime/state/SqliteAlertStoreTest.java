package dev.skeg.runtime.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.monitor.alert.Alert;
import dev.skeg.monitor.alert.AlertFilter;
import dev.skeg.monitor.alert.AlertJson;
import dev.skeg.monitor.alert.AlertState;
import dev.skeg.monitor.alert.AlertStore;
import dev.skeg.monitor.alert.AlertSubject;
import dev.skeg.monitor.alert.Cause;
import dev.skeg.monitor.alert.ClearedAlerts;
import dev.skeg.monitor.alert.MemoryAlertStore;
import dev.skeg.monitor.alert.Severity;
import dev.skeg.monitor.drift.DriftKind;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.profile.Window;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
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
        List.of(subject("age ' \" ü", WINDOW)),
        0);
  }

  private static Alert raised(String id, long at) {
    return alert(id, KEY, at, new AlertState.Raised(at));
  }

  /** A cleared alert of two subjects: what raised it, and one found in another window. */
  private static Alert cleared(
      String id, Window other, Window raisedIn, Window last, long clearedAt) {
    return new Alert(
        id,
        KEY,
        Cause.MISSING,
        Severity.PAGE,
        new AlertState.Cleared(clearedAt, AlertState.Reason.RECOVERED, Optional.empty()),
        raisedIn,
        raisedIn.endMillis(),
        last,
        last.endMillis(),
        List.of(subject("age", raisedIn), subject("zip", other)),
        0);
  }

  private static AlertSubject subject(String name, Window since) {
    return new AlertSubject(
        AlertSubject.Part.INPUT,
        name,
        Set.of(DriftKind.SKEW),
        12.5,
        "12 % are missing",
        since,
        true,
        0,
        0);
  }

  private void put(Alert... alerts) {
    for (Alert alert : alerts) {
      store.update(alert.key(), ClearedAlerts.NONE, _ -> List.of(alert));
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

    assertThat(given(new ClearedAlerts(new Window(2_000, 3_000), 8_000))).containsExactly("b", "c");
  }

  private List<String> given(ClearedAlerts cleared) {
    return given(store, cleared);
  }

  private static List<String> given(AlertStore store, ClearedAlerts cleared) {
    List<String> ids = new ArrayList<>();
    store.update(
        KEY,
        cleared,
        known -> {
          known.forEach(alert -> ids.add(alert.id()));
          return List.of();
        });
    return ids;
  }

  @Test
  void aStepOfAnOldWindowSeesWhatWasHeldAgainstItAndNotAllThatWasClearedSince() {
    Window later = new Window(5_000, 6_000);
    put(cleared("a", WINDOW, WINDOW, WINDOW, 9_000), cleared("b", later, later, later, 9_000));

    assertThat(given(new ClearedAlerts(WINDOW, 99_000))).containsExactly("a");
    assertThat(given(new ClearedAlerts(later, 99_000))).containsExactly("b");
    assertThat(given(new ClearedAlerts(later, 9_000))).containsExactly("a", "b");
    assertThat(given(new ClearedAlerts(later.next(), 99_000))).isEmpty();
    assertThat(given(ClearedAlerts.NONE)).isEmpty();
  }

  @Test
  void aStepSeesTheSameAlertsWhetherTheyAreOnDiskOrInMemory() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    MemoryAlertStore memory = new MemoryAlertStore(1_000);
    for (int i = 0; i < 100; i++) {
      Window raisedIn = second(random.nextInt(20));
      Window last = second(raisedIn.startMillis() / 1_000 + random.nextInt(5));
      Alert alert =
          cleared(
              Integer.toString(i),
              second(random.nextInt(20)),
              raisedIn,
              last,
              random.nextInt(30_000));
      put(alert);
      memory.update(KEY, ClearedAlerts.NONE, _ -> List.of(alert));
    }

    for (int start = 0; start < 25; start++) {
      for (long since : List.of(Long.MIN_VALUE, random.nextLong(30_000), Long.MAX_VALUE)) {
        ClearedAlerts cleared = new ClearedAlerts(second(start), since);
        assertThat(given(store, cleared))
            .as("%s, seed %d", cleared, seed)
            .isEqualTo(given(memory, cleared));
      }
    }
  }

  private static Window second(long number) {
    return new Window(number * 1_000, (number + 1) * 1_000);
  }

  @Test
  void whatAStepSeesIsFoundByTheIndex() {
    List<String> plan =
        database.read(connection -> {
          List<String> lines = new ArrayList<>();
          try (Statement statement = connection.createStatement();
              ResultSet rows =
                  statement.executeQuery("EXPLAIN QUERY PLAN " + SqliteAlertStore.OF_KEY)) {
            while (rows.next()) {
              lines.add(rows.getString("detail"));
            }
          }
          return lines;
        });

    assertThat(plan)
        .contains(
            "SEARCH alert USING INDEX alert_by_key (model=? AND version=? AND arm=? AND segment=?)")
        .noneMatch(line -> line.startsWith("SCAN"));
  }

  @Test
  void alertsOfAFileWithoutTheColumnsOfWindowsAreFoundByTheirWindowsToo() throws SQLException {
    database.close();
    SqliteLibrary.load(libraries);
    Window first = new Window(1_779_000_000_500L, 1_779_000_001_000L);
    Window raisedIn = new Window(1_779_000_003_000L, 1_779_000_003_500L);
    Window last = new Window(1_779_000_009_000L, 1_779_000_009_001L);
    Alert widened = cleared("a", first, raisedIn, last, 1_779_000_020_000L);
    Alert plain = cleared("b", raisedIn, raisedIn, raisedIn, 1_779_000_020_000L);
    Alert open = raised("c", 1_779_000_000_000L);
    try (Connection connection =
        DriverManager.getConnection("jdbc:sqlite:" + directory.resolve(StateDatabase.FILE))) {
      Migrations.run(connection, List.of("1-monitor.sql"));
      for (Alert alert : List.of(widened, plain, open)) {
        keepAsTheFirstVersionDid(connection, alert);
      }
    }

    open();

    assertThat(store.find(AlertFilter.all())).containsExactlyInAnyOrder(widened, plain, open);
    assertThat(given(ending(first.startMillis()))).containsExactly("c");
    assertThat(given(ending(first.startMillis() + 1))).containsExactlyInAnyOrder("a", "c");
    assertThat(given(ending(raisedIn.endMillis()))).containsExactlyInAnyOrder("a", "b", "c");
    assertThat(given(ending(raisedIn.endMillis() + 1))).containsExactlyInAnyOrder("a", "c");
    assertThat(given(ending(last.endMillis()))).containsExactlyInAnyOrder("a", "c");
    assertThat(given(ending(last.endMillis() + 1))).containsExactly("c");
  }

  private static ClearedAlerts ending(long endMillis) {
    return new ClearedAlerts(new Window(endMillis - 1, endMillis), Long.MAX_VALUE);
  }

  private static void keepAsTheFirstVersionDid(Connection connection, Alert alert)
      throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            "INSERT INTO alert VALUES (?, 'fraud', '3', ?, ?, 'missing', 'page', ?, ?, ?, ?)")) {
      insert.setString(1, alert.id());
      insert.setString(2, KEY.arm());
      insert.setString(3, KEY.segment());
      insert.setString(4, alert.state().word());
      insert.setLong(5, alert.raisedAtMillis());
      insert.setLong(6, alert.state().sinceMillis());
      insert.setString(7, AlertJson.text(alert));
      insert.executeUpdate();
    }
  }

  @Test
  void aStepThatFailsChangesNothing() {
    put(raised("a", 1_000));

    assertThatThrownBy(() ->
            store.update(
                KEY,
                ClearedAlerts.NONE,
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
