package dev.skeg.monitor.record;

import static dev.skeg.monitor.record.RecordLayout.Encoding.CATEGORY;
import static dev.skeg.monitor.record.RecordLayout.Encoding.DOUBLE;
import static dev.skeg.monitor.record.RecordLayout.Encoding.FLOAT;
import static dev.skeg.monitor.record.RecordLayout.Encoding.LONG;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.monitor.record.FeatureSpec.Kind;
import dev.skeg.monitor.record.FeatureSpec.Role;
import dev.skeg.monitor.record.RecordLayout.Encoding;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class RecordLayoutTest {
  private static RecordLayout layout(List<Encoding> encodings) {
    List<FeatureSpec> features = new ArrayList<>();
    for (Encoding encoding : encodings) {
      Kind kind = encoding == CATEGORY ? Kind.CATEGORICAL : Kind.NUMERIC;
      features.add(new FeatureSpec("f" + features.size(), Role.INPUT, kind));
    }
    return new RecordLayout(features, encodings);
  }

  @Test
  void putsTwoFloatsIntoAWordAndAllElseIntoOneOfItsOwn() {
    List<Encoding> encodings = List.of(FLOAT, FLOAT, FLOAT, DOUBLE, FLOAT, FLOAT, LONG, CATEGORY);
    List<Integer> places = new ArrayList<>();
    for (int i = 0; i <= encodings.size(); i++) {
      places.add(RecordLayout.place(encodings, i));
    }

    assertThat(places).containsExactly(0, 1, 2, 4, 6, 7, 8, 10, 12);
    assertThat(layout(encodings).words()).isEqualTo(RecordLayout.HEADER + 6);
    assertThat(layout(List.of(FLOAT)).words()).isEqualTo(RecordLayout.HEADER + 1);
    assertThat(layout(List.of()).words()).isEqualTo(RecordLayout.HEADER);
  }

  @Test
  void readsEveryFeatureAsItWasWrittenInWhateverOrder() {
    SplittableRandom random = new SplittableRandom(1);
    for (int round = 0; round < 200; round++) {
      List<Encoding> encodings = new ArrayList<>();
      List<Integer> order = new ArrayList<>();
      for (int i = 0; i < 1 + round % 12; i++) {
        encodings.add(List.of(FLOAT, DOUBLE, LONG, CATEGORY).get(random.nextInt(4)));
        order.add(i);
      }
      Collections.shuffle(order, new Random(round));
      long[] bits = random.longs(encodings.size()).toArray();
      long[] words = random.longs(layout(encodings).words()).toArray(); // What was there before.
      for (int i : order) {
        bits[i] = encodings.get(i) == FLOAT ? (int) bits[i] : bits[i];
        int place = RecordLayout.place(encodings, i);
        RecordLayout.put(encodings.get(i), bits[i], words, RecordLayout.HEADER, place);
      }
      for (int i : order) {
        int place = RecordLayout.place(encodings, i);
        assertThat(RecordLayout.bits(encodings.get(i), words, RecordLayout.HEADER, place))
            .isEqualTo(bits[i]);
      }
    }
  }

  @Test
  void whatIsMissingOrWasNotObservedIsNoNumberAndNotTheSame() {
    for (Encoding encoding : List.of(FLOAT, DOUBLE, LONG)) {
      long[] word = {0};
      for (long bits : new long[] {encoding.missing(), encoding.unobserved()}) {
        RecordLayout.put(encoding, bits, word, 0, 0);
        assertThat(RecordLayout.bits(encoding, word, 0, 0)).isEqualTo(bits);
        assertThat(encoding.number(bits)).isNaN();
      }
      assertThat(encoding.missing()).isNotEqualTo(encoding.unobserved());
    }
    assertThat(FLOAT.number(Float.floatToRawIntBits(-.1f))).isEqualTo((double) -.1f);
  }
}
