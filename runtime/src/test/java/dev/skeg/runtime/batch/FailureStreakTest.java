package dev.skeg.runtime.batch;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.model.ServingException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** A {@link FailureStreak} on a clock of the test's. */
final class FailureStreakTest {
  private static final long SECOND = 1_000_000_000;

  private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - SECOND / 2); // It wraps.
  private final List<String> quarantined = new ArrayList<>();
  private final FailureStreak streak =
      new FailureStreak(new ModelVersion("m", 3), quarantined::add, clock::get);
  private final Logger logger = (Logger) LoggerFactory.getLogger(FailureStreak.class);
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();

  @BeforeEach
  void listen() {
    log.start();
    logger.addAppender(log);
    logger.setAdditive(false);
    logger.setLevel(Level.WARN); // Whatever commands run before have made of the root's.
  }

  @AfterEach
  void leave() {
    logger.setLevel(null);
    logger.setAdditive(true);
    logger.detachAppender(log);
  }

  private void failAsRequestsFault(int times) {
    for (int i = 0; i < times; i++) {
      streak.failed(new ServingException(ErrorCode.INVALID_ARGUMENT, "no such row"));
    }
  }

  @Test
  void logsOneCauseASecondAndHowManyItDidNot() {
    failAsRequestsFault(1_000);
    clock.addAndGet(SECOND - 1);
    failAsRequestsFault(10);
    assertThat(log.list).hasSize(1);
    clock.addAndGet(1);
    failAsRequestsFault(10);
    assertThat(log.list).hasSize(2);
    clock.addAndGet(60 * SECOND);
    failAsRequestsFault(1);

    assertThat(log.list).extracting(ILoggingEvent::getLevel).containsOnly(Level.WARN);
    assertThat(log.list)
        .extracting(event -> event.getThrowableProxy().getMessage())
        .containsOnly("no such row");
    assertThat(log.list).extracting(FailureStreakTest::notLogged).containsExactly(0L, 1_009L, 9L);
    assertThat(quarantined).as("a request's fault is not the version's").isEmpty();
  }

  private static long notLogged(ILoggingEvent event) {
    return event.getKeyValuePairs().stream()
        .filter(pair -> pair.key.equals("failures_not_logged"))
        .mapToLong(pair -> (long) pair.value)
        .sum();
  }

  @Test
  void countsFailuresInARowWhetherTheyAreLoggedOrNot() {
    for (int i = 0; i < FailureStreak.MOST - 1; i++) {
      streak.failed(new IllegalStateException("broken"));
    }
    streak.succeeded();
    for (int i = 0; i < FailureStreak.MOST - 1; i++) {
      streak.failed(new IllegalStateException("broken"));
    }
    assertThat(streak.isQuarantined()).isFalse();

    streak.failed(new IllegalStateException("broken"));

    assertThat(streak.isQuarantined()).isTrue();
    assertThat(quarantined).singleElement().asString().contains("16 failures in a row", "broken");
    assertThat(log.list).hasSize(1);
  }
}
