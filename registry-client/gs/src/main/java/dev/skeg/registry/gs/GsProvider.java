package dev.skeg.registry.gs;

import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.bucket.BucketProvider;
import dev.skeg.registry.bucket.BucketTree;
import java.util.Set;

/**
 * Opens {@code gs:} sources, as {@code gs://models/fraud}.
 *
 * <p>Credentials: {@code token}, an access token; else {@code password}, the JSON of a service
 * account's key or of a workload identity; else Google's Application Default Credentials.
 */
public final class GsProvider extends BucketProvider {
  private final GsBucket.Sizes sizes;

  /** For {@link java.util.ServiceLoader}. */
  public GsProvider() {
    this(new GsBucket.Sizes(16 << 20, 1000));
  }

  GsProvider(GsBucket.Sizes sizes) {
    super("gs");
    this.sizes = sizes;
  }

  @Override
  protected BucketTree tree(SourceUri uri, SourceSettings settings) {
    requireName(uri, "bucket", "gs://BUCKET/PATH");
    uri.requireOptions(Set.of(ENDPOINT, ANONYMOUS, VERSIONED));
    boolean versioned = settings.flag(uri, VERSIONED, false);
    return new BucketTree(
        uri.path(),
        settings,
        new GsBucket(GsClients.open(uri, settings), uri.authority(), versioned, sizes));
  }
}
