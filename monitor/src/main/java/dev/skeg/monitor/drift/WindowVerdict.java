package dev.skeg.monitor.drift;

import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.profile.Window;
import java.util.List;

/**
 * What one closed window says about a model version, arm or segment.
 *
 * @param rows rows in the window
 * @param features in the profile's order
 * @param outputs in the profile's order: prediction drift
 * @param quality findings about the rows as a whole: their number, their likeness
 */
public record WindowVerdict(
    ProfileKey key,
    Window window,
    long rows,
    List<FeatureVerdict> features,
    List<FeatureVerdict> outputs,
    List<QualityFinding> quality) {
  public WindowVerdict {
    features = List.copyOf(features);
    outputs = List.copyOf(outputs);
    quality = List.copyOf(quality);
  }

  /** Returns whether anything was found that was not in drift a window before: one page at most. */
  public boolean isPage() {
    return features.stream().anyMatch(each -> !each.raised().isEmpty())
        || outputs.stream().anyMatch(each -> !each.raised().isEmpty());
  }
}
