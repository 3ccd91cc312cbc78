package dev.skeg.registry.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.registry.Network;
import dev.skeg.registry.Pointer;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.Revision;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceSettings;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** What every source over HTTP makes of a server that refuses or fails, and how it is set up. */
public final class SourceFaults {
  /** Few and quick, so that a test waits for nothing. */
  public static final Network.Retries RETRIES =
      new Network.Retries(4, Duration.ofMillis(1), Duration.ofMillis(5));

  /** With a second for an answer. */
  public static final SourceSettings SETTINGS =
      SourceSettings.defaults()
          .withNetwork(
              new Network(
                  Duration.ofSeconds(5),
                  Duration.ofSeconds(1),
                  RETRIES,
                  Optional.empty(),
                  Optional.empty()));

  private SourceFaults() {}

  /**
   * Asserts that refusal, absence and trouble are told apart, and that the source works again once
   * they are over.
   *
   * @param proxy before the server, without a script
   * @param works asserts what the source says of its newest version
   */
  public static void assertTellsApart(
      FaultyServer proxy, Supplier<Source> opened, Consumer<Revision> works) {
    Map<Integer, Kind> kinds =
        Map.of(
            401,
            Kind.DENIED,
            403,
            Kind.DENIED,
            404,
            Kind.NOT_FOUND,
            500,
            Kind.TRANSIENT,
            503,
            Kind.TRANSIENT);
    kinds.forEach((status, kind) -> {
      try (Source source = opened.get()) {
        for (int i = 0; i < (kind == Kind.TRANSIENT ? RETRIES.attempts() : 1); i++) {
          proxy.then(Fault.status(status));
        }
        assertThatThrownBy(() -> source.resolve(Pointer.LATEST, null))
            .isInstanceOfSatisfying(
                RegistryException.class, e -> assertThat(e.kind()).isEqualTo(kind))
            .hasMessageContaining("answered " + status);
        works.accept(source.resolve(Pointer.LATEST, null));
      }
    });
  }
}
