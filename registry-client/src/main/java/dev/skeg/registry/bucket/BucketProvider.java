package dev.skeg.registry.bucket;

import dev.skeg.registry.Publisher;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceProvider;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.published.PublishedPublisher;
import dev.skeg.registry.published.PublishedSource;
import java.util.List;
import java.util.Optional;

/**
 * Opens the published layout in the buckets of one kind of store; which bucket a URI means, and
 * what opens it, the store's own provider says. <b>Threads.</b> Any.
 */
public abstract class BucketProvider implements SourceProvider {
  /** The option for the URL of another server with the store's protocol. */
  public static final String ENDPOINT = "endpoint";

  /** The option for requests that prove nothing, to buckets that are open to everybody. */
  public static final String ANONYMOUS = "anonymous";

  /** The option that says that a bucket keeps versions of its objects. */
  public static final String VERSIONED = "versioned";

  private final String scheme;

  /**
   * @param scheme lower case
   */
  protected BucketProvider(String scheme) {
    this.scheme = scheme;
  }

  @Override
  public final List<String> schemes() {
    return List.of(scheme);
  }

  @Override
  public final Source open(SourceUri uri, SourceSettings settings) {
    return new PublishedSource(uri, tree(uri, settings));
  }

  @Override
  public final Optional<Publisher> publisher(SourceUri uri, SourceSettings settings) {
    return Optional.of(new PublishedPublisher(uri, tree(uri, settings)));
  }

  /**
   * Opens what lies at a URI; no connection is made yet.
   *
   * @throws IllegalArgumentException if the URI or the settings do not fit
   */
  protected abstract BucketTree tree(SourceUri uri, SourceSettings settings);

  /**
   * Refuses a URI without a name where the others have a host.
   *
   * @param what the name is of, as {@code bucket}
   * @param expected a whole URI
   * @throws IllegalArgumentException if there is none, or it has a port
   */
  protected static void requireName(SourceUri uri, String what, String expected) {
    if (uri.authority().isEmpty() || uri.authority().indexOf(':') >= 0) {
      throw new IllegalArgumentException(
          uri
              + " names no "
              + what
              + " (expected: "
              + expected
              + "; another server by ?endpoint=URL)");
    }
  }
}
