package dev.skeg.monitor.alert;

import static dev.skeg.monitor.alert.Verdicts.at;
import static dev.skeg.monitor.alert.Verdicts.mean;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.monitor.alert.AlertChange.Kind;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.profile.Window;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/**
 * {@link Alerts} where windows are judged again, or after later ones, as those of recorded traffic.
 */
final class AlertsJudgedAgainTest {
  private static final long HOUR = 3_600_000;

  private final Alerts alerts = new Alerts(new MemoryAlertStore(100), AlertPolicy.DEFAULT);

  /** Judges a window at its end. */
  private List<AlertChange> judge(Verdicts verdicts) {
    return alerts.judge(verdicts.verdict(), verdicts.verdict().window().endMillis());
  }

  private Alert only() {
    assertThat(alerts.find(AlertFilter.all())).hasSize(1);
    return alerts.find(AlertFilter.all()).getFirst();
  }

  private static List<String> names(Alert alert) {
    return alert.subjects().stream().map(AlertSubject::name).toList();
  }

  @Test
  void judgingAWindowAgainChangesNothing() {
    judge(at(1).drift("age", mean(.3)));
    Alert before = only();

    assertThat(judge(at(1).drift("age", mean(.3)))).isEmpty();

    assertThat(only()).isEqualTo(before);
  }

  @Test
  void judgingAWindowAgainTakesNobodysAcknowledgementAway() {
    judge(at(1).drift("age", mean(.3)));
    alerts.acknowledge(only().id(), "ann", "known", 2 * HOUR);

    List<AlertChange> changes = judge(at(1).drift("age", mean(.3)).drift("amount", mean(.3)));

    assertThat(changes).extracting(AlertChange::kind).containsExactly(Kind.WIDENED);
    assertThat(only().state()).isEqualTo(new AlertState.Acknowledged(2 * HOUR, "ann", "known"));
    assertThat(names(only())).containsExactly("age", "amount");
  }

  @Test
  void judgingAWindowAgainRaisesNothingThatIsOver() {
    judge(at(1).drift("age", mean(.3)));
    judge(at(2).ok("age"));
    Alert latched = only();
    assertThat(latched.state()).isEqualTo(new AlertState.Latched(3 * HOUR));
    assertThat(judge(at(1).drift("age", mean(.3)))).isEmpty();
    assertThat(only()).isEqualTo(latched);

    alerts.acknowledge(latched.id(), "ann", "", 4 * HOUR);
    Alert cleared = only();
    assertThat(judge(at(1).drift("age", mean(.3)))).isEmpty();
    assertThat(only()).isEqualTo(cleared);
  }

  @Test
  void judgingAWindowAgainAfterTheCoolDownRaisesNothingEither() {
    judge(at(1).drift("age", mean(.3)));
    judge(at(2).drift("age", mean(.3)));
    judge(at(3).ok("age"));
    alerts.acknowledge(only().id(), "ann", "", 4 * HOUR);
    Alert cleared = only();

    // Recorded traffic that is played back once more, by a server that was restarted meanwhile.
    for (long now : List.of(5 * HOUR, 1000 * HOUR)) {
      for (int hour = 1; hour <= 2; hour++) {
        assertThat(alerts.judge(at(hour).drift("age", mean(.3)).verdict(), now)).isEmpty();
      }
      assertThat(only()).isEqualTo(cleared);
    }
  }

  private static final class WatchedStore implements AlertStore {
    private final AlertStore store = new MemoryAlertStore(100);
    private List<Alert> given = List.of();

    @Override
    public void update(
        ProfileKey key, ClearedAlerts cleared, Function<List<Alert>, List<Alert>> change) {
      store.update(
          key,
          cleared,
          known -> {
            given = known;
            return change.apply(known);
          });
    }

    @Override
    public Optional<Alert> update(String id, UnaryOperator<Alert> change) {
      return store.update(id, change);
    }

    @Override
    public Optional<Alert> find(String id) {
      return store.find(id);
    }

    @Override
    public List<Alert> find(AlertFilter filter) {
      return store.find(filter);
    }
  }

  @Test
  void judgingAnOldWindowAgainReadsWhatItWasHeldAgainstAndNotAllThatWasClearedSince() {
    WatchedStore watched = new WatchedStore();
    Alerts all = new Alerts(watched, AlertPolicy.DEFAULT);
    for (int hour = 1; hour < 500; hour += 50) {
      all.judge(at(hour).drift("age", mean(.3)).verdict(), (hour + 1) * HOUR);
      all.judge(at(hour + 1).ok("age").verdict(), (hour + 2) * HOUR);
      Alert latched = all.find(AlertFilter.open()).getFirst();
      all.acknowledge(latched.id(), "ann", "", (hour + 2) * HOUR);
    }

    assertThat(all.judge(at(101).drift("age", mean(.3)).verdict(), 1000 * HOUR)).isEmpty();

    assertThat(watched.given)
        .extracting(Alert::raisedIn)
        .containsExactly(new Window(101 * HOUR, 102 * HOUR));
  }

  @Test
  void judgingAWindowAgainThatJoinedALaterOnesAlertRaisesNothing() {
    judge(at(5).drift("age", mean(.3)).ok("zip"));
    assertThat(judge(at(2).ok("age").drift("zip", mean(.3))))
        .extracting(AlertChange::kind)
        .containsExactly(Kind.WIDENED);
    judge(at(6).ok("age", "zip"));
    alerts.acknowledge(only().id(), "ann", "", 7 * HOUR);
    Alert cleared = only();

    assertThat(alerts.judge(at(2).drift("zip", mean(.3)).verdict(), 1000 * HOUR)).isEmpty();

    assertThat(only()).isEqualTo(cleared);
  }

  @Test
  void judgingAWindowAgainInTheMiddleOfWhatIsLatchedRaisesNothing() {
    judge(at(1).drift("age", mean(.3)));
    judge(at(2).drift("age", mean(.3)));
    judge(at(3).ok("age"));
    Alert latched = only();

    assertThat(judge(at(2).drift("age", mean(.3)))).isEmpty();
    assertThat(only()).isEqualTo(latched);
  }

  @Test
  void anEarlierWindowThanAnyThatIsFoundToDriftIsToldAfterwards() {
    judge(at(5).drift("age", mean(.3)));
    judge(at(6).ok("age"));

    assertThat(judge(at(1).drift("age", mean(.3))))
        .extracting(AlertChange::kind)
        .containsExactly(Kind.RAISED);
  }

  @Test
  void anEarlierWindowJoinsOnlyWhatWasRaisedAShortWhileAfterIt() {
    judge(at(500).drift("age", mean(.3)).ok("zip"));

    // Recorded traffic of three weeks before.
    assertThat(judge(at(1).ok("age").drift("zip", mean(.3)).outputDrift("score", mean(.3))))
        .singleElement()
        .satisfies(change -> {
          assertThat(change.kind()).isEqualTo(Kind.RAISED);
          assertThat(names(change.alert())).containsExactly("zip", "score");
        });
  }
}
