package dev.skeg.runtime.control;

import dev.skeg.runtime.config.VersionsConfig;
import java.util.List;

/**
 * What is to become of one model.
 *
 * @param versions those that are wanted, and those that cannot be had, each number once; in the
 *     order of their numbers. Nothing else of the model is served once they are ready
 * @param reason why there is no version; empty if there is one
 * @param handling how they follow those that are loaded
 * @param isForced whether versions that have failed before are tried again
 */
public record ModelPlan(
    String model,
    List<VersionPlan> versions,
    String reason,
    VersionsConfig handling,
    boolean isForced) {
  public ModelPlan {
    versions = List.copyOf(versions);
    if (versions.stream().mapToLong(VersionPlan::number).distinct().count() != versions.size()) {
      throw new IllegalArgumentException("versions: " + versions + " (expected: each number once)");
    }
  }

  /** A plan that follows the usual way and forces nothing. */
  public ModelPlan(String model, List<VersionPlan> versions, String reason) {
    this(model, versions, reason, VersionsConfig.DEFAULT, false);
  }

  /** Returns the same plan, with what failed before tried again. */
  public ModelPlan forced() {
    return new ModelPlan(model, versions, reason, handling, true);
  }
}
