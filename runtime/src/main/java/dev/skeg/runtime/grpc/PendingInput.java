package dev.skeg.runtime.grpc;

import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Text;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * An input as far as it was read; to be judged when the whole request is known. <b>Threads.</b> One
 * at a time; serves one request after the other.
 */
final class PendingInput {
  /** More than any engine's. */
  static final int MAX_RANK = 64;

  String name = "";
  String datatype = "";
  @Nullable TypedContents contents;
  private long[] dims = new long[4];
  private int rank;

  void clear() {
    name = "";
    datatype = "";
    contents = null;
    rank = 0;
  }

  void addDimension(long extent) {
    if (rank == dims.length && rank <= MAX_RANK) {
      dims = Arrays.copyOf(dims, 2 * rank);
    }
    if (rank < dims.length) {
      dims[rank] = extent;
    }
    rank++;
  }

  /**
   * Returns the shape.
   *
   * @throws RequestException if there is none with these dimensions
   */
  Shape shape(ShapeCache shapes) throws RequestException {
    if (rank > MAX_RANK) {
      throw RequestException.invalid(
          "shape has " + rank + " dimensions (expected: at most " + MAX_RANK + ")");
    }
    for (int i = 0; i < rank; i++) {
      if (dims[i] < 0) {
        throw RequestException.invalid(
            "shape "
                + Arrays.toString(Arrays.copyOf(dims, rank))
                + " has dimension "
                + dims[i]
                + " (expected: 0 or more)");
      }
    }
    return shapes.of(dims, rank);
  }

  DataType type() throws RequestException {
    return DataType.of(datatype)
        .orElseThrow(() ->
            RequestException.invalid(
                "datatype '"
                    + Text.excerpt(datatype)
                    + "' (expected: one of "
                    + Arrays.toString(DataType.values())
                    + ")"));
  }
}
