package dev.skeg.registry.oci;

import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import java.net.URI;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A repository in a registry.
 *
 * @param base of the API, as {@code https://registry.example.org/v2/}
 * @param registry host and port as a Docker {@code config.json} names it
 * @param repository as {@code team/fraud}
 */
record OciReference(URI base, String registry, String repository) {
  private static final Pattern REPOSITORY =
      Pattern.compile(
          "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*)*");
  private static final Pattern LOOPBACK =
      Pattern.compile("(?:localhost|127(?:\\.[0-9]{1,3}){3}|\\[::1])(?::[0-9]+)?");
  private static final Set<String> OPTIONS = Set.of("insecure", "datasets");

  /**
   * Reads a URI.
   *
   * @throws IllegalArgumentException if it names no repository
   */
  static OciReference of(SourceUri uri, SourceSettings settings) {
    uri.requireOptions(OPTIONS);
    String repository = uri.path();
    if (uri.authority().isEmpty()
        || repository.length() > 255
        || !REPOSITORY.matcher(repository).matches()) {
      throw new IllegalArgumentException(
          "source: "
              + uri
              + " (expected: oci://HOST[:PORT]/team/name in lower case; a tag or digest is the"
              + " pointer, as tag/prod)");
    }
    boolean loopback = LOOPBACK.matcher(uri.authority()).matches();
    String scheme = settings.flag(uri, "insecure", loopback) ? "http" : "https";
    if (uri.authority().equals("docker.io")) {
      // What Docker calls docker.io answers under another name, and official images have no owner.
      return new OciReference(
          URI.create("https://registry-1.docker.io/v2/"),
          "docker.io",
          repository.contains("/") ? repository : "library/" + repository);
    }
    return new OciReference(
        URI.create(scheme + "://" + uri.authority() + "/v2/"), uri.authority(), repository);
  }

  /** Returns the URI of something of the repository, as {@code manifests/prod}. */
  URI uri(String path) {
    return base.resolve(repository + "/" + path);
  }

  @Override
  public String toString() {
    return registry + "/" + repository;
  }
}
