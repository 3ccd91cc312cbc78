package dev.skeg.monitor.data;

import dev.hardwood.metadata.LogicalType;
import dev.hardwood.metadata.LogicalType.DecimalType;
import dev.hardwood.metadata.LogicalType.IntType;
import dev.hardwood.metadata.LogicalType.TimestampType;
import dev.hardwood.metadata.PhysicalType;
import dev.hardwood.reader.ColumnReader;
import dev.hardwood.reader.LayerKind;
import dev.hardwood.reader.Validity;
import dev.hardwood.schema.ColumnSchema;
import dev.skeg.monitor.data.Projection.As;
import dev.skeg.monitor.data.Projection.Wanted;
import dev.skeg.monitor.record.CategoryHash;
import java.lang.foreign.MemorySegment;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Copies one column of a Parquet file into batches, as what is wanted of it.
 *
 * <p><b>Threads.</b> One at a time.
 */
final class ParquetColumn {
  private static final long DAY = 86_400_000;
  private static final byte[] NOTHING = {};
  private static final int JULIAN_EPOCH = 2_440_588; // 1970-01-01 as a Julian day.

  private final ColumnReader reader;
  private final ColumnSchema schema;
  private final @Nullable LogicalType logical;
  private final As as;
  private final int length;
  private final int column;
  private final BadValues bad;
  private final Texts texts;

  ParquetColumn(ColumnReader reader, Wanted wanted, int column, BadValues bad, Texts texts) {
    this.reader = reader;
    this.schema = reader.getColumnSchema();
    this.logical = schema.logicalType();
    this.as = wanted.as();
    this.length = wanted.length();
    this.column = column;
    this.bad = bad;
    this.texts = texts;
  }

  /** Texts of a batch's categories, one behind the other. */
  static final class Text {
    private final RowBatch batch;
    private int length;

    Text(RowBatch batch) {
      this.batch = batch;
    }

    void add(int column, int row, byte[] bytes) {
      if (length + bytes.length > batch.text.length) {
        batch.text =
            Arrays.copyOf(batch.text, Math.max(2 * batch.text.length, length + bytes.length));
      }
      System.arraycopy(bytes, 0, batch.text, length, bytes.length);
      batch.place(column, row, length, bytes.length);
      length += bytes.length;
    }
  }

  /** Copies the reader's current batch. */
  void copy(RowBatch batch, Text text, long firstRow) {
    if (as == As.VECTOR) {
      copyLists(batch, firstRow);
      return;
    }
    Object values = values();
    Validity validity = reader.getLeafValidity();
    for (int row = 0; row < batch.rows; row++) {
      boolean isNull = validity.isNull(row);
      switch (as) {
        case NUMBER ->
            batch.numbers[column][row] = isNull ? Double.NaN : number(values, row, firstRow);
        case TIME ->
            batch.longs[column][row] = isNull ? RowBatch.NO_TIME : time(values, row, firstRow);
        case CATEGORY -> {
          byte[] bytes = isNull ? NOTHING : text(values, row);
          if (texts.isMissing(bytes, 0, bytes.length)) {
            bytes = NOTHING;
          }
          text.add(column, row, bytes);
          batch.longs[column][row] = CategoryHash.of(MemorySegment.ofArray(bytes));
        }
        case VECTOR, DERIVED -> throw new IllegalStateException("" + as);
      }
    }
  }

  /** Copies lists; an empty one is missing. */
  private void copyLists(RowBatch batch, long firstRow) {
    Object values = values();
    Validity validity = reader.getLeafValidity();
    int[] offsets = listOffsets(reader);
    for (int row = 0; row < batch.rows; row++) {
      int count = offsets[row + 1] - offsets[row];
      boolean isWhole = count == length;
      for (int i = 0; i < count && isWhole; i++) {
        isWhole = !validity.isNull(offsets[row] + i);
      }
      for (int i = 0; i < length; i++) {
        batch.vectors[column][row * length + i] =
            isWhole ? (float) number(values, offsets[row] + i, firstRow) : Float.NaN;
      }
      if (count > 0 && !isWhole) {
        bad.addOfRow(column, "[… " + count + " values]", firstRow + row);
      }
    }
  }

  /** Returns where each row's list begins among the values, and at last where they end. */
  static int[] listOffsets(ColumnReader reader) {
    int layer = 0;
    while (reader.getLayerKind(layer) != LayerKind.REPEATED) {
      layer++;
    }
    return reader.getLayerOffsets(layer);
  }

  /** Returns the reader's values: an array of whatever type they have. */
  private Object values() {
    return switch (schema.type()) {
      case INT32 -> reader.getInts();
      case INT64 -> reader.getLongs();
      case FLOAT -> reader.getFloats();
      case DOUBLE -> reader.getDoubles();
      case BOOLEAN -> reader.getBooleans();
      case BYTE_ARRAY, FIXED_LEN_BYTE_ARRAY, INT96 -> reader.getBinaries();
    };
  }

