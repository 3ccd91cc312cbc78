package dev.skeg.registry.mlflow;

import dev.skeg.registry.Publisher;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceProvider;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import java.util.List;
import java.util.Optional;

/**
 * Opens {@code mlflow://host[:port]/[prefix/]model}, over TLS, and {@code mlflow+http://…} without.
 *
 * <p>Option: {@code insecure=true} makes {@code mlflow:} plain HTTP. Credentials: {@code token}, or
 * {@code username} and {@code password}.
 */
public final class MlflowProvider implements SourceProvider {
  @Override
  public List<String> schemes() {
    return List.of("mlflow", "mlflow+http");
  }

  @Override
  public Source open(SourceUri uri, SourceSettings settings) {
    return new MlflowSource(uri, new MlflowApi(uri, settings), settings);
  }

  @Override
  public Optional<Publisher> publisher(SourceUri uri, SourceSettings settings) {
    return Optional.of(new MlflowPublisher(new MlflowApi(uri, settings), settings));
  }
}
