package dev.skeg.registry;

import java.util.List;

/**
 * What a {@link ModelDirectory} held at one moment.
 *
 * @param models ordered by name
 * @param skipped names of the directories that are not models because they begin with {@code .} or
 *     {@code _}, ordered
 */
public record ModelListing(List<ModelEntry> models, List<String> skipped) {
  public ModelListing {
    models = List.copyOf(models);
    skipped = List.copyOf(skipped);
  }
}
