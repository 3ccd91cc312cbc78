package dev.skeg.runtime.tap;

import static dev.skeg.runtime.model.TensorLayouts.DOUBLE;
import static dev.skeg.runtime.model.TensorLayouts.FLOAT;
import static dev.skeg.runtime.model.TensorLayouts.INT;
import static dev.skeg.runtime.model.TensorLayouts.LONG;
import static dev.skeg.runtime.model.TensorLayouts.SHORT;

import dev.skeg.monitor.record.CategoryHash;
import dev.skeg.monitor.record.Centroid;
import dev.skeg.monitor.record.RecordLayout;
import dev.skeg.monitor.record.RecordLayout.Encoding;
import dev.skeg.monitor.record.VectorSummary;
import dev.skeg.runtime.model.DataType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Which features of a record a tensor's row becomes: one an element; or, if the row is long, a
 * summary.
 *
 * @param place of the first of them, behind the record's header, in halves of words
 * @param features how many: as many as a row has elements, or a {@link VectorSummary}'s
 * @param summary how rows are summarised; null if they are not
 * @param hasLengths whether each element, a text, is followed by its length in bytes
 */
record TensorColumns(
    DataType type, int place, int features, @Nullable Summary summary, boolean hasLengths) {
  /**
   * How rows are summarised.
   *
   * @param centroid to which a summary has the distance; null where it has none
   * @param summed the place of its {@link RowSums} among the layout's; -1 if rows are not summed
   */
  record Summary(@Nullable Centroid centroid, int summed) {}

  boolean isSummary() {
    return summary != null;
  }

  /** Returns the word that the first of them is in, behind the record's header. */
  int firstWord() {
    return place >> 1;
  }

  /** Returns how a tensor's elements stand in a record. */
  static Encoding encoding(DataType type) {
    return switch (type) {
      case BYTES -> Encoding.CATEGORY;
      case FP16, BF16, FP32 -> Encoding.FLOAT;
      case FP64, UINT64 -> Encoding.DOUBLE;
      case BOOL, INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32 -> Encoding.LONG;
    };
  }

  /**
   * Summarises a row of elements that all have the same size.
   *
   * @param how is {@link #summary}
   * @param offset of the row in {@code data}
   * @param count elements of the row
   * @param words written
   * @param at where the record's first feature is
   * @param scratch written: {@link VectorSummary#MOST_LOOKED_AT} numbers
   */
  void summarise(
      Summary how,
      MemorySegment data,
      long offset,
      long count,
      long[] words,
      int at,
      double[] scratch) {
    look(data, offset, count, scratch);
    VectorSummary.write(scratch, count, how.centroid(), words, at + firstWord());
  }

  /**
   * Reads a row of elements that all have the same size, and are recorded one by one.
   *
   * @param offset of the row in {@code data}
   * @param words written
   * @param at where the record's first feature is
   */
  void read(MemorySegment data, long offset, long[] words, int at) {
    int to = at + firstWord();
    int n = features;
    switch (type) {
      case FP32 -> readFloats(data, offset, words, at);
      case FP16, BF16 -> {
        for (int i = 0; i < n; i++) {
          float value = (float) number(data, offset + 2L * i);
          RecordLayout.put(Encoding.FLOAT, Float.floatToRawIntBits(value), words, at, place + i);
        }
      }
      case FP64 -> {
        for (int i = 0; i < n; i++) {
          words[to + i] = data.get(LONG, offset + 8L * i);
        }
      }
      case INT64 -> {
        for (int i = 0; i < n; i++) {
          words[to + i] = data.get(LONG, offset + 8L * i);
        }
      }
      case INT32 -> {
        for (int i = 0; i < n; i++) {
          words[to + i] = data.get(INT, offset + 4L * i);
        }
      }
      default -> {
        for (int i = 0; i < n; i++) {
          double value = number(data, offset + (long) type.size() * i);
          words[to + i] =
              encoding(type) == Encoding.LONG ? (long) value : Double.doubleToRawLongBits(value);
        }
      }
    }
  }

  /** Two at a time, which is how they stand in memory and in the record's words. */
  private void readFloats(MemorySegment data, long offset, long[] words, int at) {
    int first = Math.min(place & 1, features); // Those before the first whole word.
    int pairs = (features - first) >> 1;
    int to = at + ((place + 1) >> 1);
    long from = offset + 4L * first;
    for (int i = 0; i < pairs; i++) {
      words[to + i] = data.get(LONG, from + 8L * i);
    }
    if (first != 0) {
      RecordLayout.put(Encoding.FLOAT, data.get(INT, offset), words, at, place);
    }
    int last = features - 1;
    if (first + 2 * pairs <= last) {
      RecordLayout.put(Encoding.FLOAT, data.get(INT, offset + 4L * last), words, at, place + last);
    }
  }

  /** Reads one element as a number. */
  private double number(MemorySegment data, long at) {
    return switch (type) {
      case FP32 -> data.get(FLOAT, at);
      case FP64 -> data.get(DOUBLE, at);
      case FP16 -> Float.float16ToFloat(data.get(SHORT, at));
      case BF16 -> Float.intBitsToFloat(data.get(SHORT, at) << 16);
      case INT64 -> (double) data.get(LONG, at);
      case INT32 -> data.get(INT, at);
      case INT16 -> data.get(SHORT, at);
      case INT8 -> data.get(ValueLayout.JAVA_BYTE, at);
      case UINT64 -> unsigned(data.get(LONG, at));
      case UINT32 -> Integer.toUnsignedLong(data.get(INT, at));
      case UINT16 -> Short.toUnsignedInt(data.get(SHORT, at));
      case UINT8, BOOL -> Byte.toUnsignedInt(data.get(ValueLayout.JAVA_BYTE, at));
      case BYTES -> throw new IllegalStateException("a text is no number");
    };
  }

  private static double unsigned(long bits) {
    return bits >= 0 ? bits : 2.0 * ((bits >>> 1) | (bits & 1));
  }

  /** Reads those elements that a summary looks at. */
  private void look(MemorySegment data, long offset, long count, double[] to) {
    long stride = VectorSummary.stride(count);
    int looked = 0;
    if (type == DataType.FP32) {
      for (long at = 0; at < count; at += stride) {
        to[looked++] = data.get(FLOAT, offset + 4 * at);
      }
      return;
    }
    for (long at = 0; at < count; at += stride) {
      to[looked++] = number(data, offset + at * type.size());
    }
  }

  /** Returns where the text behind so many begins. */
  static long skipTexts(MemorySegment data, long offset, long count) {
    long next = offset;
    for (long i = 0; i < count; i++) {
      next += Integer.BYTES + Integer.toUnsignedLong(data.get(INT, next));
    }
    return next;
  }

  /**
   * Reads a row of texts.
   *
   * @param offset of the row in {@code data}
   * @return where the next row begins
   */
  long readTexts(MemorySegment data, long offset, long count, long[] words, int at) {
    int to = at + firstWord();
    long next = offset;
    int kept = hasLengths ? features / 2 : features;
    for (long i = 0; i < count; i++) {
      long length = Integer.toUnsignedLong(data.get(INT, next));
      if (i < kept) {
        words[to++] = CategoryHash.of(data, next + Integer.BYTES, length);
        if (hasLengths) {
          words[to++] = length;
        }
      }
      next += Integer.BYTES + length;
    }
    return next;
  }
}
