package dev.skeg.registry.http;

import dev.skeg.registry.Publisher;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceProvider;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.published.PublishedPublisher;
import dev.skeg.registry.published.PublishedSource;
import dev.skeg.registry.transport.HttpTransport;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Opens {@code http:} and {@code https:} sources, as {@code https://models.example.org/fraud}.
 *
 * <p>Credentials: {@code token} for bearer authentication, else {@code username} and {@code
 * password} for basic.
 */
public final class HttpSources implements SourceProvider {
  @Override
  public List<String> schemes() {
    return List.of("http", "https");
  }

  @Override
  public Source open(SourceUri uri, SourceSettings settings) {
    return new PublishedSource(uri, tree(uri, settings));
  }

  @Override
  public Optional<Publisher> publisher(SourceUri uri, SourceSettings settings) {
    return Optional.of(new PublishedPublisher(uri, tree(uri, settings)));
  }

  private static HttpTree tree(SourceUri uri, SourceSettings settings) {
    if (uri.authority().isEmpty()) {
      throw new IllegalArgumentException(uri + " names no host (expected: https://HOST/PATH)");
    }
    uri.requireOptions(Set.of());
    return new HttpTree(uri, settings, HttpTransport.open(settings.network()));
  }
}
