package dev.skeg.monitor.drift;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Whether verdicts keep what they promise, by simulation with fixed seeds: a short form in every build,
 * the whole one with {@code -Dskeg.simulation=full}, which writes {@code target/drift-simulation.md}.
 */
final class DriftSimulationTest {
  /** So many windows for one page by the budget that there are enough pages to count. */
  private static final double OFTEN = 20;

  private static final double MONTH = 720;

  @Test
  void pagesForNothingStayWithinTheBudgetWithIndependentRows() {
    for (long baselineRows : new long[] {20_000, 1_000_000}) {
      for (int windowRows : new int[] {500, 5_000, 1_000_000}) {
        NullSimulation.Pages pages =
            new NullSimulation(1, baselineRows, windowRows, 15, 6).independent(100, OFTEN);
        assertThat(pages.upper()).describedAs("%d %d", baselineRows, windowRows).isLessThan(1.5);
      }
    }
  }

  @Test
  void pagesForNothingStayWithinTheBudgetThroughTheWeek() {
    NullSimulation.Pages pages = new NullSimulation(2, 1_000_000, 5_000, 12, 5).weekly(250, OFTEN);

    assertThat(pages.upper()).isLessThan(1.5);
  }

  @Test
  void pagesForNothingStayWithinTheBudgetWhereRowsFollowOneAnother() {
    NullSimulation.Pages pages =
        IntStream.range(0, 4)
            .mapToObj(
                seed -> new NullSimulation(seed, 200_000, 2_000, 10, 10).autoregressive(60, OFTEN))
            .reduce(new NullSimulation.Pages(0, 0), NullSimulation.Pages::plus);

    assertThat(pages.upper()).isLessThan(1.5);
  }

  @Test
  void everyChangeWorthAPageIsFoundInItsFirstWindow() {
    for (PowerSimulation.Change change : PowerSimulation.Change.values()) {
      assertThat(new PowerSimulation(3).median(change, 5)).describedAs(change.label()).isEqualTo(1);
    }
  }

  @Test
  void ordinaryWeeksAreQuietAndAnEventIsFoundInItsFirst() {
    SeasonalSimulation.Outcome outcome = new SeasonalSimulation(4, 20).run();

    assertThat(outcome.weeks()).isGreaterThanOrEqualTo(1_000);
    assertThat((double) outcome.flagged() / outcome.weeks()).isLessThanOrEqualTo(.02);
    assertThat(outcome.firstWeekOfEvent()).isEqualTo(outcome.eventFeatures());
  }

  @Test
  @EnabledIfSystemProperty(named = "skeg.simulation", matches = "full")
  void wholeTables() throws IOException {
    StringBuilder table = new StringBuilder();
    table.append("| rows | baseline | rows a window | months | pages | by the budget | ratio |");
    table.append(" 95 % upper bound |\n|---|---|---|---|---|---|---|---|\n");
    for (long baselineRows : new long[] {20_000, 1_000_000}) {
      for (int windowRows : new int[] {500, 5_000, 50_000, 1_000_000}) {
        row(table, "independent", baselineRows, windowRows, 4, OFTEN);
      }
    }
    row(table, "independent, 1 page a month", 20_000, 5_000, 4, MONTH);
    row(table, "weekly season", 1_000_000, 5_000, 4, OFTEN);
    row(table, "weekly season", 20_000, 5_000, 2, OFTEN);
    row(table, "AR(1) φ = .6", 20_000, 500, 2, OFTEN);
    row(table, "AR(1) φ = .6", 1_000_000, 5_000, 1, OFTEN);
    table.append("\n| change | median windows until it is found, 31 runs |\n|---|---|\n");
    for (PowerSimulation.Change change : PowerSimulation.Change.values()) {
      double median = new PowerSimulation(5).median(change, 31);
      table.append(String.format(Locale.ROOT, "| %s | %.1f |%n", change.label(), median));
      assertThat(median).isEqualTo(1);
    }
    SeasonalSimulation.Outcome seasonal = new SeasonalSimulation(6, 60).run();
    table.append(
        String.format(
            Locale.ROOT,
            "%n| ordinary feature-weeks | flagged | event's features | found in its first week |%n"
                + "|---|---|---|---|%n| %d | %d (%.2f %%) | %d | %d |%n",
            seasonal.weeks(),
            seasonal.flagged(),
            100.0 * seasonal.flagged() / seasonal.weeks(),
            seasonal.eventFeatures(),
            seasonal.firstWeekOfEvent()));
    Files.writeString(Path.of("target", "drift-simulation.md"), table);
  }

  private static void row(
      StringBuilder table, String kind, long baselineRows, int windowRows, int months, double every) {
    NullSimulation.Pages pages =
        IntStream.range(0, months)
            .parallel()
            .mapToObj(
                month -> {
                  boolean isNumeric = kind.startsWith("AR"); // Categories do not follow one another.
                  NullSimulation run =
                      new NullSimulation(
                          100 + month, baselineRows, windowRows, 50, isNumeric ? 50 : 20);
                  int windows = (int) MONTH;
                  if (isNumeric) {
                    return run.autoregressive(windows, every);
                  }
                  return kind.startsWith("weekly")
                      ? run.weekly(windows, every)
                      : run.independent(windows, every);
                })
            .reduce(new NullSimulation.Pages(0, 0), NullSimulation.Pages::plus);
    table.append(
        String.format(
            Locale.ROOT,
            "| %s | %,d | %,d | %d | %d | %.0f | %.2f | %.2f |%n",
            kind,
            baselineRows,
            windowRows,
            months,
            pages.pages(),
            pages.budget(),
            pages.ratio(),
            pages.upper()));
    assertThat(pages.ratio()).isLessThanOrEqualTo(1);
  }
}
