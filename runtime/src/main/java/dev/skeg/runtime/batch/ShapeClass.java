package dev.skeg.runtime.batch;

import dev.skeg.runtime.backend.SlotShape;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Signature;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.model.TensorSpec;
import dev.skeg.runtime.servable.Servable;
import dev.skeg.runtime.tap.TapLayout;
import dev.skeg.runtime.tap.TapPlan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Requests that may run together: they give the same inputs with rows of the same shapes, and want
 * the same outputs.
 *
 * <p><b>Threads.</b> Any; immutable but for what is learnt.
 */
final class ShapeClass {
  /** A slot's tensor is at most this long; a batch of more rows gets memory for one run. */
  static final long MAX_TENSOR_BYTES = 4 << 20;

  /**
   * An engine's value of a tensor, made for each number of rows that runs, and our tensor for each
   * row: of small rows these take more than the memory itself.
   */
  private static final long ROWS_KNOWN_BYTES = 256;

  private static final int SHAPES_KEPT = 65;
  private static final long TRIED_AGAIN_NANOS = 1_000_000_000;

  private final Signature signature;
  private final boolean isBatchable;
  private final boolean hasSlots;
  private final boolean isSplittable;
  private final boolean learns;
  private final int capacity;
  private final int slotRows;
  private final int[] inputs; // Of the signature, in its order.
  private final long[] inputRowBytes; // 0 where the type's elements vary.
  private final int[] outputs;
  private final long[] outputRowBytes;
  private final Shape[] outputRows;
  private final Shape[] @Nullable [] outputShapes; // By output, then rows; made when first used.
  private final Shape[] inputRows;
  private final long rowBytes;
  private final CostCurve cost = new CostCurve();
  private boolean isRecent; // Plain: a use that is seen late, or lost, does no harm.
  private int awaited; // The scheduler's; others may see it late.
  private volatile long ranAt; // When a lane began a run last, by the batcher's clock.
  private final @Nullable SlotShape slotShape;
  private @Nullable SlotPool slots;
  private @Nullable TapPlan tapPlan; // Any of the latest layout will do: it is immutable.

  /** For requests that run alone, each as it came. */
  private ShapeClass(Signature signature, boolean learns) {
    this.signature = signature;
    this.isBatchable = false;
    this.hasSlots = false;
    this.isSplittable = false;
    this.capacity = 1;
    this.slotRows = 0;
    this.learns = learns;
    this.inputRows = new Shape[0];
    this.inputs = new int[0];
    this.inputRowBytes = new long[0];
    this.outputs = new int[0];
    this.outputRowBytes = new long[0];
    this.outputRows = new Shape[0];
    this.outputShapes = new Shape[0][];
    this.rowBytes = 0;
    this.slotShape = null;
  }

  private ShapeClass(
      Signature signature, int maxRows, int[] inputs, Shape[] inputRows, int[] outputs) {
    this.signature = signature;
    this.isBatchable = true;
    this.learns = true;
    this.inputRows = inputRows;
    this.inputs = inputs;
    this.outputs = outputs;
    this.inputRowBytes = new long[inputs.length];
    this.outputRowBytes = new long[outputs.length];
    this.outputRows = new Shape[outputs.length];
    this.outputShapes = new Shape[outputs.length][];
    boolean fixed = true;
    long largest = 1;
    long all = 0;
    for (int i = 0; i < inputs.length; i++) {
      DataType type = signature.inputs().get(inputs[i]).type();
      fixed &= type.isFixedSize();
      inputRowBytes[i] = Tensor.byteSize(type, inputRows[i].elementCount());
      largest = Math.max(largest, inputRowBytes[i]);
      all += inputRowBytes[i];
    }
    for (int i = 0; i < outputs.length; i++) {
      TensorSpec spec = signature.outputs().get(outputs[i]);
      outputRows[i] = row(spec.shape());
      boolean known = spec.type().isFixedSize() && outputRows[i].isFixed();
      fixed &= known;
      if (known) {
        outputRowBytes[i] = Tensor.byteSize(spec.type(), outputRows[i].elementCount());
        largest = Math.max(largest, outputRowBytes[i]);
      }
    }
    this.rowBytes = all;
    this.capacity = maxRows;
    this.slotRows = fixed ? (int) Math.min(maxRows, MAX_TENSOR_BYTES / largest) : 0;
    this.isSplittable = fixed;
    this.hasSlots = slotRows > 0;
    this.slotShape =
        hasSlots
            ? new SlotShape(
                slotRows, boxed(inputs), List.of(inputRows), boxed(outputs), List.of(outputRows))
            : null;
  }

