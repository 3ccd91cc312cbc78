package dev.skeg.runtime.config;

import dev.skeg.registry.Pointer;
import dev.skeg.registry.Secret;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.signature.Verification;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Where the versions of one model come from: an entry of {@code models:} in skeg.yaml.
 *
 * @param model the name that clients call
 * @param pointer what is served: the version that it means
 * @param settings network, credentials and options of the source
 * @param verification whose signature a version must bear
 * @param pollInterval between two looks at the pointer; empty for the server's
 * @param hookSecret by which notifications prove that they are genuine; empty leaves them to the
 *     admin port's token
 * @param labels names by which clients may call versions, with the number that each is to have;
 *     before those of the same name in a version's model.yaml
 * @param writesBack whether the registry is told which version serves
 */
public record SourceConfig(
    String model,
    SourceUri uri,
    Pointer pointer,
    SourceSettings settings,
    Verification verification,
    Optional<Duration> pollInterval,
    Optional<Secret> hookSecret,
    Map<String, Long> labels,
    boolean writesBack) {
  /** What a timeout of a source's network may be. */
  public static final ValueType<Duration> TIMEOUT =
      ValueType.duration(Duration.ofMillis(10), Duration.ofMinutes(10));

  public SourceConfig {
    labels = Map.copyOf(labels);
  }

  /** Returns what the log shows of it; there is no secret in it. */
  @Override
  public String toString() {
    return model + "=" + uri + "#" + pointer;
  }
}
