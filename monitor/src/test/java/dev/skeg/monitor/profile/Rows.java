package dev.skeg.monitor.profile;

import dev.skeg.monitor.record.FeatureSpec;
import dev.skeg.monitor.record.FeatureSpec.Kind;
import dev.skeg.monitor.record.FeatureSpec.Role;
import dev.skeg.monitor.record.RecordLayout;
import java.util.Arrays;
import java.util.List;

/** Records of one number and one category, for tests. */
final class Rows {
  static final RecordLayout LAYOUT =
      RecordLayout.of(
          List.of(
              new FeatureSpec("amount", Role.INPUT, Kind.NUMERIC),
              new FeatureSpec("zip", Role.OUTPUT, Kind.CATEGORICAL)));

  private long[] words = new long[1 << 10];
  private int size;

  Rows add(long id, long time, long group, double amount, long zip) {
    if (words.length < (size + 1) * LAYOUT.words()) {
      words = Arrays.copyOf(words, 2 * words.length);
    }
    int offset = size++ * LAYOUT.words();
    words[offset + RecordLayout.ID] = id;
    words[offset + RecordLayout.TIME] = time;
    words[offset + RecordLayout.GROUP] = group;
    words[offset + RecordLayout.HEADER] = Double.doubleToRawLongBits(amount);
    words[offset + RecordLayout.HEADER + 1] = zip;
    return this;
  }

  int size() {
    return size;
  }

  /** Takes them for the next ones. */
  interface Taker {
    void take(long[] words, int[] offsets, int count);
  }

  /** Gives all of them away, in batches of any size. */
  void give(Taker taker, int batch) {
    for (int start = 0; start < size; start += batch) {
      int count = Math.min(batch, size - start);
      int[] offsets = new int[count];
      for (int i = 0; i < count; i++) {
        offsets[i] = (start + i) * LAYOUT.words();
      }
      taker.take(words, offsets, count);
    }
    size = 0;
  }
}