  /**
   * Returns the class of requests that run alone.
   *
   * @param learns whether they cost about the same
   */
  static ShapeClass alone(Signature signature, boolean learns) {
    return new ShapeClass(signature, learns);
  }

  /**
   * Returns the class of requests that are alike.
   *
   * @param servable what runs them, for the slots
   * @param budget of the version's slots together
   * @param inputs those given, as indexes into the signature, rising
   * @param inputRows the shape of a row of each
   * @param outputs those wanted, in the order wanted
   */
  static ShapeClass of(
      Servable servable,
      SlotBudget budget,
      int maxRows,
      int lanes,
      int[] inputs,
      Shape[] inputRows,
      int[] outputs) {
    ShapeClass shape = new ShapeClass(servable.signature(), maxRows, inputs, inputRows, outputs);
    if (shape.hasSlots && !shape.returnsInputs()) {
      shape.slots = new SlotPool(servable, shape, budget, lanes, lanes + 1);
    }
    return shape;
  }

  /** An output that is an input is never written by the engine, so a slot would not have it. */
  private boolean returnsInputs() {
    for (int output : outputs) {
      if (signature.inputIndex(signature.outputs().get(output).name()) >= 0) {
        return true;
      }
    }
    return false;
  }

  /** Returns a shape without its first dimension. */
  static Shape row(Shape shape) {
    long[] dims = shape.toArray();
    long[] rest = new long[dims.length - 1];
    System.arraycopy(dims, 1, rest, 0, rest.length);
    return Shape.of(rest);
  }

  private static List<Integer> boxed(int[] values) {
    List<Integer> list = new ArrayList<>(values.length);
    for (int value : values) {
      list.add(value);
    }
    return list;
  }

  /** Notes that a request is of this class. Writes only if that is not noted already. */
  void use() {
    if (!isRecent) {
      isRecent = true;
    }
  }

  /** Returns whether it was used since the last call. */
  boolean ages() {
    boolean was = isRecent;
    isRecent = false;
    return was;
  }

  /** Returns whether it was used of late, after the request that it was made for. */
  boolean isRecent() {
    return isRecent;
  }

  /** Notes how many more of its requests are in the queue, or fewer; for the scheduler. */
  void awaits(int requests) {
    awaited += requests;
  }

  /** Returns whether requests of this class are in the queue, or were a moment ago. */
  boolean isAwaited() {
    return awaited > 0;
  }

  /** Notes that a lane begins a run, which tells what runs cost by now. */
  void runs(long now) {
    ranAt = now;
  }

  /**
   * Returns whether no lane has begun a run for so long that what one costs is to be found out
   * anew, by a request that seems to come too late: what was slow for a while would be refused for
   * ever. Once a second, or about that: two threads at once may both be told so.
   */
  boolean isToBeTried(long now) {
    boolean isLongAgo = now - ranAt > TRIED_AGAIN_NANOS;
    if (isLongAgo) {
      ranAt = now;
    }
    return isLongAgo;
  }

  /** Returns whether several such requests may run together. */
  boolean isBatchable() {
    return isBatchable;
  }

  /** Returns the most rows of one batch. */
  int capacity() {
    return capacity;
  }

