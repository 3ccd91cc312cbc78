package dev.skeg.monitor.record;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class CategoryHashTest {
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
