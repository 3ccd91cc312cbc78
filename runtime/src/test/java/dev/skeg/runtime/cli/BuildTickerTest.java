package dev.skeg.runtime.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A {@link BuildTicker} that draws by itself only after a day. */
final class BuildTickerTest {
  private final StringWriter err = new StringWriter();
  private final Console console =
      new Console(new PrintWriter(new StringWriter()), new PrintWriter(err), Map.of());

  @Test
  void drawsOneLineAgainAndAgainOnATerminal() {
    try (BuildTicker ticker = new BuildTicker(console, Duration.ofDays(1), true)) {
      ticker.moved(1, 1_234_567, 50, 100);
      ticker.draw();
      ticker.moved(2, 1_234_567_890, 100, 100);
      ticker.draw();
      ticker.clear();
    }

    assertThat(err.toString().split("\r\u001b\\[K", -1))
        .satisfiesExactly(
            before -> assertThat(before).isEmpty(),
            line ->
                assertThat(line).startsWith("pass 1 of 2 [##########..........]  50 % 1,234,567"),
            line ->
                assertThat(line)
                    .startsWith("pass 2 of 2 [####################] 100 % 1,234,567,890 rows, "),
            after -> assertThat(after).isEmpty());
  }

  @Test
  void writesLinesElsewhere() {
    try (BuildTicker ticker = new BuildTicker(console, Duration.ofDays(1), false)) {
      ticker.moved(1, 500, 25, 100);
      ticker.draw();
      ticker.clear();
    }

    assertThat(err.toString())
        .startsWith("skeg: pass 1 of 2 [#####...............]  25 % 500 rows, ")
        .endsWith(" rows/s\n")
        .doesNotContain("\r");
  }
}
