package dev.skeg.monitor.alert;

import static dev.skeg.monitor.alert.Verdicts.at;
import static dev.skeg.monitor.alert.Verdicts.finding;
import static dev.skeg.monitor.alert.Verdicts.mass;
import static dev.skeg.monitor.alert.Verdicts.mean;
import static dev.skeg.monitor.alert.Verdicts.tvd;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.monitor.alert.AlertChange.Kind;
import dev.skeg.monitor.drift.Effect.Metric;
import dev.skeg.monitor.drift.QualityFinding.Check;
import dev.skeg.monitor.profile.Window;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** {@link Alerts} of a model that is judged hourly, held against verdicts written down. */
final class AlertsTest {
  private static final long HOUR = 3_600_000;

  private final AlertStore store = new MemoryAlertStore(100);
  private final Alerts alerts = new Alerts(store, AlertPolicy.DEFAULT);

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
  void aHealthyWindowTellsNothing() {
    assertThat(judge(at(1).ok("age", "amount").outputOk("score"))).isEmpty();
    assertThat(alerts.find(AlertFilter.all())).isEmpty();
  }

  @Test
  void aFindingIsToldOnceHoweverLongItGoesOn() {
    assertThat(judge(at(1).drift("age", mean(.3))))
        .singleElement()
        .satisfies(change -> assertThat(change.kind()).isEqualTo(Kind.RAISED));
    for (int hour = 2; hour < 200; hour++) {
      assertThat(judge(at(hour).drift("age", mean(.3)))).isEmpty();
    }

    assertThat(only().state()).isEqualTo(new AlertState.Raised(2 * HOUR));
    assertThat(only().lastWindow()).isEqualTo(new Window(199 * HOUR, 200 * HOUR));
    assertThat(only().summary()).isEqualTo("The distribution has shifted: age");
  }

  /** Keeps alerts in memory, and which of them the last step was given. */
  @Test
  void theSameWindowMakesTheSameIdInAnyProcess() {
    judge(at(1).drift("age", mean(.3)));
    MemoryAlertStore other = new MemoryAlertStore(1);

    new Alerts(other, AlertPolicy.DEFAULT).judge(at(1).drift("age", mean(.4)).verdict(), 99 * HOUR);

    assertThat(other.find(AlertFilter.all()).getFirst().id())
        .isEqualTo(only().id())
        .isEqualTo("c7dc82a6ab760007");
  }

  @Test
  void featuresOfOneCauseAreOneAlertAndOfTwoCausesTwo() {
    List<AlertChange> changes =
        judge(
            at(1)
                .drift("age", mass(Metric.MISSING, .1), tvd(.1))
                .drift("amount", mean(.3), tvd(.1))
                .drift("zip", mass(Metric.MISSING, .2), tvd(.2), mean(.1)));

    assertThat(changes).extracting(AlertChange::kind).containsExactly(Kind.RAISED, Kind.RAISED);
    assertThat(changes)
        .extracting(change -> change.alert().summary())
        .containsExactlyInAnyOrder(
            "Values are missing: age, zip", "The distribution has shifted: amount");
  }

  @Test
  void missingValuesComeBeforeWhatFollowsFromThemAndSmallMassesExplainNothing() {
    judge(
        at(1)
            .drift(
                "age",
                mass(Metric.OUT_OF_RANGE, .1),
                mass(Metric.MISSING, .06),
                mass(Metric.ATOM, .1),
                tvd(.2))
            .drift("amount", mass(Metric.MISSING, .01), tvd(.4))
            .driftAnd("height", finding(Check.UNIT), mass(Metric.OUT_OF_RANGE, .9), tvd(.9)));

    assertThat(alerts.find(AlertFilter.all()))
        .extracting(alert -> alert.cause() + " " + names(alert))
        .containsExactlyInAnyOrder("MISSING [age]", "SHIFT [amount]", "UNIT [height]");
  }

