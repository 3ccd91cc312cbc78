package dev.skeg.runtime.tap;

import dev.skeg.monitor.record.RecordLayout;
import dev.skeg.monitor.record.RecordLayout.Encoding;

/** Reads records, for tests. */
final class Records {
  private Records() {}

  /**
   * Returns a feature of a record.
   *
   * @param at where in {@code words} its first feature is
   */
  static double number(RecordLayout layout, long[] words, int at, int feature) {
    Encoding encoding = layout.encodings().get(feature);
    int place = RecordLayout.place(layout.encodings(), feature);
    return encoding.number(RecordLayout.bits(encoding, words, at, place));
  }
}
