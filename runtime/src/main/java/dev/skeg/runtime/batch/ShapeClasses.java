package dev.skeg.runtime.batch;

import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Signature;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.model.TensorSpec;
import dev.skeg.runtime.servable.Servable;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The classes of shapes that one version has met. What a client may choose is bounded: beyond
 * {@value #MAX_KEPT} classes a request runs alone.
 *
 * <p><b>Threads.</b> Any.
 */
final class ShapeClasses {
  private static final int MAX_KEPT = 128;

  /** More rows in one request make no batch with others. */
  static final int MAX_ROWS = 1 << 24;

  private final Servable servable;
  private final Signature signature;
  private final boolean isBatchable;
  private final int maxRows;
  private final int lanes;
  private final ShapeClass alone;
  private final SlotBudget budget = new SlotBudget(this::trim);
  private final @Nullable ShapeClass
      standard; // Of a signature with fixed rows, all outputs wanted.
  private final ConcurrentHashMap<Key, ShapeClass> known = new ConcurrentHashMap<>();

  /** For each input its rank and its rows' dimensions, or -1; then the outputs. */
  @SuppressWarnings("ArrayRecordComponent") // Compared by content.
  private record Key(long[] values) {
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Key key && Arrays.equals(values, key.values);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(values);
    }
  }

  ShapeClasses(Servable servable, boolean isBatchable, int maxRows, int lanes) {
    this.servable = servable;
    this.signature = servable.signature();
    this.isBatchable = isBatchable;
    this.maxRows = maxRows;
    this.lanes = lanes;
    this.alone = ShapeClass.alone(signature, !isBatchable && isFixed(signature));
    this.standard = isBatchable && hasFixedRows(signature) ? standard() : null;
  }

  private static boolean isFixed(Signature signature) {
    return signature.inputs().stream()
        .allMatch(spec -> !spec.optional() && spec.type().isFixedSize() && spec.shape().isFixed());
  }

  private static boolean hasFixedRows(Signature signature) {
    for (TensorSpec spec : signature.inputs()) {
      if (spec.optional() || !ShapeClass.row(spec.shape()).isFixed()) {
        return false;
      }
    }
    return !signature.inputs().isEmpty();
  }

  private ShapeClass standard() {
    return of(signature.inputs().stream().map(TensorSpec::shape).toList(), List.of());
  }

  /**
   * Returns the class of requests with all inputs and all outputs, the dimensions left open set to
   * {@code extent}; null if requests run alone.
   */
  @Nullable ShapeClass typical(long extent) {
    if (!isBatchable || standard != null) {
      return standard;
    }
    List<Shape> shapes =
        signature.inputs().stream()
            .map(spec -> {
              long[] dims = spec.shape().toArray();
              for (int i = 1; i < dims.length; i++) {
                dims[i] = dims[i] == Shape.VARIABLE ? extent : dims[i];
              }
              return Shape.of(dims);
            })
            .toList();
    Key key = key(shapes, allOutputs());
    return known.computeIfAbsent(key, absent -> of(shapes, List.of()));
  }

  private ShapeClass of(List<? extends @Nullable Shape> shapes, List<String> outputs) {
    int count = 0;
    int[] inputs = new int[shapes.size()];
    Shape[] rows = new Shape[shapes.size()];
    for (int i = 0; i < shapes.size(); i++) {
      Shape shape = shapes.get(i);
      if (shape != null) {
        inputs[count] = i;
        rows[count++] = ShapeClass.row(shape);
      }
    }
    return ShapeClass.of(
        servable,
        budget,
        maxRows,
        lanes,
        Arrays.copyOf(inputs, count),
        Arrays.copyOf(rows, count),
        outputs.isEmpty() ? allOutputs() : indexes(outputs));
  }

  private int[] allOutputs() {
    int[] all = new int[signature.outputs().size()];
    for (int i = 0; i < all.length; i++) {
      all[i] = i;
    }
    return all;
  }

  private int[] indexes(List<String> outputs) {
    int[] indexes = new int[outputs.size()];
    for (int i = 0; i < indexes.length; i++) {
      indexes[i] = signature.outputIndex(outputs.get(i));
    }
    return indexes;
  }

  /** Returns the class of a request that fits the signature. */
  ShapeClass of(InferenceRequest request, long rows) {
    if (!isBatchable || request.inputs().isEmpty() || rows < 1 || rows > MAX_ROWS) {
      return alone;
    }
    if (standard != null && wantsAll(request.outputs())) {
      return standard;
    }
    @Nullable Shape[] shapes = new Shape[signature.inputs().size()];
    for (Tensor input : request.inputs()) {
      shapes[signature.inputIndex(input.name())] = input.shape();
    }
    List<@Nullable Shape> given = Arrays.asList(shapes);
    int[] outputs = request.outputs().isEmpty() ? allOutputs() : indexes(request.outputs());
    Key key = key(given, outputs);
    ShapeClass found = known.get(key);
    if (found != null) {
      return found;
    }
    return known.size() < MAX_KEPT
        ? known.computeIfAbsent(key, absent -> of(given, request.outputs()))
        : alone;
  }

  private boolean wantsAll(List<String> outputs) {
    if (outputs.isEmpty()) {
      return true;
    }
    if (outputs.size() != signature.outputs().size()) {
      return false;
    }
    for (int i = 0; i < outputs.size(); i++) {
      if (!signature.outputs().get(i).name().equals(outputs.get(i))) {
        return false;
      }
    }
    return true;
  }

  private static Key key(List<? extends @Nullable Shape> shapes, int[] outputs) {
    int length = outputs.length;
    for (Shape shape : shapes) {
      length += shape == null ? 1 : shape.rank();
    }
    long[] values = new long[length];
    int at = 0;
    for (Shape shape : shapes) {
      values[at++] = shape == null ? -1 : shape.rank();
      for (int i = 1; shape != null && i < shape.rank(); i++) {
        values[at++] = shape.dim(i);
      }
    }
    for (int output : outputs) {
      values[at++] = output;
    }
    return new Key(values);
  }

  private void trim() {
    trim(standard);
    known.values().forEach(ShapeClasses::trim);
  }

  private static void trim(@Nullable ShapeClass shape) {
    SlotPool slots = shape == null ? null : shape.slots();
    if (slots != null) {
      slots.trim();
    }
  }

  /** Frees all slots. */
  void close() {
    close(standard);
    known.values().forEach(ShapeClasses::close);
  }

  private static void close(@Nullable ShapeClass shape) {
    SlotPool slots = shape == null ? null : shape.slots();
    if (slots != null) {
      slots.close();
    }
  }
}
