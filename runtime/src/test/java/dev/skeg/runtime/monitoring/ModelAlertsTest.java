package dev.skeg.runtime.monitoring;

import static dev.skeg.runtime.monitoring.TestWindows.BINS;
import static dev.skeg.runtime.monitoring.TestWindows.KEY;
import static dev.skeg.runtime.monitoring.TestWindows.ROWS;
import static dev.skeg.runtime.monitoring.TestWindows.feature;
import static dev.skeg.runtime.monitoring.TestWindows.window;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.skeg.monitor.alert.Alert;
import dev.skeg.monitor.alert.AlertFilter;
import dev.skeg.monitor.alert.MemoryAlertStore;
import dev.skeg.monitor.drift.DriftKind;
import dev.skeg.monitor.drift.DriftState;
import dev.skeg.monitor.drift.FeatureVerdict;
import dev.skeg.monitor.drift.WindowVerdict;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What {@link ModelAlerts} says of alerts in the log, with verdicts written down. */
final class ModelAlertsTest {
  private final ModelAlerts alerts = new ModelAlerts(new MemoryAlertStore(10));
  private final Logger logger = (Logger) LoggerFactory.getLogger(ModelAlerts.class);
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();

  @BeforeEach
  void listen() {
    log.start();
    logger.addAppender(log);
    logger.setAdditive(false);
    logger.setLevel(Level.INFO);
  }

  @AfterEach
  void leave() {
    logger.setLevel(null);
    logger.setAdditive(true);
    logger.detachAppender(log);
  }

  private void judge(int hour, DriftState state) {
    Set<DriftKind> kinds = state == DriftState.DRIFT ? Set.of(DriftKind.SKEW) : Set.of();
    FeatureVerdict amount =
        new FeatureVerdict(
            feature(BINS, 1, 1, 0).spec(),
            state,
            kinds,
            kinds,
            Map.of(),
            Map.of(),
            Map.of(),
            List.of());
    alerts.judge(
        new WindowVerdict(KEY, window(hour), ROWS, List.of(amount), List.of(), List.of()),
        window(hour).endMillis());
  }

  @Test
  void aPageThatComesBackIsAsLoudAsANewOne() {
    judge(0, DriftState.DRIFT);
    judge(1, DriftState.OK);
    judge(2, DriftState.DRIFT);

    assertThat(log.list)
        .extracting(event -> event.getLevel() + " " + event.getMessage())
        .containsExactly(
            "WARN An alert is raised", "INFO An alert is latched", "WARN An alert is raised");
  }

  @Test
  void aPageThatComesBackAcknowledgedIsNoNews() {
    judge(0, DriftState.DRIFT);
    Alert alert = alerts.find(AlertFilter.open()).getFirst();
    alerts.acknowledge(alert.id(), "ann", "", window(0).endMillis());
    judge(1, DriftState.OK);
    judge(2, DriftState.DRIFT);

    assertThat(log.list)
        .extracting(event -> event.getLevel() + " " + event.getMessage())
        .containsExactly(
            "WARN An alert is raised", "INFO An alert is cleared", "INFO An alert is acknowledged");
  }
}
