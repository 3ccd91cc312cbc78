package dev.skeg.runtime.backend;

import dev.skeg.runtime.model.Shape;
import java.util.List;

/**
 * What a {@link BatchSlot} has room for.
 *
 * @param rows the most that one run may take, 1 or more
 * @param inputs indexes into the signature's inputs: those that are given, each of a fixed-size
 *     type
 * @param inputRows for each of them, the shape of one row: all dimensions but the first, none
 *     variable
 * @param outputs indexes into the signature's outputs: those wanted, each of a fixed-size type
 * @param outputRows likewise
 */
public record SlotShape(
    int rows,
    List<Integer> inputs,
    List<Shape> inputRows,
    List<Integer> outputs,
    List<Shape> outputRows) {
  public SlotShape {
    if (rows < 1) {
      throw new IllegalArgumentException("rows: " + rows + " (expected: 1 or more)");
    }
    inputs = List.copyOf(inputs);
    inputRows = List.copyOf(inputRows);
    outputs = List.copyOf(outputs);
    outputRows = List.copyOf(outputRows);
  }
}
