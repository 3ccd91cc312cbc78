package dev.skeg.runtime.servable;

import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Puts rows of requests together to batches of other sizes. */
final class RowBatches {
  private static final long MAX_BYTES = 4 << 20;

  private RowBatches() {}

  /**
   * Makes batches of 1, 2, 4 and so on rows, of at most {@value #MAX_BYTES} bytes, from the rows of
   * those requests that have the shape of the last but for the number of rows; they are repeated if
   * they are too few.
   *
   * @param requests inputs whose first dimension is rows
   * @return none if there is no request, or if its tensors are strings
   */
  static List<List<Tensor>> of(List<List<Tensor>> requests, int maxRows) {
    if (requests.isEmpty()
        || requests.getLast().stream()
            .anyMatch(input -> !input.type().isFixedSize() || !hasRows(input))) {
      return List.of();
    }
    List<Tensor> pattern = requests.getLast();
    List<List<Tensor>> alike = requests.stream().filter(other -> areAlike(pattern, other)).toList();
    long rowBytes = pattern.stream().mapToLong(RowBatches::rowBytes).sum();
    List<List<Tensor>> batches = new ArrayList<>();
    for (int rows = 1; rows <= maxRows && rows * rowBytes <= MAX_BYTES; rows *= 2) {
      List<Tensor> batch = new ArrayList<>();
      for (int input = 0; input < pattern.size(); input++) {
        batch.add(batch(alike, input, rows));
      }
      batches.add(batch);
    }
    return batches;
  }

  private static boolean areAlike(List<Tensor> one, List<Tensor> other) {
    boolean areAlike = one.size() == other.size();
    for (int i = 0; areAlike && i < one.size(); i++) {
      Tensor a = one.get(i);
      Tensor b = other.get(i);
      areAlike =
          a.name().equals(b.name())
              && a.type() == b.type()
              && hasRows(b)
              && Arrays.equals(withRows(a.shape(), 1), withRows(b.shape(), 1));
    }
    return areAlike;
  }

  private static boolean hasRows(Tensor tensor) {
    return tensor.shape().rank() > 0 && tensor.shape().dim(0) > 0;
  }

  private static long[] withRows(Shape shape, int rows) {
    long[] dims = shape.toArray();
    dims[0] = rows;
    return dims;
  }

  private static long rowBytes(Tensor tensor) {
    return tensor.data().byteSize() / tensor.shape().dim(0);
  }

  private static Tensor batch(List<List<Tensor>> requests, int input, int rows) {
    Tensor first = requests.getLast().get(input);
    long rowBytes = rowBytes(first);
    MemorySegment data = MemorySegment.ofArray(new byte[Math.toIntExact(rows * rowBytes)]);
    int filled = 0;
    for (int i = 0; filled < rows; i++) {
      MemorySegment from = requests.get(i % requests.size()).get(input).data();
      int taken = (int) Math.min(rows - filled, from.byteSize() / Math.max(1, rowBytes));
      MemorySegment.copy(from, 0, data, filled * rowBytes, taken * rowBytes);
      filled += taken;
    }
    return new Tensor(first.name(), first.type(), Shape.of(withRows(first.shape(), rows)), data);
  }
}