  private double number(Object values, int row, long firstRow) {
    if (logical instanceof DecimalType decimal) {
      return decimal(values, row, decimal.scale()).doubleValue();
    }
    return switch (values) {
      case int[] ints -> isUnsigned() ? ints[row] & 0xFFFFFFFFL : ints[row];
      case long[] longs -> isUnsigned() ? unsigned(longs[row]) : longs[row];
      case float[] floats -> floats[row];
      case double[] doubles -> doubles[row];
      case boolean[] booleans -> booleans[row] ? 1 : 0;
      case byte[][] bytes -> number(bytes[row], row, firstRow);
      default -> throw unexpected(values);
    };
  }

  private double number(byte[] bytes, int row, long firstRow) {
    if (logical instanceof LogicalType.Float16Type) {
      return Float.float16ToFloat(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getShort());
    }
    try {
      return texts.number(bytes, 0, bytes.length);
    } catch (Texts.NotANumber e) {
      bad.addOfRow(column, new String(bytes, StandardCharsets.UTF_8), firstRow + row);
      return Double.NaN;
    }
  }

  private long time(Object values, int row, long firstRow) {
    long millis =
        switch (values) {
          case byte[][] bytes when bytes[row].length == 12 -> julian(bytes[row]);
          case byte[][] bytes ->
              texts.isMissing(bytes[row], 0, bytes[row].length)
                  ? RowBatch.NO_TIME
                  : TimeText.millis(bytes[row], 0, bytes[row].length);
          case long[] longs when logical instanceof TimestampType timestamp ->
              switch (timestamp.unit()) {
                case MILLIS -> longs[row];
                case MICROS -> Math.floorDiv(longs[row], 1000L);
                case NANOS -> Math.floorDiv(longs[row], 1_000_000L);
              };
          case int[] ints when logical instanceof LogicalType.DateType -> ints[row] * DAY;
          default -> {
            double number = number(values, row, firstRow);
            yield Double.isNaN(number) ? RowBatch.NO_TIME : TimeText.ofNumber(number);
          }
        };
    if (millis == TimeText.NONE) {
      bad.addOfRow(column, new String(text(values, row), StandardCharsets.UTF_8), firstRow + row);
      return RowBatch.NO_TIME;
    }
    return millis;
  }

  /** Returns what an INT96 is, as Impala and Spark wrote it: nanoseconds of a day, and the day. */
  private static long julian(byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    long nanos = buffer.getLong();
    return (buffer.getInt() - JULIAN_EPOCH) * DAY + nanos / 1_000_000;
  }

  private byte[] text(Object values, int row) {
    if (values instanceof byte[][] bytes && ParquetFile.isText(schema)) {
      return bytes[row];
    }
    if (logical instanceof DecimalType decimal) {
      return bytes(decimal(values, row, decimal.scale()).toPlainString());
    }
    if (logical instanceof TimestampType
        || logical instanceof LogicalType.DateType
        || schema.type() == PhysicalType.INT96) {
      return bytes(Instant.ofEpochMilli(time(values, row, 0)).toString());
    }
    return switch (values) {
      case int[] ints -> bytes(isUnsigned() ? Integer.toUnsignedString(ints[row]) : "" + ints[row]);
      case long[] longs ->
          bytes(isUnsigned() ? Long.toUnsignedString(longs[row]) : "" + longs[row]);
      case float[] floats -> spelled(floats[row]);
      case double[] doubles -> spelled(doubles[row]);
      case boolean[] booleans -> bytes(booleans[row] ? "true" : "false");
      case byte[][] bytes -> bytes[row];
      default -> throw unexpected(values);
    };
  }

  private static byte[] spelled(double number) {
    return Double.isNaN(number) ? NOTHING : bytes(CategoryHash.spelling(number));
  }

  private BigDecimal decimal(Object values, int row, int scale) {
    BigInteger unscaled =
        switch (values) {
          case int[] ints -> BigInteger.valueOf(ints[row]);
          case long[] longs -> BigInteger.valueOf(longs[row]);
          case byte[][] bytes -> new BigInteger(bytes[row]);
          default -> throw unexpected(values);
        };
    return new BigDecimal(unscaled, scale);
  }

  private boolean isUnsigned() {
    return logical instanceof IntType type && !type.isSigned();
  }

  private static double unsigned(long bits) {
    return bits >= 0 ? bits : (bits >>> 1 | (bits & 1)) * 2.0;
  }

  private IllegalStateException unexpected(Object values) {
    return new IllegalStateException(schema + " in " + values.getClass());
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
