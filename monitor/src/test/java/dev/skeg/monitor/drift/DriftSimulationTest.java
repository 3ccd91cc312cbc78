package dev.skeg.monitor.drift;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whether verdicts keep what they promise, by simulation with fixed seeds: a short form in every
 * build, the whole one with {@code -Dskeg.simulation=full}, which writes {@code
 * target/drift-simulation.md}.
 */
final class DriftSimulationTest {
  /** So many windows for one page by the budget that there are enough pages to count. */
  private static final double OFTEN = 20;

  private static final double MONTH = 720;

  @Test
  void pagesForNothingStayWithinTheBudgetWithIndependentRows() {
    NullSimulation.Pages all = new NullSimulation.Pages(0, 0);
    for (long baselineRows : new long[] {20_000, 1_000_000}) {
      for (int windowRows : new int[] {500, 5_000, 1_000_000}) {
        NullSimulation simulation = new NullSimulation(1, baselineRows, windowRows, 12, 5);
        all = all.plus(simulation.independent(40, OFTEN));
      }
    }
    assertThat(all.upper()).isLessThan(1.5);
  }

  @Test
  void pagesForNothingStayWithinTheBudgetThroughTheWeek() {
    NullSimulation.Pages pages = new NullSimulation(2, 1_000_000, 5_000, 8, 4).weekly(140, OFTEN);

    assertThat(pages.upper()).isLessThan(1.5);
  }

  @Test
  void pagesForNothingStayWithinTheBudgetAgainstSeasonsOfUnequalRows() {
    NullSimulation.Pages pages =
        IntStream.range(0, 6)
            .mapToObj(seed -> new NullSimulation(seed, 100_000, 10_000, 8, 4).unequal(108, OFTEN))
            .reduce(new NullSimulation.Pages(0, 0), NullSimulation.Pages::plus);

    assertThat(pages.upper()).isLessThan(1.5);
  }

  @Test
  void pagesForNothingStayWithinTheBudgetThatKeysShare() {
    NullSimulation.Pages pages =
        new NullSimulation(7, 20_000, 5_000, 6, 3).independent(4, 60, OFTEN);

    assertThat(pages.upper()).isLessThan(1.5);
  }

  @Test
  void pagesForNothingStayWithinTheBudgetAgainstEarlierWeeks() {
    NullSimulation.Pages pages =
        new NullSimulation(8, 20_000, 2_000, 6, 3).withoutBaseline(5 * 168, OFTEN);

    assertThat(pages.upper()).isLessThan(1.5);
  }

  @Test
  void pagesForNothingStayWithinTheBudgetOfABuiltBaselineWhereRowsFollowOneAnother(
      @TempDir Path directory) {
    NullSimulation.Pages pages = new BuiltSimulation(9, directory).run(168, OFTEN);

    assertThat(pages.upper()).isLessThan(1.5);
  }

  @Test
  void pagesForNothingStayWithinTheBudgetWhereRowsFollowOneAnother() {
    NullSimulation.Pages pages =
        IntStream.range(0, 3)
            .mapToObj(
                seed -> new NullSimulation(seed, 200_000, 2_000, 10, 10).autoregressive(60, OFTEN))
            .reduce(new NullSimulation.Pages(0, 0), NullSimulation.Pages::plus);

    assertThat(pages.upper()).isLessThan(1.5);
  }

  @Test
  void everyChangeWorthAPageIsFoundInItsFirstWindow() {
    for (PowerSimulation.Change change : PowerSimulation.Change.values()) {
      assertThat(new PowerSimulation(3).median(change, 3)).describedAs(change.label()).isEqualTo(1);
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
    List<Case> cases = new ArrayList<>();
    for (long baselineRows : new long[] {20_000, 1_000_000}) {
      for (int windowRows : new int[] {500, 5_000, 50_000, 1_000_000}) {
        cases.add(new Case("independent", baselineRows, windowRows, 180, OFTEN));
      }
    }
    for (int i = 0; i < 4; i++) {
      cases.add(new Case("independent, one page a month", 20_000, 5_000, 720, MONTH));
      cases.add(new Case("weekly season of unequal rows", 100_000, 10_000, 180, OFTEN));
    }
    cases.add(new Case("no baseline, weekly season", 20_000, 2_000, 8 * 168, OFTEN));
    cases.add(new Case("four keys", 20_000, 5_000, 180, OFTEN));
    cases.add(new Case("weekly season", 20_000, 5_000, 180, OFTEN));
    cases.add(new Case("weekly season", 1_000_000, 5_000, 180, OFTEN));
    cases.add(new Case("AR(1) φ = .6", 20_000, 500, 180, OFTEN));
    cases.add(new Case("AR(1) φ = .6", 1_000_000, 5_000, 180, OFTEN));
    Map<String, NullSimulation.Pages> found = new LinkedHashMap<>();
    List<NullSimulation.Pages> all =
        IntStream.range(0, cases.size())
            .parallel()
            .mapToObj(i -> cases.get(i).run(100 + i))
            .toList();
    for (int i = 0; i < cases.size(); i++) {
      found.merge(cases.get(i).label(), all.get(i), NullSimulation.Pages::plus);
    }
    StringBuilder table = new StringBuilder();
    table.append("| rows | baseline | rows a window | pages | by the budget | ratio |");
    table.append(" 95 % upper bound |\n|---|---|---|---|---|---|---|\n");
    found.forEach((label, pages) ->
        table.append(
            String.format(
                Locale.ROOT,
                "| %s | %d | %.0f | %.2f | %.2f |%n",
                label,
                pages.pages(),
                pages.budget(),
                pages.ratio(),
                pages.upper())));
    Files.writeString(Path.of("target", "drift-simulation.md"), table);
    assertThat(found.values())
        .allSatisfy(pages -> assertThat(pages.ratio()).isLessThanOrEqualTo(1))
        .allSatisfy(pages -> assertThat(pages.upper()).isLessThanOrEqualTo(1.5));
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

  /** One kind of rows, with 50 features; AR(1) rows are of numbers only. */
  private record Case(
      String kind, long baselineRows, int windowRows, int windows, double windowsPerPage) {
    String label() {
      return String.format(Locale.ROOT, "%s | %,d | %,d", kind, baselineRows, windowRows);
    }

    NullSimulation.Pages run(long seed) {
      boolean isAutoregressive = kind.startsWith("AR");
      int numeric = isAutoregressive ? 50 : 20;
      NullSimulation simulation = new NullSimulation(seed, baselineRows, windowRows, 50, numeric);
      if (isAutoregressive) {
        return simulation.autoregressive(windows, windowsPerPage);
      }
      return switch (kind) {
        case "weekly season" -> simulation.weekly(windows, windowsPerPage);
        case "weekly season of unequal rows" -> simulation.unequal(windows, windowsPerPage);
        case "no baseline, weekly season" -> simulation.withoutBaseline(windows, windowsPerPage);
        case "four keys" -> simulation.independent(4, windows, windowsPerPage);
        default -> simulation.independent(windows, windowsPerPage);
      };
    }
  }
}
