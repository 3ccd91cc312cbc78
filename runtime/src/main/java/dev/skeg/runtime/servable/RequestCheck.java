package dev.skeg.runtime.servable;

import dev.skeg.runtime.backend.UnsupportedOutput;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.model.Signature;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.model.TensorSpec;
import dev.skeg.runtime.model.Text;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Holds a request against a version's signature, so that nothing invalid reaches a backend. The
 * texts begin as Triton's do, because clients compare them. <b>Threads.</b> Any; immutable.
 */
public final class RequestCheck {
  /**
   * Rows without elements in one request at most: a client sends as many as it likes in a few
   * bytes, while the model answers each of them.
   */
  static final int MAX_EMPTY_ROWS = 1 << 16;

  private final ModelVersion version;
  private final Signature signature;
  private final boolean hasRows;
  private final int maxRows; // 0 for any number.
  private final List<UnsupportedOutput> unsupportedOutputs;
  private final int requiredInputs;

  RequestCheck(
      ModelVersion version,
      Signature signature,
      BatchLimit limit,
      List<UnsupportedOutput> unsupportedOutputs) {
    this.version = version;
    this.signature = signature;
    this.hasRows = limit.hasRows();
    this.maxRows =
        switch (limit) {
          case BatchLimit.NotBatchable _, BatchLimit.Found _ -> 0;
          case BatchLimit.Declared(int declared) -> declared;
          case BatchLimit.OneByOne(int declared) -> declared;
        };
    this.unsupportedOutputs = unsupportedOutputs;
    this.requiredInputs =
        Math.toIntExact(signature.inputs().stream().filter(spec -> !spec.optional()).count());
  }

  /** Returns what is wrong with the request, for the client; null if it can be run. */
  public @Nullable String error(InferenceRequest request) {
    String error = inputsError(request.inputs());
    return error != null ? error : outputsError(request.outputs());
  }

  /** Returns the rows of a request that has no error: 1 where tensors have no rows. */
  public long rows(InferenceRequest request) {
    return hasRows && !request.inputs().isEmpty() ? request.inputs().getFirst().shape().dim(0) : 1;
  }

  private @Nullable String inputsError(List<Tensor> inputs) {
    int required = 0;
    for (int i = 0; i < inputs.size(); i++) {
      Tensor input = inputs.get(i);
      int index = signature.inputIndex(input.name());
      if (index < 0) {
        return "unexpected inference input '"
            + Text.excerpt(input.name())
            + "' for model '"
            + version.model()
            + "', which takes "
            + names(signature.inputs());
      }
      TensorSpec spec = signature.inputs().get(index);
      if (input.type() != spec.type()) {
        return "inference input '"
            + input.name()
            + "' data-type is '"
            + input.type()
            + "', but model '"
            + version.model()
            + "' expects '"
            + spec.type()
            + "'";
      }
      if (!spec.shape().accepts(input.shape())) {
        return "unexpected shape for input '"
            + input.name()
            + "' for model '"
            + version.model()
            + "'. Expected "
            + spec.shape()
            + ", got "
            + input.shape();
      }
      if (!spec.optional()) {
        required++;
      }
    }
    if (required < requiredInputs) {
      return missingInputs(inputs);
    }
    return rowsError(inputs);
  }

  private String missingInputs(List<Tensor> inputs) {
    String missing =
        signature.inputs().stream()
            .filter(spec -> !spec.optional())
            .filter(spec -> inputs.stream().noneMatch(input -> input.name().equals(spec.name())))
            .map(spec -> "'" + spec.name() + "'")
            .collect(Collectors.joining(", "));
    int most = signature.inputs().size();
    String expected = most == requiredInputs ? "" + most : requiredInputs + " to " + most;
    return "expected "
        + expected
        + " inputs but got "
        + inputs.size()
        + " inputs for model '"
        + version.model()
        + "'; missing "
        + missing;
  }

  private @Nullable String rowsError(List<Tensor> inputs) {
    if (!hasRows || inputs.isEmpty()) {
      return null;
    }
    long rows = inputs.getFirst().shape().dim(0);
    for (int i = 1; i < inputs.size(); i++) {
      Tensor input = inputs.get(i);
      if (input.shape().dim(0) != rows) {
        return "input '"
            + input.name()
            + "' batch size does not match other inputs for '"
            + version.model()
            + "': "
            + input.shape().dim(0)
            + ", but '"
            + inputs.getFirst().name()
            + "' has "
            + rows;
      }
    }
    if (maxRows > 0 && rows > maxRows) {
      return "inference request batch-size must be <= "
          + maxRows
          + " for '"
          + version.model()
          + "', got "
          + rows;
    }
    if (rows > MAX_EMPTY_ROWS && areEmpty(inputs)) {
      return "the inputs have no elements in "
          + rows
          + " rows for '"
          + version.model()
          + "' (expected: at most "
          + MAX_EMPTY_ROWS
          + " rows without elements)";
    }
    return null;
  }

  private static boolean areEmpty(List<Tensor> inputs) {
    for (int i = 0; i < inputs.size(); i++) {
      if (inputs.get(i).data().byteSize() > 0) {
        return false;
      }
    }
    return true;
  }

  private @Nullable String outputsError(List<String> outputs) {
    for (int i = 0; i < outputs.size(); i++) {
      String name = outputs.get(i);
      if (signature.outputIndex(name) < 0) {
        return unknownOutput(name);
      }
    }
    return null;
  }

  private String unknownOutput(String name) {
    for (UnsupportedOutput output : unsupportedOutputs) {
      if (output.name().equals(name)) {
        return "output '"
            + name
            + "' of model '"
            + version.model()
            + "' cannot be returned: it is "
            + output.reason()
            + ", not a tensor";
      }
    }
    return "unexpected inference output '"
        + Text.excerpt(name)
        + "' for model '"
        + version.model()
        + "', which gives "
        + names(signature.outputs());
  }

  private static String names(List<TensorSpec> specs) {
    return specs.isEmpty()
        ? "none"
        : specs.stream()
            .map(spec -> "'" + spec.name() + "'")
            .limit(20)
            .collect(Collectors.joining(", "));
  }
}