  @Test
  void outputsThatFollowTheirInputsJoinThemAndOthersAreACauseOfTheirOwn() {
    judge(at(1).ok("age").outputDrift("score", mean(.2)));
    assertThat(only().cause()).isEqualTo(Cause.PREDICTION);

    judge(at(2).ok("age").outputOk("score"));
    alerts.acknowledge(only().id(), "", "", 3 * HOUR);
    List<AlertChange> changes =
        judge(
            at(60)
                .drift("age", mass(Metric.MISSING, .3))
                .outputDrift("score", mass(Metric.ATOM, .3)));

    assertThat(changes)
        .singleElement()
        .satisfies(change -> {
          assertThat(change.kind()).isEqualTo(Kind.RAISED);
          assertThat(change.alert().cause()).isEqualTo(Cause.MISSING);
          assertThat(names(change.alert())).containsExactly("age", "score");
        });
  }

  @Test
  void anAcknowledgedShiftOfAnOutputHidesNoDeeperCauseOfIt() {
    judge(at(1).ok("age").outputDrift("score", mean(.2)));
    alerts.acknowledge(only().id(), "ann", "known", 2 * HOUR);

    assertThat(judge(at(2).ok("age").outputDrift("score", mass(Metric.MISSING, .9), tvd(.9))))
        .singleElement()
        .satisfies(change -> {
          assertThat(change.kind()).isEqualTo(Kind.RAISED);
          assertThat(change.alert().cause()).isEqualTo(Cause.MISSING);
        });
    assertThat(judge(at(3).ok("age").outputDrift("score", mean(.2)))).isEmpty();
  }

  @Test
  void outputsThatChangeLongAfterTheirInputsAreAnotherAlert() {
    judge(at(1).drift("age", mean(.3)).outputOk("score", "rank"));
    assertThat(judge(at(4).drift("age", mean(.3)).outputDrift("score", mean(.2)).outputOk("rank")))
        .extracting(AlertChange::kind)
        .containsExactly(Kind.WIDENED);

    assertThat(
            judge(
                at(5)
                    .drift("age", mean(.3))
                    .outputDrift("score", mean(.2))
                    .outputDrift("rank", mean(.2))))
        .singleElement()
        .satisfies(change -> {
          assertThat(change.kind()).isEqualTo(Kind.RAISED);
          // Not that inputs have not changed: one is in drift.
          assertThat(change.alert().summary()).isEqualTo("The distribution has shifted: rank");
        });
  }

  @Test
  void predictionsThatComeBackWithinTheCoolDownAreTheSameAlert() {
    judge(at(1).ok("age").outputDrift("score", mean(.2)));
    alerts.acknowledge(only().id(), "ann", "", 2 * HOUR);
    judge(at(2).ok("age").outputOk("score"));

    assertThat(judge(at(10).ok("age").outputDrift("score", mean(.2))))
        .extracting(AlertChange::kind)
        .containsExactly(Kind.RETURNED);
    assertThat(only().cause()).isEqualTo(Cause.PREDICTION);
  }

  @Test
  void moreFeaturesJoinForAShortWhileAndAreAnotherAlertAfterwards() {
    judge(at(1).drift("a", mean(.3)).ok("b", "c", "d"));

    assertThat(judge(at(4).drift("a", mean(.3)).drift("b", mean(.3)).ok("c", "d")))
        .singleElement()
        .satisfies(change -> assertThat(change.kind()).isEqualTo(Kind.WIDENED));
    assertThat(judge(at(5).drift("a", mean(.3)).drift("b", mean(.3)).drift("c", mean(.3)).ok("d")))
        .singleElement()
        .satisfies(change -> {
          assertThat(change.kind()).isEqualTo(Kind.RAISED);
          assertThat(names(change.alert())).containsExactly("c");
        });
  }

  @Test
  void whatIsAcknowledgedTakesNothingNewIn() {
    judge(at(1).drift("a", mean(.3)).ok("b"));
    alerts.acknowledge(only().id(), "ann", "known", 2 * HOUR);

    assertThat(judge(at(2).drift("a", mean(.3)).drift("b", mean(.3))))
        .singleElement()
        .satisfies(change -> assertThat(names(change.alert())).containsExactly("b"));
  }

