package dev.skeg.runtime.backend.onnx;

import dev.skeg.runtime.model.DataType;
import org.jspecify.annotations.Nullable;

/** ONNX's numbers for types, as ONNXType and ONNXTensorElementDataType of the C API have them. */
final class OnnxTypes {
  static final int TENSOR_KIND = 1;
  static final int SEQUENCE_KIND = 2;
  static final int MAP_KIND = 3;
  static final int SPARSE_TENSOR_KIND = 5;
  static final int OPTIONAL_KIND = 6;

  static final int STRING_ELEMENT = 8;

  private static final String[] ELEMENT_NAMES = {
    "undefined",
    "FP32",
    "UINT8",
    "INT8",
    "UINT16",
    "INT16",
    "INT32",
    "INT64",
    "BYTES",
    "BOOL",
    "FP16",
    "FP64",
    "UINT32",
    "UINT64",
    "complex64",
    "complex128",
    "BF16",
    "float8e4m3fn",
    "float8e4m3fnuz",
    "float8e5m2",
    "float8e5m2fnuz",
    "uint4",
    "int4"
  };

  private OnnxTypes() {}

  /** Returns the datatype of that element type; null if the protocol has none. */
  static @Nullable DataType dataType(int elementType) {
    return elementType >= 0 && elementType < ELEMENT_NAMES.length
        ? DataType.of(ELEMENT_NAMES[elementType]).orElse(null)
        : null;
  }

  /** Returns the element type of that datatype. */
  static int elementType(DataType type) {
    return switch (type) {
      case FP32 -> 1;
      case UINT8 -> 2;
      case INT8 -> 3;
      case UINT16 -> 4;
      case INT16 -> 5;
      case INT32 -> 6;
      case INT64 -> 7;
      case BYTES -> STRING_ELEMENT;
      case BOOL -> 9;
      case FP16 -> 10;
      case FP64 -> 11;
      case UINT32 -> 12;
      case UINT64 -> 13;
      case BF16 -> 16;
    };
  }

  /** Returns the element type's name for people: the protocol's where it has one. */
  static String name(int elementType) {
    return elementType >= 0 && elementType < ELEMENT_NAMES.length
        ? ELEMENT_NAMES[elementType]
        : "element type " + elementType;
  }
}
