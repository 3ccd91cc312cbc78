package dev.skeg.runtime.model;

import java.lang.foreign.MemorySegment;

/**
 * A named tensor: little-endian, row-major, packed, as {@link DataType} says.
 *
 * <p><b>Ownership.</b> A tensor only points to {@code data}, on the heap or off it, with any
 * alignment. An input's memory belongs to the transport and stays valid until the request's {@link
 * Completion} is called; an output's memory belongs to its {@link InferenceOutputs} and stays valid
 * until that is closed.
 *
 * @param shape no dimension variable
 * @param data exactly the elements' bytes; the transport checks this
 */
public record Tensor(String name, DataType type, Shape shape, MemorySegment data) {

  /** Returns the bytes that a fixed-size {@code type} of that many elements takes. */
  public static long byteSize(DataType type, long elementCount) {
    return Math.multiplyExact(elementCount, (long) type.size());
  }
}