  @Test
  void aDeeperCauseOfTheSameFeatureIsNewAndAShallowerOneIsNot() {
    judge(at(1).drift("age", mean(.3)));

    assertThat(judge(at(2).drift("age", mass(Metric.MISSING, .3), mean(.3))))
        .singleElement()
        .satisfies(change -> assertThat(change.alert().cause()).isEqualTo(Cause.MISSING));
    assertThat(judge(at(3).drift("age", mean(.3)))).isEmpty();
    assertThat(judge(at(4).drift("age", mass(Metric.OUT_OF_RANGE, .3)))).isEmpty();
  }

  @Test
  void whatAHandfulOfRowsLookLikeIsNoDeeperCause() {
    judge(at(1).drift("age", mean(.3)));

    assertThat(judge(at(2).driftAnd("age", finding(Check.CONSTANT)))).isEmpty();
    assertThat(judge(at(3).drift("age", mass(Metric.ATOM, .9)).ofOneRow())).isEmpty();
  }

  @Test
  void anAlertThatNobodySawIsLatchedWhenItIsOverAndClearedByAcknowledging() {
    judge(at(1).drift("age", mean(.3)).drift("amount", mean(.3)));
    assertThat(judge(at(2).ok("age").drift("amount", mean(.3)))).isEmpty();

    assertThat(judge(at(3).ok("age", "amount")))
        .singleElement()
        .satisfies(change -> assertThat(change.kind()).isEqualTo(Kind.LATCHED));

    alerts.acknowledge(only().id(), "ann", "a bad batch", 5 * HOUR);
    assertThat(only().state())
        .isInstanceOfSatisfying(
            AlertState.Cleared.class,
            cleared -> {
              assertThat(cleared.reason()).isEqualTo(AlertState.Reason.RECOVERED);
              assertThat(cleared.acknowledged().orElseThrow().by()).isEqualTo("ann");
            });
  }

  @Test
  void anAcknowledgedAlertIsClearedWhenItIsOver() {
    judge(at(1).drift("age", mean(.3)));
    alerts.acknowledge(only().id(), "ann", "", 2 * HOUR);
    assertThat(only().state()).isEqualTo(new AlertState.Acknowledged(2 * HOUR, "ann", ""));

    assertThat(judge(at(2).ok("age")))
        .singleElement()
        .satisfies(change -> assertThat(change.kind()).isEqualTo(Kind.CLEARED));
  }

  @Test
  void acknowledgingAgainChangesNothingAndWhatIsUnknownIsSaid() {
    judge(at(1).drift("age", mean(.3)));
    alerts.acknowledge(only().id(), "ann", "mine", 2 * HOUR);

    alerts.acknowledge(only().id(), "bob", "no, mine", 3 * HOUR);

    assertThat(only().state()).isEqualTo(new AlertState.Acknowledged(2 * HOUR, "ann", "mine"));
    assertThat(alerts.acknowledge("absent", "", "", 0)).isEmpty();
  }

  @Test
  void windowsWithTooFewRowsEndNothing() {
    judge(at(1).drift("age", mean(.3)));

    assertThat(judge(at(2).insufficient("age"))).isEmpty();
    assertThat(judge(at(3))).isEmpty();

    assertThat(only().state()).isInstanceOf(AlertState.Raised.class);
  }

  @Test
  void whatIsOddWhileItCannotBeJudgedEndsNoPage() {
    judge(at(1).drift("age", mean(.3)));

    assertThat(judge(at(2).insufficientAnd("age", Check.TYPE)))
        .noneMatch(change -> change.kind() == Kind.LATCHED);
  }

