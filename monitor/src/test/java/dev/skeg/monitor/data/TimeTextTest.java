package dev.skeg.monitor.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class TimeTextTest {
  @ParameterizedTest
  @CsvSource({
    "2026-01-31T12:34:56.789Z, 2026-01-31T12:34:56.789Z",
    "2026-01-31 12:34:56, 2026-01-31T12:34:56Z",
    "2026-01-31 12:34, 2026-01-31T12:34:00Z",
    "2026-01-31, 2026-01-31T00:00:00Z",
    "2024-02-29T00:00:00.123456789+01:30, 2024-02-28T22:30:00.123Z",
    "2026-01-31T12:00:00-0800, 2026-01-31T20:00:00Z",
    "2026-01-31T12:00:00+02, 2026-01-31T10:00:00Z",
    "2026-01-31 12:00:00 UTC, 2026-01-31T12:00:00Z",
    "1769860800, 2026-01-31T12:00:00Z",
    "1769860800.5, 2026-01-31T12:00:00.500Z",
    "1769860800123, 2026-01-31T12:00:00.123Z",
    "1769860800123456, 2026-01-31T12:00:00.123Z",
    "1769860800123456789, 2026-01-31T12:00:00.123Z",
    "-1, 1969-12-31T23:59:59Z",
  })
  void readsWhatFilesHave(String text, String instant) {
    assertThat(Instant.ofEpochMilli(TimeText.millis(text))).isEqualTo(Instant.parse(instant));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "-",
        "yesterday",
        "2026-13-01",
        "2026-02-30",
        "2026-01-31T",
        "2026-01-31T25:00",
        "2026-01-31T12:61",
        "2026-01-31T12:00:00X",
        "2026-01-31T12:00:00+9:00",
        "1.2.3",
        "12e3",
        "20260131T120000Z",
        "2026-01-31T12:0"
      })
  void knowsWhatIsNoTime(String text) {
    assertThat(TimeText.millis(text)).isEqualTo(TimeText.NONE);
  }
}
