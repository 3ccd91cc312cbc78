package dev.skeg.registry.oci;

import dev.skeg.registry.Pointer;
import dev.skeg.registry.PublishedLayout;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RemoteFile;
import dev.skeg.registry.Revision;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.Transfer;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A repository of an OCI registry as a source. A revision is the digest of the manifest, or index,
 * that the pointer means; its validator is the same. <b>Threads.</b> Any, several at once.
 */
final class OciSource implements Source {
  /** The annotation that holds the version number. */
  static final String VERSION = "org.opencontainers.image.version";

  private final SourceUri uri;
  private final OciRegistry registry;
  private final boolean datasets;

  OciSource(SourceUri uri, OciReference reference, SourceSettings settings) {
    this.uri = uri;
    this.datasets = settings.flag(uri, "datasets", false);
    this.registry = new OciRegistry(reference, settings, OciRegistry.PULL);
  }

  @Override
  public SourceUri uri() {
    return uri;
  }

  @Override
  public Revision resolve(Pointer pointer, @Nullable Revision known) {
    String name = name(pointer);
    String knownDigest = known == null ? "" : known.revision();
    if (known != null && name.equals(knownDigest)) {
      return known;
    }
    String digest = registry.look(name, knownDigest);
    if (known != null && digest.equals(knownDigest)) {
      return known;
    }
    Map<String, String> annotations = registry.manifest(digest).annotations();
    long number = pointer.kind() == Pointer.Kind.VERSION ? pointer.number() : number(annotations);
    return new Revision(digest, number, digest, annotations);
  }

  private static long number(Map<String, String> annotations) {
    return PublishedLayout.versionNumber(annotations.getOrDefault(VERSION, ""));
  }

  /** Returns the tag or digest that a pointer means. */
  static String name(Pointer pointer) {
    String name =
        switch (pointer.kind()) {
          case LATEST -> "latest";
          case VERSION, TAG, DIGEST, REVISION -> pointer.name();
          case ALIAS, BRANCH -> "";
        };
    boolean sound =
        pointer.isImmutable()
            ? Descriptor.isSha256(name)
            : name.matches("[A-Za-z0-9_][A-Za-z0-9._-]{0,127}");
    if (!sound) {
      throw new RegistryException(
          "pointer "
              + pointer
              + " of an oci source (expected: latest, tag/NAME, version/NUMBER, or digest/sha256:…)");
    }
    return name;
  }

  @Override
  public List<RemoteFile> files(Revision revision) {
    String digest = revision.revision();
    Manifest manifest = registry.manifest(digest);
    if (manifest instanceof Manifest.Index index) {
      digest = index.choose(registry.reference() + "@" + digest).digest();
      manifest = registry.manifest(digest);
    }
    String origin = registry.reference() + "@" + digest;
    return switch (manifest) {
      case Manifest.Image image -> Layers.files(image, datasets, origin);
      case Manifest.Index index ->
          throw new RegistryException(origin + " is an index in an index (expected: a manifest)");
    };
  }

  @Override
  public Transfer open(Revision revision, RemoteFile file, long offset) {
    return registry.openBlob(file.key(), offset);
  }

  @Override
  public void close() {
    registry.close();
  }
}
