package dev.skeg.runtime.endpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Numbers of versions as clients write them. */
final class VersionNumberTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "7, 7",
    "0007, 7",
    "00000000000000000000000000000042, 42",
    "1234567890123456789, 1234567890123456789",
    "9223372036854775807, 9223372036854775807",
    "09223372036854775807, 9223372036854775807"
  })
  void areDigits(String text, long number) {
    assertThat(VersionNumber.parse(text)).isEqualTo(number);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "+1",
        "-1",
        "-0",
        "1 ",
        " 1",
        "1.0",
        "1e3",
        "0x1",
        "1_000",
        "v1",
        "latest",
        "/",
        ":",
        "\u0661", // Arabic-Indic one.
        "1\uff12", // Fullwidth two.
        "\ud835\udfd9", // Double-struck one.
        "9223372036854775808",
        "9223372036854775810",
        "18446744073709551617",
        "99999999999999999999999999"
      })
  void areNothingElse(String text) {
    assertThat(VersionNumber.parse(text)).isEqualTo(VersionNumber.NONE);
  }

  @Test
  void areWhatTheyAreWhenWritten() {
    Random random = new Random(11);
    for (int i = 0; i < 100_000; i++) {
      long number = random.nextLong() >>> (1 + random.nextInt(62));

      assertThat(VersionNumber.parse(Long.toString(number))).isEqualTo(number);
    }
  }
}
