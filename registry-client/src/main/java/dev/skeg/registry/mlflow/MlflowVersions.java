package dev.skeg.registry.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** Looks versions of one model up. <b>Threads.</b> Any. */
final class MlflowVersions {
  private static final int PAGE = 50;
  private static final int MAX_PAGES = 1_000;

  private final MlflowApi api;

  MlflowVersions(MlflowApi api) {
    this.api = api;
  }

  ModelVersion version(long number) {
    return read(
        api.get(
            "mlflow/model-versions/get",
            List.of("name", api.model(), "version", Long.toString(number))));
  }

  /**
   * Returns the version that an alias points to.
   *
   * @throws RegistryException of kind NOT_FOUND if there is no such alias
   */
  ModelVersion alias(String alias) {
    try {
      return read(
          api.get("mlflow/registered-models/alias", List.of("name", api.model(), "alias", alias)));
    } catch (RegistryException e) {
      if (e.kind() == Kind.INVALID) {
        // MLflow says 400 of an alias that is not set.
        throw new RegistryException(
            Kind.NOT_FOUND, e.getMessage() + " (expected: an alias that is set)", e);
      }
      throw e;
    }
  }

  private ModelVersion read(JsonNode answer) {
    return ModelVersion.parse(answer.path("model_version"), "model " + api.model());
  }

  /**
   * Returns the ready version with the highest number.
   *
   * @throws RegistryException of kind NOT_FOUND if there is none
   */
  ModelVersion latest() {
    return highest(ModelVersion::isReady)
        .orElseThrow(() ->
            new RegistryException(
                Kind.NOT_FOUND,
                "model " + api.model() + " has no version (expected: one that is READY)"));
  }

  /** Returns the highest number, ready or not; 0 if there is none. */
  long highestNumber() {
    return highest(version -> true).map(ModelVersion::number).orElse(0L);
  }

  private Optional<ModelVersion> highest(Predicate<ModelVersion> wanted) {
    String token = "";
    for (int i = 0; i < MAX_PAGES; i++) {
      List<String> query = new ArrayList<>();
      query.addAll(List.of("filter", "name=" + quoted(api.model())));
      query.addAll(List.of("order_by", "version_number DESC"));
      query.addAll(List.of("max_results", Integer.toString(PAGE)));
      if (!token.isEmpty()) {
        query.addAll(List.of("page_token", token));
      }
      JsonNode page = api.get("mlflow/model-versions/search", query);
      List<ModelVersion> versions = new ArrayList<>();
      for (JsonNode node : page.path("model_versions")) {
        versions.add(ModelVersion.parse(node, "model " + api.model()));
      }
      // Ordered by falling numbers, so no later page can have a higher one.
      Optional<ModelVersion> found =
          versions.stream().filter(wanted).max(Comparator.comparingLong(ModelVersion::number));
      token = page.path("next_page_token").asText();
      if (found.isPresent() || token.isEmpty()) {
        return found;
      }
    }
    throw new RegistryException(
        "model " + api.model() + " has more than " + MAX_PAGES + " pages of versions, none READY");
  }

  private static String quoted(String name) {
    String quote = name.contains("'") ? "\"" : "'";
    if (name.contains(quote)) {
      throw new RegistryException(
          "model " + name + " has both quotes in its name (expected: one that MLflow can search)");
    }
    return quote + name + quote;
  }
}
