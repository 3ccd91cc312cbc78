package dev.skeg.runtime.model;

/**
 * Name, type and shape of one input or output of a model.
 *
 * @param name not empty
 * @param shape dimensions, {@link Shape#VARIABLE} where the request chooses; the batch dimension,
 *     if there is one, is the first
 * @param optional whether a request may leave this input out; false for outputs
 */
public record TensorSpec(String name, DataType type, Shape shape, boolean optional) {
  public TensorSpec {
    if (name.isEmpty()) {
      throw new IllegalArgumentException("name: empty (expected: a tensor's name)");
    }
  }
}