  /** Returns the slots, or null if batches of this shape are put together for each run. */
  @Nullable SlotPool slots() {
    return slots;
  }

  /** Frees the slots that nobody uses at the moment; returns how many bytes. */
  long trimSlots() {
    return slots == null ? 0 : slots.trim();
  }

  /** Frees the slots, those in use when they come back; what runs yet does without. */
  void closeSlots() {
    if (slots != null) {
      slots.close();
    }
  }

  /** Returns whether a request's rows can be told apart by their place. */
  boolean hasFixedRows() {
    return isSplittable;
  }

  /** Returns the most rows that a slot has room for; 0 if there are no slots. */
  int slotRows() {
    return slotRows;
  }

  /** Returns what a slot takes, with what the engine and we keep for each number of rows. */
  long slotBytes() {
    long bytes = rowBytes + (inputs.length + outputs.length) * ROWS_KNOWN_BYTES;
    for (long output : outputRowBytes) {
      bytes += output;
    }
    return bytes * slotRows;
  }

  SlotShape slotShape() {
    if (slotShape == null) {
      throw new IllegalStateException("a shape without slots");
    }
    return slotShape;
  }

  /** Returns how rows in the slots of this class are recorded. */
  TapPlan tapPlan(TapLayout layout) {
    TapPlan plan = tapPlan;
    if (plan == null || plan.layout() != layout) {
      plan = layout.plan(inputs, elements(inputRows), outputs, elements(outputRows));
      tapPlan = plan;
    }
    return plan;
  }

  private static long[] elements(Shape[] rows) {
    return Arrays.stream(rows).mapToLong(Shape::elementCount).toArray();
  }

  CostCurve cost() {
    return cost;
  }

  /** Notes what a run of so many rows took. */
  void learn(int rows, long nanos) {
    if (learns) {
      cost.learn(rows, nanos);
    }
  }

  /** Returns the bytes of a row of all inputs together, as far as they are fixed. */
  long rowBytes() {
    return rowBytes;
  }

  int inputCount() {
    return inputs.length;
  }

  TensorSpec inputSpec(int position) {
    return signature.inputs().get(inputs[position]);
  }

  /** Returns the shape of so many rows of an input. */
  Shape inputShape(int position, int rows) {
    return withRows(inputRows[position], rows);
  }

  long inputRowBytes(int position) {
    return inputRowBytes[position];
  }

  /** Returns which of the class's inputs has that name. */
  int inputPosition(String name, int guess) {
    if (guess < inputs.length && inputSpec(guess).name().equals(name)) {
      return guess;
    }
    for (int i = 0; i < inputs.length; i++) {
      if (inputSpec(i).name().equals(name)) {
        return i;
      }
    }
    throw new IllegalArgumentException("input: " + name + " (expected: one of the class's)");
  }

  int outputCount() {
    return outputs.length;
  }

  TensorSpec outputSpec(int position) {
    return signature.outputs().get(outputs[position]);
  }

  long outputRowBytes(int position) {
    return outputRowBytes[position];
  }

  /** Returns the shape of so many rows of an output with fixed rows. */
  Shape outputShape(int position, int rows) {
    if (rows >= SHAPES_KEPT) {
      return withRows(outputRows[position], rows);
    }
    Shape[] shapes = outputShapes[position];
    if (shapes == null) {
      shapes = new Shape[SHAPES_KEPT];
      outputShapes[position] = shapes;
    }
    Shape shape = shapes[rows];
    if (shape == null) {
      shape = withRows(outputRows[position], rows);
      shapes[rows] = shape; // A shape is immutable, and any of them will do.
    }
    return shape;
  }

  /** Returns the shape of so many rows. */
  static Shape withRows(Shape row, long rows) {
    long[] dims = new long[row.rank() + 1];
    dims[0] = rows;
    for (int i = 1; i < dims.length; i++) {
      dims[i] = row.dim(i - 1);
    }
    return Shape.of(dims);
  }
}
