package dev.skeg.registry.mlflow;

import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;

/**
 * Writes back to a registered model what became of its versions: tags, as {@code serving.state},
 * and aliases. Every call may be repeated. <b>Threads.</b> Any, several at once.
 */
public final class MlflowWriter implements AutoCloseable {
  /** The tag that says how a version is served, as {@code stable} or {@code canary:10}. */
  public static final String SERVING_STATE = "serving.state";

  private final MlflowApi api;

  /** Opens one; no connection is made yet. */
  public static MlflowWriter open(SourceUri uri, SourceSettings settings) {
    return new MlflowWriter(new MlflowApi(uri, settings));
  }

  MlflowWriter(MlflowApi api) {
    this.api = api;
  }

  /**
   * Sets a tag of a version.
   *
   * @throws dev.skeg.registry.RegistryException of kind NOT_FOUND if there is no such version
   */
  public void setTag(long version, String key, String value) {
    api.send(
        "POST",
        "mlflow/model-versions/set-tag",
        MlflowApi.document()
            .put("name", api.model())
            .put("version", Long.toString(version))
            .put("key", key)
            .put("value", value));
  }

  /** Removes a tag of a version; nothing happens if it is not set. */
  public void deleteTag(long version, String key) {
    api.send(
        "DELETE",
        "mlflow/model-versions/delete-tag",
        MlflowApi.document()
            .put("name", api.model())
            .put("version", Long.toString(version))
            .put("key", key));
  }

  /** Points an alias to a version, wherever it pointed before: MLflow has no conditional write. */
  public void setAlias(String alias, long version) {
    api.send(
        "POST",
        "mlflow/registered-models/alias",
        MlflowApi.document()
            .put("name", api.model())
            .put("alias", alias)
            .put("version", Long.toString(version)));
  }

  /** Removes an alias; nothing happens if it is not set. */
  public void deleteAlias(String alias) {
    api.send(
        "DELETE",
        "mlflow/registered-models/alias",
        MlflowApi.document().put("name", api.model()).put("alias", alias));
  }

  @Override
  public void close() {
    api.close();
  }
}
