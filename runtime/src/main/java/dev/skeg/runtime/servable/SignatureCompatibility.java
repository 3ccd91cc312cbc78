package dev.skeg.runtime.servable;

import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Signature;
import dev.skeg.runtime.model.TensorSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * Whether clients of one version can be sent to another: every request that the one takes, the
 * other must take too, and it must give every output that the one gives, of the same type and no
 * wilder shape. It may give more, take wider shapes, and have inputs that can be left out.
 */
public final class SignatureCompatibility {
  private SignatureCompatibility() {}

  /**
   * Requires it.
   *
   * @throws ServingException with all that stands against it
   */
  public static void require(Signature live, Signature next) {
    List<String> problems = new ArrayList<>();
    for (TensorSpec old : live.inputs()) {
      int index = next.inputIndex(old.name());
      if (index < 0) {
        problems.add("input '" + old.name() + "' is gone");
        continue;
      }
      TensorSpec spec = next.inputs().get(index);
      compare("input", old, spec, spec.shape(), old.shape(), problems);
      if (old.optional() && !spec.optional()) {
        problems.add("input '" + old.name() + "' can no longer be left out");
      }
    }
    for (TensorSpec spec : next.inputs()) {
      if (live.inputIndex(spec.name()) < 0 && !spec.optional()) {
        problems.add("input '" + spec.name() + "' is new and cannot be left out");
      }
    }
    for (TensorSpec old : live.outputs()) {
      int index = next.outputIndex(old.name());
      if (index < 0) {
        problems.add("output '" + old.name() + "' is gone");
      } else {
        TensorSpec spec = next.outputs().get(index);
        compare("output", old, spec, old.shape(), spec.shape(), problems);
      }
    }
    if (!problems.isEmpty()) {
      throw new ServingException(
          ErrorCode.INVALID_ARGUMENT,
          "its signature does not fit the version that serves: "
              + String.join("; ", problems)
              + " (expected: the same inputs and outputs, at most more outputs; or a load by force)");
    }
  }

  private static void compare(
      String kind,
      TensorSpec old,
      TensorSpec spec,
      Shape wide,
      Shape narrow,
      List<String> problems) {
    String name = kind + " '" + old.name() + "' ";
    if (old.type() != spec.type()) {
      problems.add(name + "was " + old.type() + " and is " + spec.type());
    } else if (!wide.accepts(narrow)) {
      problems.add(name + "had the shape " + old.shape() + " and has " + spec.shape());
    }
  }
}
