package dev.skeg.runtime.control;

import dev.skeg.runtime.config.VersionsConfig;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What is to become of one model.
 *
 * @param versions those that are wanted, and those that cannot be had, each number once; in the
 *     order of their numbers. Nothing else of the model is served once they are ready
 * @param reason why there is no version; empty if there is one
 * @param handling how they follow those that are loaded
 * @param isForced whether versions that have failed before are tried again
 * @param kept versions that are to be kept for going back, the longest out of service first; as
 *     many of the last as {@code handling} keeps, and those that labels mean, are loaded once all
 *     others are ready, unless they are there. None has a number that {@code versions} has
 * @param journal told of loads as they begin and end
 */
public record ModelPlan(
    String model,
    List<VersionPlan> versions,
    String reason,
    VersionsConfig handling,
    boolean isForced,
    List<VersionPlan.Load> kept,
    LoadJournal journal) {
  public ModelPlan {
    versions = List.copyOf(versions);
    kept = List.copyOf(kept);
    long numbers =
        Stream.concat(versions.stream(), kept.stream())
            .mapToLong(VersionPlan::number)
            .distinct()
            .count();
    if (numbers != versions.size() + kept.size()) {
      throw new IllegalArgumentException(
          "versions: " + versions + ", kept: " + kept + " (expected: each number once)");
    }
  }

  /** A plan that brings nothing back that was kept for going back, and whose loads nobody notes. */
  public ModelPlan(
      String model,
      List<VersionPlan> versions,
      String reason,
      VersionsConfig handling,
      boolean isForced) {
    this(model, versions, reason, handling, isForced, List.of(), LoadJournal.NONE);
  }

  /** A plan that follows the usual way and forces nothing. */
  public ModelPlan(String model, List<VersionPlan> versions, String reason) {
    this(model, versions, reason, VersionsConfig.DEFAULT, false);
  }

  /** Returns the same plan, with what failed before tried again. */
  public ModelPlan forced() {
    return new ModelPlan(model, versions, reason, handling, true, kept, journal);
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

  /** Returns whether that is one of those to be kept for going back. */
  boolean keeps(VersionPlan.Load load) {
    return kept.stream().anyMatch(each -> each.isSameAs(load));
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
