package dev.skeg.registry.s3;

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
 * Opens {@code s3:} sources, as {@code s3://models/fraud?region=eu-central-1}.
 *
 * <p>Credentials: {@code username} and {@code password} for the id and the secret of an access key,
 * and {@code token} if it is temporary; without them, where AWS's tools find them.
 */
public final class S3Provider implements SourceProvider {
  static final String ENDPOINT = "endpoint";
  static final String REGION = "region";
  static final String PATH_STYLE = "path-style";
  static final String ANONYMOUS = "anonymous";
  static final String VERSIONED = "versioned";

  private final S3Bucket.Sizes sizes;

  /** For {@link java.util.ServiceLoader}. */
  public S3Provider() {
    this(new S3Bucket.Sizes(64 << 20, 1000));
  }

  S3Provider(S3Bucket.Sizes sizes) {
    this.sizes = sizes;
  }

  @Override
  public List<String> schemes() {
    return List.of("s3");
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
          uri + " names no bucket (expected: s3://BUCKET/PATH; another server by ?endpoint=URL)");
    }
    uri.requireOptions(Set.of(ENDPOINT, REGION, PATH_STYLE, ANONYMOUS, VERSIONED));
    boolean versioned = settings.flag(uri, VERSIONED, false);
    return new BucketTree(
        uri.path(),
        settings,
        new S3Bucket(S3Clients.open(uri, settings), uri.authority(), versioned, sizes));
  }
}
