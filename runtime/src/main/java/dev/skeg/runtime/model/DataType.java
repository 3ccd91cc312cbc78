package dev.skeg.runtime.model;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The element types of the Open Inference Protocol v2. The constants' names are the wire's names.
 *
 * <p>Elements are little-endian and packed. {@link #BOOL} is one byte, 0 or 1. {@link #BYTES} has
 * no fixed size: each element is a uint32 length, little-endian, and that many arbitrary bytes.
 */
public enum DataType {
  BOOL(1),
  UINT8(1),
  UINT16(2),
  UINT32(4),
  UINT64(8),
  INT8(1),
  INT16(2),
  INT32(4),
  INT64(8),
  FP16(2),
  FP32(4),
  FP64(8),
  BYTES(0),
  BF16(2);

  private static final Map<String, DataType> BY_NAME =
      Arrays.stream(values()).collect(Collectors.toUnmodifiableMap(DataType::name, type -> type));

  private final int size;

  DataType(int size) {
    this.size = size;
  }

  /** Returns the bytes of one element, 1 to 8; 0 for {@link #BYTES}, whose elements vary. */
  public int size() {
    return size;
  }

  /** Returns whether every element has the same number of bytes: all types but {@link #BYTES}. */
  public boolean isFixedSize() {
    return size > 0;
  }

  /** Returns the datatype of that wire name, as {@code "FP32"}; empty if there is none. */
  public static Optional<DataType> of(String wireName) {
    return Optional.ofNullable(BY_NAME.get(wireName));
  }
}
