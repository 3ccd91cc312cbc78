package dev.skeg.registry.s3;

import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.bucket.BucketProvider;
import dev.skeg.registry.bucket.BucketTree;
import java.util.Set;

/**
 * Opens {@code s3:} sources, as {@code s3://models/fraud?region=eu-central-1}.
 *
 * <p>Credentials: {@code username} and {@code password} for the id and the secret of an access key,
 * and {@code token} if it is temporary; without them, where AWS's tools find them.
 */
public final class S3Provider extends BucketProvider {
  static final String REGION = "region";
  static final String PATH_STYLE = "path-style";

  private final S3Bucket.Sizes sizes;

  /** For {@link java.util.ServiceLoader}. */
  public S3Provider() {
    this(new S3Bucket.Sizes(64 << 20, 1000));
  }

  S3Provider(S3Bucket.Sizes sizes) {
    super("s3");
    this.sizes = sizes;
  }

  @Override
  protected BucketTree tree(SourceUri uri, SourceSettings settings) {
    requireName(uri, "bucket", "s3://BUCKET/PATH");
    uri.requireOptions(Set.of(ENDPOINT, REGION, PATH_STYLE, ANONYMOUS, VERSIONED));
    boolean versioned = settings.flag(uri, VERSIONED, false);
    return new BucketTree(
        uri.path(),
        settings,
        new S3Bucket(S3Clients.open(uri, settings), uri.authority(), versioned, sizes));
  }
}
