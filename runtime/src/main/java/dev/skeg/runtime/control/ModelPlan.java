package dev.skeg.runtime.control;

import dev.skeg.runtime.config.VersionsConfig;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

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

  /** Returns those that are to be loaded. */
  List<VersionPlan.Load> loads() {
    return versions.stream()
        .filter(VersionPlan.Load.class::isInstance)
        .map(VersionPlan.Load.class::cast)
        .toList();
  }

  /** Returns whether that is one of those to be loaded. */
  boolean wants(VersionPlan.Load load) {
    return loads().stream().anyMatch(wanted -> wanted.isSameAs(load));
  }

  /** Returns whether that number cannot be loaded as it stands. */
  boolean refuses(long number) {
    return versions.stream()
        .anyMatch(each -> each instanceof VersionPlan.Refuse && each.number() == number);
  }

  /** Returns the numbers that are to be out. */
  Set<Long> unwanted() {
    return versions.stream()
        .filter(VersionPlan.Unload.class::isInstance)
        .map(VersionPlan::number)
        .collect(Collectors.toSet());
  }

  /** Returns whether nothing of the model is wanted any more. */
  boolean isOver() {
    return versions.stream().allMatch(VersionPlan.Unload.class::isInstance);
  }
}
