package dev.skeg.monitor.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Against {@link Double#parseDouble}, which is exact. */
final class DecimalNumberTest {
  private static final int NUMBERS = Integer.getInteger("skeg.decimals", 300_000);

  @Test
  void roundsAsJavaDoesWhateverTheDigitsAndTheExponent() {
    Random random = new Random(42);
    int decided = 0;
    for (int i = 0; i < NUMBERS; i++) {
      long digits = random.nextLong() >>> (1 + random.nextInt(62));
      int exponent = random.nextInt(700) - 360;
      decided += check(digits, exponent);
    }

    assertThat(decided).isGreaterThan(NUMBERS * 8 / 10);
  }

  @Test
  void roundsDigitsThatDoublesAreWrittenWith() {
    Random random = new Random(7);
    int decided = 0;
    for (int i = 0; i < NUMBERS; i++) {
      String text = Double.toString(random.nextDouble() * 1000);
      if (text.indexOf('E') < 0) {
        int point = text.indexOf('.');
        decided += check(Long.parseLong(text.replace(".", "")), point + 1 - text.length());
      }
    }

    assertThat(decided).isGreaterThan(NUMBERS * 99 / 100);
  }

  @Test
  void roundsTiesToEven() {
    assertThat(DecimalNumber.of(9007199254740993L, 0)).isEqualTo(9007199254740992.0);
    assertThat(DecimalNumber.of(9007199254740995L, 0)).isEqualTo(9007199254740996.0);
    for (long halfway = (1L << 54) + 2; halfway < (1L << 54) + 2000; halfway += 4) {
      check(halfway, 0);
      check(halfway * 5, -1);
      check(halfway * 25, -2);
    }
  }

  @Test
  void knowsTheEndsOfTheRange() {
    assertThat(DecimalNumber.of(17976931348623157L, 292)).isEqualTo(Double.MAX_VALUE);
    assertThat(DecimalNumber.of(2, 308)).isInfinite();
    assertThat(DecimalNumber.of(0, -400)).isZero();
    check(22250738585072014L, -324);
    check(49, -325);
  }

  private static int check(long digits, int exponent) {
    double is = DecimalNumber.of(digits, exponent);
    if (!Double.isNaN(is)) {
      assertThat(is)
          .as(digits + "e" + exponent)
          .isEqualTo(Double.parseDouble(digits + "e" + exponent));
      return 1;
    }
    return 0;
  }
}
