package dev.skeg.registry.azblob;

import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.bucket.BucketProvider;
import dev.skeg.registry.bucket.BucketTree;
import java.net.URI;
import java.util.Set;

/**
 * Opens {@code azblob:} sources, as {@code azblob://ACCOUNT/CONTAINER/fraud}.
 *
 * <p>Credentials: {@code token}, a shared access signature; else {@code password}, a key of the
 * account; else the managed identity of the machine.
 */
public final class AzblobProvider extends BucketProvider {
  static final String CLIENT_ID = "client-id";

  private static final String EXPECTED = "azblob://ACCOUNT/CONTAINER/PATH";

  private final AzblobBucket.Sizes sizes;
  private final ManagedIdentity.Surroundings surroundings;

  /** For {@link java.util.ServiceLoader}. */
  public AzblobProvider() {
    this(
        new AzblobBucket.Sizes(32 << 20, 1000),
        new ManagedIdentity.Surroundings(System.getenv(), URI.create("http://169.254.169.254")));
  }

  AzblobProvider(AzblobBucket.Sizes sizes, ManagedIdentity.Surroundings surroundings) {
    super("azblob");
    this.sizes = sizes;
    this.surroundings = surroundings;
  }

  @Override
  protected BucketTree tree(SourceUri uri, SourceSettings settings) {
    requireName(uri, "account", EXPECTED);
    if (uri.path().isEmpty()) {
      throw new IllegalArgumentException(uri + " names no container (expected: " + EXPECTED + ")");
    }
    uri.requireOptions(Set.of(ENDPOINT, ANONYMOUS, CLIENT_ID));
    int slash = uri.path().indexOf('/');
    String container = slash < 0 ? uri.path() : uri.path().substring(0, slash);
    String path = slash < 0 ? "" : uri.path().substring(slash + 1);
    return new BucketTree(
        path,
        settings,
        new AzblobBucket(
            AzblobClients.open(uri, container, settings, surroundings),
            "azblob://" + uri.authority() + "/" + container,
            sizes));
  }
}
