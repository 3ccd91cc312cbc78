package dev.skeg.registry.oci;

import dev.skeg.registry.Publisher;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceProvider;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import java.util.List;
import java.util.Optional;

/**
 * Opens {@code oci://host[:port]/repository}.
 *
 * <p>Options: {@code insecure=true} speaks plain HTTP, which on loopback is the default and {@code
 * insecure=false} turns off; {@code datasets=true} fetches data sets of ModelPack and KitOps, too;
 * {@code docker-config} (configuration only) names a Docker {@code config.json} with credentials.
 * Credentials: {@code username} and {@code password}, or {@code token}; they come before those of
 * the file.
 */
public final class OciProvider implements SourceProvider {
  @Override
  public List<String> schemes() {
    return List.of("oci");
  }

  @Override
  public Source open(SourceUri uri, SourceSettings settings) {
    return new OciSource(uri, OciReference.of(uri, settings), settings);
  }

  @Override
  public Optional<Publisher> publisher(SourceUri uri, SourceSettings settings) {
    return Optional.of(new OciPublisher(OciReference.of(uri, settings), settings));
  }
}
