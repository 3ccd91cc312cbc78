package dev.skeg.registry.azblob;

import dev.skeg.registry.Publisher;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceProvider;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.bucket.BucketTree;
import dev.skeg.registry.published.PublishedPublisher;
import dev.skeg.registry.published.PublishedSource;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Opens {@code azblob:} sources, as {@code azblob://ACCOUNT/CONTAINER/fraud}.
 *
 * <p>Credentials: {@code token}, a shared access signature; else {@code password}, a key of the
 * account; else the managed identity of the machine.
 */
public final class AzblobProvider implements SourceProvider {
  static final String ENDPOINT = "endpoint";
  static final String ANONYMOUS = "anonymous";
  static final String CLIENT_ID = "client-id";

  private final AzblobBucket.Sizes sizes;
  private final ManagedIdentity.Surroundings surroundings;

  /** For {@link java.util.ServiceLoader}. */
  public AzblobProvider() {
    this(
        new AzblobBucket.Sizes(32 << 20, 1000),
        new ManagedIdentity.Surroundings(System.getenv(), URI.create("http://169.254.169.254")));
  }

  AzblobProvider(AzblobBucket.Sizes sizes, ManagedIdentity.Surroundings surroundings) {
    this.sizes = sizes;
    this.surroundings = surroundings;
  }

  @Override
  public List<String> schemes() {
    return List.of("azblob");
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
    if (uri.authority().isEmpty() || uri.authority().indexOf(':') >= 0 || uri.path().isEmpty()) {
      throw new IllegalArgumentException(
          uri
              + " names no account and container (expected: azblob://ACCOUNT/CONTAINER/PATH;"
              + " another server by ?endpoint=URL)");
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
