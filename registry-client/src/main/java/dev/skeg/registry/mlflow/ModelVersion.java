package dev.skeg.registry.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import dev.skeg.registry.RegistryException;
import java.util.Map;
import java.util.TreeMap;

/**
 * A version of a registered model, as MLflow describes it.
 *
 * @param status as {@code READY}
 */
record ModelVersion(long number, String status, String runId, Map<String, String> tags) {
  ModelVersion {
    tags = Map.copyOf(tags);
  }

  /** Reads one; integers may come as numbers or as strings. */
  static ModelVersion parse(JsonNode node, String origin) {
    long number = node.path("version").asLong();
    if (number < 1) {
      throw new RegistryException(origin + " answered no version (expected: a number, 1 or more)");
    }
    Map<String, String> tags = new TreeMap<>();
    for (JsonNode tag : node.path("tags")) {
      tags.put(tag.path("key").asText(), tag.path("value").asText());
    }
    return new ModelVersion(
        number, node.path("status").asText("READY"), node.path("run_id").asText(), tags);
  }

  boolean isReady() {
    return status.equals("READY");
  }
}
