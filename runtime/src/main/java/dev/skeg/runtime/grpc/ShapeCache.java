package dev.skeg.runtime.grpc;

import dev.skeg.runtime.model.Shape;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Shapes that came before, each in the one place that its hash gives it. <b>Threads.</b> One at a
 * time.
 */
final class ShapeCache {
  private static final int PLACES = 64; // A power of two.

  private final @Nullable Shape[] shapes = new Shape[PLACES];

  /** Returns the shape of the first {@code rank} of those dimensions, each 0 or more. */
  Shape of(long[] dims, int rank) {
    long hash = rank;
    for (int i = 0; i < rank; i++) {
      hash = 31 * hash + dims[i];
    }
    int place = (int) (hash ^ hash >>> 6) & PLACES - 1;
    Shape known = shapes[place];
    if (known != null && isSame(known, dims, rank)) {
      return known;
    }
    Shape shape = Shape.of(Arrays.copyOf(dims, rank));
    shapes[place] = shape;
    return shape;
  }

  private static boolean isSame(Shape shape, long[] dims, int rank) {
    if (shape.rank() != rank) {
      return false;
    }
    for (int i = 0; i < rank; i++) {
      if (shape.dim(i) != dims[i]) {
        return false;
      }
    }
    return true;
  }
}
