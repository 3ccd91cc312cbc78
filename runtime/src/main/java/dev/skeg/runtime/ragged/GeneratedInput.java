package dev.skeg.runtime.ragged;

import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.model.TensorLayouts;
import inference.ModelConfigOuterClass.BatchInput;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/**
 * An input of the model that no request has: the server makes it of the shape of one that requests
 * have, as {@code BackendInputCollector} of Triton's backend library does for a batch of one
 * request. Counts are of all elements of the request, its rows together.
 *
 * @param type FP32 or INT32
 * @param source the input whose shape it tells
 */
record GeneratedInput(String name, DataType type, BatchInput.Kind kind, String source) {
  private static final int ALIGNMENT = 64;

  GeneratedInput {
    if (type != DataType.FP32 && type != DataType.INT32) {
      throw new IllegalArgumentException("type: " + type + " (expected: FP32 or INT32)");
    }
  }

  /**
   * Returns the shapes that such an input has, as far as all requests have them in common.
   *
   * @param sourceRank dimensions of the source as requests have it, that of rows included
   */
  static Shape shape(BatchInput.Kind kind, int sourceRank) {
    return switch (kind) {
      case BATCH_ELEMENT_COUNT, BATCH_ACCUMULATED_ELEMENT_COUNT -> Shape.of(1);
      case BATCH_ACCUMULATED_ELEMENT_COUNT_WITH_ZERO -> Shape.of(2);
      case BATCH_MAX_ELEMENT_COUNT_AS_SHAPE, BATCH_ITEM_SHAPE_FLATTEN -> Shape.of(Shape.VARIABLE);
      case BATCH_ITEM_SHAPE -> Shape.of(Shape.VARIABLE, sourceRank - 1L);
      case UNRECOGNIZED -> throw unknown(kind);
    };
  }

  /**
   * Returns whether that kind tells the shape of a row, so that there must be rows: Triton takes
   * the first dimension for them, whatever it is.
   */
  static boolean isOfRows(BatchInput.Kind kind) {
    return kind == BatchInput.Kind.BATCH_ITEM_SHAPE
        || kind == BatchInput.Kind.BATCH_ITEM_SHAPE_FLATTEN;
  }

  /**
   * Makes the input for one request.
   *
   * @param given the source's shape in the request
   * @param memory of zeros, for as long as the run takes
   */
  Tensor tensor(Shape given, SegmentAllocator memory) {
    return switch (kind) {
      case BATCH_ELEMENT_COUNT, BATCH_ACCUMULATED_ELEMENT_COUNT ->
          numbers(memory, Shape.of(1), given.elementCount());
      case BATCH_ACCUMULATED_ELEMENT_COUNT_WITH_ZERO ->
          numbers(memory, Shape.of(2), 0, given.elementCount());
      // Its values mean nothing, and Triton leaves them as they are in memory.
      case BATCH_MAX_ELEMENT_COUNT_AS_SHAPE -> numbers(memory, Shape.of(given.elementCount()));
      case BATCH_ITEM_SHAPE -> {
        long[] row = row(given);
        yield numbers(memory, Shape.of(given.dim(0), row.length), row);
      }
      case BATCH_ITEM_SHAPE_FLATTEN -> {
        long[] row = row(given);
        yield numbers(memory, Shape.of(Math.multiplyExact(given.dim(0), row.length)), row);
      }
      case UNRECOGNIZED -> throw unknown(kind);
    };
  }

  private static long[] row(Shape shape) {
    long[] row = new long[shape.rank() - 1];
    for (int i = 0; i < row.length; i++) {
      row[i] = shape.dim(i + 1);
    }
    return row;
  }

  /** Returns the values, again and again until the shape is full; zeros if there are none. */
  private Tensor numbers(SegmentAllocator memory, Shape shape, long... values) {
    long elements = shape.elementCount();
    MemorySegment data = memory.allocate(Tensor.byteSize(type, elements), ALIGNMENT);
    for (long i = 0; values.length > 0 && i < elements; i++) {
      long value = values[(int) (i % values.length)];
      if (type == DataType.FP32) {
        data.set(TensorLayouts.FLOAT, i * Float.BYTES, (float) value);
      } else {
        data.set(TensorLayouts.INT, i * Integer.BYTES, (int) value);
      }
    }
    return new Tensor(name, type, shape, data);
  }

  private static IllegalStateException unknown(BatchInput.Kind kind) {
    return new IllegalStateException("kind: " + kind + " (expected: one that is known)");
  }
}
