package dev.skeg.registry.published;

import dev.skeg.registry.Artifact;
import dev.skeg.registry.ArtifactFile;
import dev.skeg.registry.Digests;
import dev.skeg.registry.Progress;
import dev.skeg.registry.PublishRequest;
import dev.skeg.registry.Published;
import dev.skeg.registry.PublishedLayout;
import dev.skeg.registry.PublishedLayout.Target;
import dev.skeg.registry.Publisher;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.SourceUri;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * Publishes to a {@link PublishedTree}: an empty {@code _INCOMPLETE} claims the number, then come
 * the files, the manifest, the end of the claim, and the pointers.
 *
 * <p>Two that publish at once get two numbers, or one of them CONFLICT, where the store has
 * conditional writes. Publishing the same content under the same number again does nothing but move
 * the pointers. <b>Threads.</b> Any.
 */
public final class PublishedPublisher implements Publisher {
  private static final int NUMBERS_TRIED = 100;

  private final SourceUri uri;
  private final PublishedTree tree;
  private final Pointers pointers;

  public PublishedPublisher(SourceUri uri, PublishedTree tree) {
    this.uri = uri;
    this.tree = tree;
    this.pointers = new Pointers(uri, tree);
  }

  @Override
  public Published publish(Path versionDirectory, PublishRequest request, Progress progress) {
    Pointers.requireMovable(request);
    List<ArtifactFile> files = Artifact.published(versionDirectory);
    long number = request.number() == 0 ? claimNext() : request.number();
    byte[] manifest = PublishedLayout.manifestBytes(number, files);
    if (request.number() == 0 || !isThere(number, manifest, request.force())) {
      if (request.number() != 0) {
        claim(number, request.force());
      }
      upload(versionDirectory, number, files, progress);
      tree.write(
          PublishedLayout.manifestPath(number),
          manifest,
          request.force()
              ? new PublishedTree.Condition.Any()
              : new PublishedTree.Condition.Absent());
      tree.delete(marker(number));
    }
    Target target = new Target(number, Digests.sha256Hex(manifest));
    return new Published(
        number,
        target.toString(),
        Artifact.ofFiles(files).digest(),
        pointers.move(request.pointers(), target));
  }

  private void upload(Path directory, long number, List<ArtifactFile> files, Progress progress) {
    for (ArtifactFile file : files) {
      tree.upload(number + "/" + file.path(), directory.resolve(file.path()), progress);
    }
  }

  /** Whether the version is there already, as it is to be. */
  private boolean isThere(long number, byte[] manifest, boolean force) {
    String path = PublishedLayout.manifestPath(number);
    if (!(tree.read(path, PublishedLayout.MAX_MANIFEST_BYTES, "")
        instanceof PublishedTree.Look.Found(byte[] bytes, String etag))) {
      return false;
    }
    if (Arrays.equals(bytes, manifest)) {
      return true;
    }
    if (!force) {
      throw new RegistryException(
          Kind.CONFLICT,
          uri + " has a version " + number + " already (expected: another number, or force)");
    }
    return false;
  }

  private long claimNext() {
    long highest = pointers.latestNumber();
    if (tree.canList()) {
      for (String name : tree.directories()) {
        highest = Math.max(highest, PublishedLayout.versionNumber(name));
      }
    }
    for (long number = highest + 1; number <= highest + NUMBERS_TRIED; number++) {
      try {
        claim(number, false);
      } catch (RegistryException e) {
        if (e.kind() != Kind.CONFLICT) {
          throw e;
        }
        continue;
      }
      // Claimed, filled and released by somebody else in between?
      if (tree.read(PublishedLayout.manifestPath(number), PublishedLayout.MAX_MANIFEST_BYTES, "")
          instanceof PublishedTree.Look.Absent) {
        return number;
      }
      tree.delete(marker(number));
    }
    throw new RegistryException(
        Kind.CONFLICT,
        uri + ": the " + NUMBERS_TRIED + " numbers above " + highest + " are claimed");
  }

  private void claim(long number, boolean force) {
    byte[] content = "being published\n".getBytes(StandardCharsets.US_ASCII);
    try {
      tree.write(
          marker(number),
          content,
          force ? new PublishedTree.Condition.Any() : new PublishedTree.Condition.Absent());
    } catch (RegistryException e) {
      if (e.kind() != Kind.CONFLICT) {
        throw e;
      }
      throw new RegistryException(
          Kind.CONFLICT,
          uri
              + ": version "
              + number
              + " is being published, or was left half-way (expected: another number, or force)",
          e);
    }
  }

  private static String marker(long number) {
    return number + "/" + PublishedLayout.INCOMPLETE;
  }

  @Override
  public void close() {
    tree.close();
  }
}
