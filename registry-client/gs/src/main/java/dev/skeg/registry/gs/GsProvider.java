package dev.skeg.registry.gs;

import dev.skeg.registry.Publisher;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceProvider;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.bucket.BucketTree;
import dev.skeg.registry.published.PublishedPublisher;
import dev.skeg.registry.published.PublishedSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Opens {@code gs:} sources, as {@code gs://models/fraud}.
 *
 * <p>Credentials: {@code token}, an access token; else {@code password}, the JSON of a service
 * account's key or of a workload identity; else Google's Application Default Credentials.
 */
public final class GsProvider implements SourceProvider {
  static final String ENDPOINT = "endpoint";
  static final String ANONYMOUS = "anonymous";
  static final String VERSIONED = "versioned";

  private final GsBucket.Sizes sizes;

  /** For {@link java.util.ServiceLoader}. */
  public GsProvider() {
    this(new GsBucket.Sizes(16 << 20, 1000));
  }

  GsProvider(GsBucket.Sizes sizes) {
    this.sizes = sizes;
  }

  @Override
  public List<String> schemes() {
    return List.of("gs");
  }

  @Override
  public Source open(SourceUri uri, SourceSettings settings) {
    return new PublishedSource(uri, tree(uri, settings));
  }

  @Override
  public Optional<Publisher> publisher(SourceUri uri, SourceSettings settings) {
    return Optional.of(new PublishedPublisher(uri, tree(uri, settings)));
  }

  BucketTree tree(SourceUri uri, SourceSettings settings) {
    if (uri.authority().isEmpty() || uri.authority().indexOf(':') >= 0) {
      throw new IllegalArgumentException(
          uri + " names no bucket (expected: gs://BUCKET/PATH; another server by ?endpoint=URL)");
    }
    uri.requireOptions(Set.of(ENDPOINT, ANONYMOUS, VERSIONED));
    boolean versioned = settings.flag(uri, VERSIONED, false);
    return new BucketTree(
        uri.path(),
        settings,
        new GsBucket(GsClients.open(uri, settings), uri.authority(), versioned, sizes));
  }
}
