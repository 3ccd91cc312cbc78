package dev.skeg.runtime.model;

import java.util.Arrays;

/**
 * The dimensions of a tensor, outermost first; no dimension at all is a scalar.
 *
 * <p>In a {@link TensorSpec} a dimension may be {@link #VARIABLE}; in a {@link Tensor} all are 0 or
 * more.
 */
public final class Shape {
  /** A dimension whose extent each request chooses. */
  public static final long VARIABLE = -1;

  private static final Shape SCALAR = new Shape(new long[0]);

  private final long[] dims;

  private Shape(long[] dims) {
    this.dims = dims;
  }

  /**
   * Returns the shape of those dimensions.
   *
   * @param dims each 0 or more, or {@link #VARIABLE}; copied
   * @throws IllegalArgumentException if a dimension is less than -1
   */
  public static Shape of(long... dims) {
    if (dims.length == 0) {
      return SCALAR;
    }
    for (long dim : dims) {
      if (dim < VARIABLE) {
        throw new IllegalArgumentException("dimension: " + dim + " (expected: -1 or more)");
      }
    }
    return new Shape(dims.clone());
  }

  /** Returns the number of dimensions. */
  public int rank() {
    return dims.length;
  }

  /** Returns dimension {@code index}, 0 being the outermost. */
  public long dim(int index) {
    return dims[index];
  }

  /** Returns the dimensions in an array of the caller's own. */
  public long[] toArray() {
    return dims.clone();
  }

  /** Returns whether every dimension is known. */
  public boolean isFixed() {
    for (long dim : dims) {
      if (dim == VARIABLE) {
        return false;
      }
    }
    return true;
  }

  /**
   * Returns the number of elements; 1 for a scalar.
   *
   * @throws ArithmeticException if it exceeds a long
   * @throws IllegalStateException if a dimension is variable
   */
  public long elementCount() {
    long count = 1;
    boolean empty = false;
    for (long dim : dims) {
      if (dim == VARIABLE) {
        throw new IllegalStateException("shape " + this + " has no element count");
      }
      empty |= dim == 0;
    }
    if (empty) {
      return 0;
    }
    for (long dim : dims) {
      count = Math.multiplyExact(count, dim);
    }
    return count;
  }

  /** Returns whether a tensor of shape {@code actual} may be given where this one is specified. */
  public boolean accepts(Shape actual) {
    if (actual.dims.length != dims.length) {
      return false;
    }
    for (int i = 0; i < dims.length; i++) {
      if (dims[i] != VARIABLE && dims[i] != actual.dims[i]) {
        return false;
      }
    }
    return true;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape shape && Arrays.equals(dims, shape.dims);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(dims);
  }

  /** Returns the dimensions as {@code [-1,9]}. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("[");
    for (int i = 0; i < dims.length; i++) {
      text.append(i == 0 ? "" : ",").append(dims[i]);
    }
    return text.append(']').toString();
  }
}
