package dev.skeg.monitor.record;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

final class CategoryHashTest {
  @Test
  void knowsACategoryThatIsANumberHoweverItIsSpelled() {
    for (String text : List.of("2139", "02139", "2139.0", "+2139", "2139.", "002139.00")) {
      assertThat(CategoryHash.of(text)).as(text).isEqualTo(CategoryHash.of(2139));
    }
    for (String text : List.of("0.1", ".1", "0.10", "+0.1")) {
      assertThat(CategoryHash.of(text)).as(text).isEqualTo(CategoryHash.of(0.1));
    }
    assertThat(CategoryHash.of((double) 0.1f)).isEqualTo(CategoryHash.of("0.1"));
    assertThat(CategoryHash.of("-007")).isEqualTo(CategoryHash.of(-7));
    assertThat(CategoryHash.of("-0")).isEqualTo(CategoryHash.of(0));
    assertThat(CategoryHash.of("0.00001")).isEqualTo(CategoryHash.of(0.00001f));
    assertThat(CategoryHash.of("True")).isEqualTo(CategoryHash.of(1));
    assertThat(CategoryHash.of("false")).isEqualTo(CategoryHash.of(0));
  }

  @Test
  void takesWhatOnlyBeginsAsANumberForAName() {
    String names = "- + . 1.2.3 1-2 12a 1e5 0x1F tru trues foo -.  12 12345678901234567890";
    for (String name : names.split(" ", -1)) {
      byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
      long plain = bytes.length == 0 ? 0 : hash(name);
      assertThat(CategoryHash.of(name)).as(name).isEqualTo(plain);
      assertThat(CategoryHash.spelling(name)).isEqualTo(name);
    }
  }

  @Test
  void takesTheUsualSpellingsForMissing() {
    for (String text : CategoryHash.MISSING_SPELLINGS) {
      assertThat(CategoryHash.of(text)).as(text).isEqualTo(CategoryHash.MISSING);
    }
    assertThat(CategoryHash.of("Nantes")).isNotEqualTo(CategoryHash.MISSING);
  }

  @Test
  void spellsCategoriesTheWayTheirHashesAreTaken() {
    for (String text : List.of("007", "1.50", "TRUE", "False", "-0.0", "red", "NA", "+.5")) {
      String spelling = CategoryHash.spelling(text);
      assertThat(CategoryHash.of(spelling)).isEqualTo(CategoryHash.of(text));
      assertThat(CategoryHash.spelling(spelling)).isEqualTo(spelling);
    }
    assertThat(CategoryHash.spelling("007")).isEqualTo("7");
    assertThat(CategoryHash.spelling("False")).isEqualTo("0");
    assertThat(CategoryHash.spelling(0.1f)).isEqualTo("0.1");
  }

  /** Values that other implementations of XXH64 give, seed 0. */
  @Test
  void isXxh64() {
    assertThat(hash("")).isEqualTo(0xEF46DB3751D8E999L);
    assertThat(hash("a")).isEqualTo(0xD24EC4F1A98C6E5BL);
    assertThat(hash("abc")).isEqualTo(0x44BC2CF5AD770999L);
    assertThat(hash("Nobody inspects the spammish repetition")).isEqualTo(0xFBCEA83C8A378BF1L);
  }

  private static long hash(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return CategoryHash.xxh64(MemorySegment.ofArray(bytes), 0, bytes.length);
  }

  @Test
  void isTheSameForANumberAndItsText() {
    assertThat(CategoryHash.of(-12)).isEqualTo(CategoryHash.of("-12"));
    assertThat(CategoryHash.of(7.0)).isEqualTo(CategoryHash.of("7"));
    assertThat(CategoryHash.of(-0.0)).isEqualTo(CategoryHash.of("0"));
    assertThat(CategoryHash.of(0.5)).isEqualTo(CategoryHash.of("0.5"));
  }

  @Test
  void isZeroOnlyWhereNothingIs() {
    assertThat(CategoryHash.of("")).isEqualTo(CategoryHash.MISSING);
    assertThat(CategoryHash.of(Double.NaN)).isEqualTo(CategoryHash.MISSING);
    assertThat(CategoryHash.of("0")).isNotEqualTo(CategoryHash.MISSING);
  }

  @Test
  void isTheSameWithoutAllocating() {
    NumberHashes numbers = new NumberHashes();
    for (int round = 0; round < 2; round++) {
      for (long number : new long[] {0, 7, -12, 99_999, Long.MAX_VALUE, Long.MIN_VALUE}) {
        assertThat(numbers.of(number)).isEqualTo(CategoryHash.of(number));
      }
    }
    assertThat(numbers.of(2.0)).isEqualTo(CategoryHash.of("2"));
    assertThat(numbers.of(2.5)).isEqualTo(CategoryHash.of("2.5"));
    assertThat(numbers.of(Double.NaN)).isEqualTo(CategoryHash.MISSING);
  }
}
