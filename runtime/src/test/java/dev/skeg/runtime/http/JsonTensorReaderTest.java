package dev.skeg.runtime.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import dev.skeg.runtime.model.DataType;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A {@link JsonTensorReader} of floats: each is what {@link Double#parseDouble} makes of it. */
final class JsonTensorReaderTest {
  private static final JsonFactory JSON = Json.factory(100, 1 << 20);

  /** What the server reads of one number, at most. */
  private static final int MAX_CHARS = 1000;

  /** Where fast ways of reading have gone wrong before, or end. */
  private static final List<String> HARD =
      List.of(
          "0",
          "-0",
          "-0.0",
          "0e999999999",
          "-0.000e-999999999",
          "1e-400",
          "-1e-400",
          "4.9e-324",
          "4.9406564584124654e-324",
          "2.4703282292062327e-324",
          "2.4703282292062328e-324",
          "2.2250738585072011e-308",
          "2.2250738585072012e-308",
          "2.2250738585072014e-308",
          "1.7976931348623157e308",
          "1.7976931348623158e308",
          "9007199254740991",
          "9007199254740992",
          "9007199254740993",
          "9007199254740993.0000000000000000000000000000000000001",
          "9223372036854775807",
          "18446744073709551615",
          "18446744073709551616",
          "1234567890123456789012345678901234567890",
          "0.000000000000000000000000000000000000000000000000000123456789012345678901234567890",
          "1.00000005960464477539062499",
          "1.00000005960464477539062500",
          "1.00000005960464477539062501",
          "16777217",
          "16777217.0000000001",
          "3.4028235e38",
          "3.4028235677973362e38",
          "1.1754942e-38",
          "1.17549429e-38",
          "1.4e-45",
          "7.006492321624085e-46",
          "7.006492321624086e-46",
          "8.589934592e9",
          "8589934592.00000001",
          "6.9294956446009195e15",
          "0.10000000149011612",
          "1e22",
          "1e23",
          "1E+2",
          "1e-7");

  @Test
  void readsHardNumbersAsTheyAreRoundedByDefinition() throws IOException {
    assertExact(HARD, "the hard ones");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void readsRandomNumbersAsTheyAreRoundedByDefinition(long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    List<String> numbers = new ArrayList<>();
    for (int i = 0; i < 4_000; i++) {
      numbers.add(digits(random));
      numbers.add(shortest(random));
      numbers.add(nearHalfOfFloats(random));
      numbers.add(nearHalfOfDoubles(random));
    }

    assertExact(numbers, "seed " + seed);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1e400", "-1e400", "1.7976931348623159e308", "1e999999999"})
  void refusesWhatIsTooLargeForADouble(String number) {
    for (DataType type : List.of(DataType.FP64, DataType.FP32)) {
      assertThatThrownBy(() -> read(type, List.of(number)))
          .isInstanceOfSatisfying(
              HttpError.class,
              refused -> assertThat(refused.detail()).contains("data[0]").contains("out of range"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"3.4028236e38", "-3.4028236e38", "1e39"})
  void refusesWhatIsTooLargeForAFloatOnly(String number) throws IOException {
    assertThatThrownBy(() -> read(DataType.FP32, List.of("1", number)))
        .isInstanceOfSatisfying(
            HttpError.class,
            refused -> assertThat(refused.detail()).contains("data[1]").contains("out of range"));
    assertExact(List.of(number), number);
  }

  /** Any digits, with or without a point and an exponent. */
  private static String digits(SplittableRandom random) {
    StringBuilder text = new StringBuilder(random.nextBoolean() ? "-" : "");
    int whole = random.nextInt(1, 26);
    text.append(random.nextInt(1, 10));
    for (int i = 1; i < whole; i++) {
      text.append(random.nextInt(10));
    }
    if (random.nextBoolean()) {
      text.append('.');
      int fraction = random.nextInt(1, 40);
      for (int i = 0; i < fraction; i++) {
        text.append(random.nextInt(10));
      }
    }
    if (random.nextBoolean()) {
      text.append(random.nextBoolean() ? "e" : "E+").append(random.nextInt(0, 20));
    } else if (random.nextBoolean()) {
      text.append("e-").append(random.nextInt(0, 360));
    }
    return text.toString();
  }

  /** What programs write: the shortest text of a number of any magnitude. */
  private static String shortest(SplittableRandom random) {
    double any = Double.longBitsToDouble(random.nextLong());
    float single = Float.intBitsToFloat(random.nextInt());
    if (random.nextBoolean() && Double.isFinite(any)) {
      return Double.toString(any);
    }
    if (!Float.isFinite(single)) {
      return Integer.toString(random.nextInt());
    }
    return random.nextBoolean() ? Float.toString(single) : Double.toString(single);
  }

  /** Half way between two floats, in all its digits, or the least bit beside it. */
  private static String nearHalfOfFloats(SplittableRandom random) {
    float low = Float.intBitsToFloat(random.nextInt(0, Float.floatToIntBits(Float.MAX_VALUE)));
    BigDecimal half =
        new BigDecimal(low).add(new BigDecimal(Math.nextUp(low))).divide(BigDecimal.TWO);
    return beside(half, random);
  }

  /** The same of doubles, near enough to 1 that the text is not too long. */
  private static String nearHalfOfDoubles(SplittableRandom random) {
    double low = Math.scalb(random.nextDouble(1, 2), random.nextInt(-600, 600));
    BigDecimal half =
        new BigDecimal(low).add(new BigDecimal(Math.nextUp(low))).divide(BigDecimal.TWO);
    return beside(half, random);
  }

  private static String beside(BigDecimal half, SplittableRandom random) {
    BigDecimal least = new BigDecimal(BigInteger.ONE, half.scale() + random.nextInt(1, 30));
    BigDecimal value =
        switch (random.nextInt(3)) {
          case 0 -> half;
          case 1 -> half.add(least);
          default -> half.subtract(least);
        };
    String text = random.nextBoolean() ? value.toString() : value.toPlainString();
    return text.length() > MAX_CHARS ? Double.toString(value.doubleValue()) : text;
  }

  private static void assertExact(List<String> numbers, String whence) throws IOException {
    List<String> singles = new ArrayList<>();
    List<String> doubles = new ArrayList<>();
    for (String number : numbers) {
      if (Float.isFinite(Float.parseFloat(number))) {
        singles.add(number);
      }
      if (Double.isFinite(Double.parseDouble(number))) {
        doubles.add(number);
      }
    }
    ByteBuf read = read(DataType.FP64, doubles);
    for (String number : doubles) {
      assertThat(read.readLongLE())
          .as("%s as FP64, of %s", number, whence)
          .isEqualTo(Double.doubleToRawLongBits(Double.parseDouble(number)));
    }
    assertThat(read.isReadable()).isFalse();
    read = read(DataType.FP32, singles);
    for (String number : singles) {
      assertThat(read.readIntLE())
          .as("%s as FP32, of %s", number, whence)
          .isEqualTo(Float.floatToRawIntBits(Float.parseFloat(number)));
    }
    assertThat(read.isReadable()).isFalse();
  }

  private static ByteBuf read(DataType type, List<String> numbers) throws IOException {
    byte[] json = ("[" + String.join(",", numbers) + "]").getBytes(UTF_8);
    ByteBuf target = Unpooled.buffer(16);
    try (JsonParser parser = JSON.createParser((InputStream) new ByteArrayInputStream(json))) {
      parser.nextToken();
      long count =
          new JsonTensorReader(parser, "input 'x'", type, Long.MAX_VALUE, target, 1 << 24).read();
      assertThat(count).isEqualTo(numbers.size());
    }
    return target;
  }
}