  @Test
  void aDayOfWindowsThatCannotBeJudgedEndsWhatNobodyKnowsToGoOn() {
    judge(at(1).drift("age", mean(.3)));
    for (int hour = 2; hour < 25; hour++) {
      assertThat(judge(at(hour).insufficient("age"))).isEmpty();
    }

    assertThat(judge(at(25).insufficient("age")))
        .extracting(AlertChange::kind)
        .containsExactly(Kind.LATCHED);
  }

  @Test
  void aDayOfWindowsWithoutAFeatureThatIsNotWatchedAnyMoreEndsItsAlert() {
    judge(at(1).drift("embedding.distance", mean(.3)).ok("age"));
    for (int hour = 2; hour < 25; hour++) {
      assertThat(judge(at(hour).ok("age"))).isEmpty();
    }

    assertThat(judge(at(25).ok("age"))).extracting(AlertChange::kind).containsExactly(Kind.LATCHED);
  }

  @Test
  void whatComesBackWithinTheCoolDownIsTheSameAlertInTheStateItHad() {
    judge(at(1).drift("age", mean(.3)).drift("zip", mean(.3)));
    alerts.acknowledge(only().id(), "ann", "", 2 * HOUR);
    judge(at(2).ok("age", "zip"));

    List<AlertChange> changes = judge(at(10).drift("age", mean(.3)).drift("zip", mean(.3)));

    assertThat(changes)
        .singleElement()
        .satisfies(change -> assertThat(change.kind()).isEqualTo(Kind.RETURNED));
    assertThat(only().state()).isInstanceOf(AlertState.Acknowledged.class);
    assertThat(only().isActive()).isTrue();
    assertThat(only().returns()).isEqualTo(1);
  }

  @Test
  void whatComesBackAfterTheCoolDownIsAnotherAlert() {
    judge(at(1).drift("age", mean(.3)));
    alerts.acknowledge(only().id(), "", "", 2 * HOUR);
    judge(at(2).ok("age"));

    assertThat(judge(at(40).drift("age", mean(.3))))
        .singleElement()
        .satisfies(change -> assertThat(change.kind()).isEqualTo(Kind.RAISED));
    assertThat(alerts.find(AlertFilter.all())).hasSize(2);
  }

  @Test
  void aLatchedAlertIsRaisedAgainWhenItsFindingComesBack() {
    judge(at(1).drift("age", mean(.3)));
    judge(at(2).ok("age"));

    judge(at(90).drift("age", mean(.3)));

    assertThat(only().state()).isEqualTo(new AlertState.Raised(91 * HOUR));
    assertThat(only().returns()).isEqualTo(1);
  }

  @Test
  void oddDataIsANoticeThatEndsAfterSomeWindowsWithout() {
    judge(at(1).odd("age", Check.TYPE).rows(Check.VOLUME));
    assertThat(alerts.find(AlertFilter.all()))
        .extracting(alert -> alert.severity() + " " + alert.cause())
        .containsExactlyInAnyOrder("NOTICE TYPE", "NOTICE VOLUME");

    assertThat(judge(at(2).ok("age"))).isEmpty();
    assertThat(judge(at(3).ok("age"))).isEmpty();
    assertThat(judge(at(4).ok("age")))
        .extracting(AlertChange::kind)
        .containsExactly(Kind.LATCHED, Kind.LATCHED);
  }

  @Test
  void windowsThatCannotBeJudgedEndNoNotice() {
    judge(at(1).odd("age", Check.TYPE).rows(Check.DUPLICATES));
    judge(at(2).ok("age"));
    for (int hour = 3; hour < 10; hour++) {
      assertThat(judge(at(hour).insufficient("age").ofOneRow())).isEmpty();
    }
    assertThat(judge(at(10).ok("age"))).isEmpty();

    assertThat(judge(at(11).ok("age")))
        .extracting(AlertChange::kind)
        .containsExactly(Kind.LATCHED, Kind.LATCHED);
  }

  @Test
  void aDayOfWindowsThatCannotBeJudgedEndsANotice() {
    judge(at(1).odd("age", Check.TYPE));
    judge(at(2).ok("age"));
    for (int hour = 3; hour < 26; hour++) {
      assertThat(judge(at(hour).insufficient("age"))).isEmpty();
    }

    assertThat(judge(at(26).insufficient("age")))
        .extracting(AlertChange::kind)
        .containsExactly(Kind.LATCHED);
  }

