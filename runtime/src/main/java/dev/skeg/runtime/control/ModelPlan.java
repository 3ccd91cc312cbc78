package dev.skeg.runtime.control;

import java.util.List;

/**
 * What is to become of one model.
 *
 * @param versions those that the version policy chooses, lowest number first
 * @param reason why there is no version; empty if there is one
 */
record ModelPlan(String model, List<VersionPlan> versions, String reason) {
  ModelPlan {
    versions = List.copyOf(versions);
  }
}
