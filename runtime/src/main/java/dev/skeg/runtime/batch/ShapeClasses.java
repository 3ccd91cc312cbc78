package dev.skeg.runtime.batch;

import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Signature;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.model.TensorSpec;
import dev.skeg.runtime.servable.Servable;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The classes of shapes that one version has met: that of requests that give and want all there is,
 * where it is the same for all of them, and of others the latest, as {@link KnownShapes} keeps
 * them.
 *
 * <p><b>Threads.</b> Any.
 */
final class ShapeClasses {
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
  private final KnownShapes known = new KnownShapes();

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
    ShapeClass shape = of(signature.inputs().stream().map(TensorSpec::shape).toList(), List.of());
    shape.use(); // A shape that will come.
    return shape;
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
    KnownShapes.Key key = key(shapes, allOutputs());
    ShapeClass found = known.find(key);
    ShapeClass kept = found == null ? known.keep(key, of(shapes, List.of())) : found;
    if (kept != null) {
      kept.use(); // A shape that will come.
    }
    return kept;
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
    KnownShapes.Key key = key(given, outputs);
    ShapeClass found = known.find(key);
    if (found == null) {
      found = known.keep(key, of(given, request.outputs()));
    }
    return found == null ? alone : found;
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

  private static KnownShapes.Key key(List<? extends @Nullable Shape> shapes, int[] outputs) {
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
    return new KnownShapes.Key(values);
  }

  private void trim(long bytes) {
    if (known.trim(bytes) < bytes && standard != null) {
      var _ = standard.trimSlots();
    }
  }

  /** Frees all slots. */
  void close() {
    if (standard != null) {
      standard.closeSlots();
    }
    known.forEach(ShapeClass::closeSlots);
  }
}