  @Test
  void aNoticeDoesNotHideAPageAndAPageHidesTheNotice() {
    judge(at(1).odd("age", Check.MISSING));

    assertThat(judge(at(2).drift("age", mass(Metric.MISSING, .2))))
        .singleElement()
        .satisfies(change -> assertThat(change.alert().severity()).isEqualTo(Severity.PAGE));
    assertThat(judge(at(3).drift("age", mass(Metric.MISSING, .2)).odd("zip", Check.TYPE)))
        .extracting(change -> change.kind() + " " + change.alert().cause())
        .containsExactly("RAISED TYPE");
  }

  @Test
  void aModelsSilenceAndALongLatchClearInTheEnd() {
    judge(at(1).drift("age", mean(.3)));
    assertThat(alerts.expire(7 * 24 * HOUR)).isEmpty();
    assertThat(alerts.expire(7 * 24 * HOUR + 2 * HOUR))
        .singleElement()
        .satisfies(change ->
            assertThat(change.alert().state())
                .isInstanceOfSatisfying(
                    AlertState.Cleared.class,
                    cleared -> assertThat(cleared.reason()).isEqualTo(AlertState.Reason.SILENT)));

    judge(at(500).drift("zip", mean(.3)));
    judge(at(501).ok("zip"));
    judge(at(668).ok("zip"));
    assertThat(judge(at(669).ok("zip")))
        .singleElement()
        .satisfies(change -> assertThat(change.kind()).isEqualTo(Kind.CLEARED));
  }

  @Test
  void filtersNarrow() {
    judge(at(1).drift("age", mean(.3)).odd("zip", Check.TYPE));

    assertThat(alerts.find(AlertFilter.open().withModel("fraud"))).hasSize(2);
    assertThat(alerts.find(AlertFilter.open().withModel("other"))).isEmpty();
    assertThat(alerts.find(AlertFilter.all().withStates(Set.of("cleared")))).isEmpty();
  }

  @Test
  void jsonSaysTheSame() {
    judge(at(1).drift("a \"feature\"\n", mass(Metric.MISSING, .3)).odd("zip", Check.TYPE));
    judge(at(2).ok("a \"feature\"\n").odd("zip", Check.TYPE));
    Alert latched = alerts.find(AlertFilter.all().withStates(Set.of("latched"))).getFirst();
    alerts.acknowledge(latched.id(), "ann", "ünïcode", 5 * HOUR);

    for (Alert alert : alerts.find(AlertFilter.all())) {
      assertThat(AlertJson.read(AlertJson.text(alert))).isEqualTo(alert);
    }
  }

  @Test
  void memoryForgetsTheClearedFirst() {
    MemoryAlertStore small = new MemoryAlertStore(2);
    Alerts few = new Alerts(small, AlertPolicy.DEFAULT);
    few.judge(at(1).drift("a", mean(.3)).verdict(), HOUR);
    Alert first = small.find(AlertFilter.all()).getFirst();
    few.acknowledge(first.id(), "", "", HOUR);
    few.judge(at(40).drift("a", mean(.3)).drift("b", mean(.3)).verdict(), 41 * HOUR);
    few.judge(at(41).ok("a").drift("b", mean(.3)).verdict(), 42 * HOUR);
    few.judge(at(100).drift("b", mass(Metric.MISSING, .3)).ok("a").verdict(), 101 * HOUR);
    few.judge(
        at(101)
            .ok("a")
            .drift("b", mass(Metric.MISSING, .3))
            .drift("c", mass(Metric.ATOM, .3))
            .verdict(),
        102 * HOUR);

    assertThat(small.find(AlertFilter.all())).hasSize(2);
    assertThat(small.find(AlertFilter.all())).noneMatch(alert -> alert.id().equals(first.id()));
  }
}
