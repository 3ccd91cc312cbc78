package dev.skeg.runtime.backend.onnx;

import static dev.skeg.runtime.backend.onnx.OrtTable.call;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Names and types of what a session takes and gives, and of values, in ONNX Runtime's C API.
 *
 * <p><b>Threads.</b> Any.
 */
final class OrtTypeInfo {
  private static final int SESSION_GET_INPUT_COUNT = 30;
  private static final int SESSION_GET_INPUT_TYPE_INFO = 33;
  private static final int SESSION_GET_INPUT_NAME = 36;
  private static final int CAST_TYPE_INFO_TO_TENSOR_INFO = 55;
  private static final int GET_ONNX_TYPE_FROM_TYPE_INFO = 56;
  private static final int GET_TENSOR_ELEMENT_TYPE = 60;
  private static final int GET_DIMENSIONS_COUNT = 61;
  private static final int GET_DIMENSIONS = 62;
  private static final int GET_SYMBOLIC_DIMENSIONS = 63;
  private static final int RELEASE_TYPE_INFO = 98;
  private static final int CAST_TYPE_INFO_TO_MAP_TYPE_INFO = 103;
  private static final int CAST_TYPE_INFO_TO_SEQUENCE_TYPE_INFO = 104;
  private static final int GET_MAP_KEY_TYPE = 105;
  private static final int GET_MAP_VALUE_TYPE = 106;
  private static final int GET_SEQUENCE_ELEMENT_TYPE = 107;
  private static final int CAST_TYPE_INFO_TO_OPTIONAL_TYPE_INFO = 250;
  private static final int GET_OPTIONAL_CONTAINED_TYPE_INFO = 251;

  private static final int MAX_NAME_BYTES = 1 << 20;

  private final OrtTable table;
  private final OrtStrings strings;

  OrtTypeInfo(OrtTable table) {
    this.table = table;
    this.strings = new OrtStrings(table);
  }

  /** What a session has names and types of; the table has the entries of the three side by side. */
  enum Port {
    INPUT(0),
    OUTPUT(1),
    /** An input that has a default: an initializer that may be overridden. */
    OVERRIDABLE(2);

    private final int offset;

    Port(int offset) {
      this.offset = offset;
    }
  }

  long count(long session, Port port) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
      table.check(call(table.entry(SESSION_GET_INPUT_COUNT + port.offset), session, out.address()));
      return out.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  String name(long session, Port port, long index) {
    return strings
        .make(
            MAX_NAME_BYTES,
            (allocator, out) ->
                call(
                    table.entry(SESSION_GET_INPUT_NAME + port.offset),
                    session,
                    index,
                    allocator,
                    out))
        .orElse("");
  }

  /** Returns the type of an input or output; to be released by {@link #releaseTypeInfo}. */
  long typeInfo(long session, Port port, long index) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
      table.check(
          call(
              table.entry(SESSION_GET_INPUT_TYPE_INFO + port.offset),
              session,
              index,
              out.address()));
      return out.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  void releaseTypeInfo(long typeInfo) {
    call(table.entry(RELEASE_TYPE_INFO), typeInfo);
  }

  /** Returns the kind of a type: one of ONNXType's values. */
  int kind(long typeInfo) {
    return table.intOut(GET_ONNX_TYPE_FROM_TYPE_INFO, typeInfo);
  }

  /** Returns a tensor type's element type and shape; belongs to {@code typeInfo}. */
  long tensorInfo(long typeInfo) {
    return table.longOut(CAST_TYPE_INFO_TO_TENSOR_INFO, typeInfo);
  }

  /** Returns a sequence type's element type; to be released. */
  long sequenceElement(long typeInfo) {
    long sequence = table.longOut(CAST_TYPE_INFO_TO_SEQUENCE_TYPE_INFO, typeInfo);
    return table.longOut(GET_SEQUENCE_ELEMENT_TYPE, sequence);
  }

  /** Returns a map type's key: one of ONNXTensorElementDataType's values. */
  int mapKey(long typeInfo) {
    return table.intOut(GET_MAP_KEY_TYPE, table.longOut(CAST_TYPE_INFO_TO_MAP_TYPE_INFO, typeInfo));
  }

  /** Returns a map type's value type; to be released. */
  long mapValue(long typeInfo) {
    return table.longOut(
        GET_MAP_VALUE_TYPE, table.longOut(CAST_TYPE_INFO_TO_MAP_TYPE_INFO, typeInfo));
  }

  /** Returns what an optional type may contain; to be released. */
  long optionalContent(long typeInfo) {
    long optional = table.longOut(CAST_TYPE_INFO_TO_OPTIONAL_TYPE_INFO, typeInfo);
    return table.longOut(GET_OPTIONAL_CONTAINED_TYPE_INFO, optional);
  }

  /** Returns one of ONNXTensorElementDataType's values. */
  int elementType(long tensorInfo) {
    return table.intOut(GET_TENSOR_ELEMENT_TYPE, tensorInfo);
  }

  /** Returns the dimensions, -1 where they vary. */
  long[] dimensions(long tensorInfo) {
    int rank = Math.toIntExact(table.longOut(GET_DIMENSIONS_COUNT, tensorInfo));
    if (rank == 0) {
      return new long[0];
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment dims = arena.allocate(ValueLayout.JAVA_LONG, rank);
      table.check(call(table.entry(GET_DIMENSIONS), tensorInfo, dims.address(), rank));
      return dims.toArray(ValueLayout.JAVA_LONG);
    }
  }

  /** Returns the name of the first dimension; empty if it has none. */
  String firstDimensionName(long tensorInfo, int rank) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment names = arena.allocate(ValueLayout.JAVA_LONG, rank);
      table.check(call(table.entry(GET_SYMBOLIC_DIMENSIONS), tensorInfo, names.address(), rank));
      return OrtTable.string(names.get(ValueLayout.JAVA_LONG, 0));
    }
  }
}
