package dev.skeg.registry;

import java.util.Map;
import java.util.Optional;

/**
 * What a source needs from the configuration, beside its URI.
 *
 * @param network how to reach the server
 * @param credentials by name: {@code username}, {@code password} and {@code token} for HTTP in
 *     general; each source's documentation names its others
 * @param options of the source, as {@code endpoint} or {@code region}; the URI's own come first
 * @param caps on what a version may cost
 */
public record SourceSettings(
    Network network, Map<String, Secret> credentials, Map<String, String> options, SizeCaps caps) {
  public SourceSettings {
    credentials = Map.copyOf(credentials);
    options = Map.copyOf(options);
  }

  public static SourceSettings defaults() {
    return new SourceSettings(Network.defaults(), Map.of(), Map.of(), SizeCaps.defaults());
  }

  public SourceSettings withNetwork(Network value) {
    return new SourceSettings(value, credentials, options, caps);
  }

  public SourceSettings withCredentials(Map<String, Secret> value) {
    return new SourceSettings(network, value, options, caps);
  }

  public SourceSettings withOptions(Map<String, String> value) {
    return new SourceSettings(network, credentials, value, caps);
  }

  public SourceSettings withCaps(SizeCaps value) {
    return new SourceSettings(network, credentials, options, value);
  }

  /** Returns a credential, read now; empty if none of that name is configured. */
  public Optional<String> credential(String name) {
    return Optional.ofNullable(credentials.get(name)).map(Secret::value);
  }

  /** Returns an option of the URI, else of the configuration; empty if neither has it. */
  public Optional<String> option(SourceUri uri, String name) {
    return uri.option(name).or(() -> Optional.ofNullable(options.get(name)));
  }

  /**
   * Returns an option that is {@code true} or {@code false}.
   *
   * @param otherwise its value if neither the URI nor the configuration has it
   * @throws IllegalArgumentException if it is something else
   */
  public boolean flag(SourceUri uri, String name, boolean otherwise) {
    String value = option(uri, name).orElse(String.valueOf(otherwise));
    if (!value.equals("true") && !value.equals("false")) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: true or false)");
    }
    return value.equals("true");
  }
}
