package dev.skeg.runtime.source;

import dev.skeg.registry.Artifact;
import dev.skeg.registry.ArtifactFile;
import dev.skeg.registry.PublishedLayout;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Reads a version's directory and holds it against its manifest. */
final class VersionFiles {
  private VersionFiles() {}

  /**
   * Reads a version, every byte of it.
   *
   * @throws RegistryException if it cannot be read, or is not what its manifest says
   */
  static Artifact read(Path directory) {
    Artifact artifact = Artifact.of(directory);
    Path manifest = directory.resolve(PublishedLayout.MANIFEST);
    if (Files.exists(manifest)) {
      List<ArtifactFile> listed =
          PublishedLayout.parseManifest(bytes(manifest), manifest.toString()).files().stream()
              .filter(file -> PublishedLayout.isContent(file.path()))
              .toList();
      if (!listed.equals(artifact.files())) {
        throw new RegistryException(
            directory
                + " is not what its "
                + PublishedLayout.MANIFEST
                + " says: "
                + difference(listed, artifact.files()));
      }
    }
    return artifact;
  }

  private static byte[] bytes(Path manifest) {
    try (InputStream in = Files.newInputStream(manifest)) {
      byte[] bytes = in.readNBytes(PublishedLayout.MAX_MANIFEST_BYTES + 1);
      if (bytes.length > PublishedLayout.MAX_MANIFEST_BYTES) {
        throw new RegistryException(
            manifest
                + " is too large (expected: at most "
                + PublishedLayout.MAX_MANIFEST_BYTES
                + " bytes)");
      }
      return bytes;
    } catch (IOException e) {
      throw new RegistryException(Kind.TRANSIENT, manifest + " cannot be read: " + e, e);
    }
  }

  private static String difference(List<ArtifactFile> listed, List<ArtifactFile> there) {
    for (ArtifactFile file : listed) {
      ArtifactFile other =
          there.stream().filter(one -> one.path().equals(file.path())).findFirst().orElse(null);
      if (other == null) {
        return file.path() + " is missing (expected: every file that it lists)";
      }
      if (!other.equals(file)) {
        return file.path()
            + " has "
            + other.sizeBytes()
            + " bytes with sha256 "
            + other.sha256()
            + " (expected: "
            + file.sizeBytes()
            + " bytes with "
            + file.sha256()
            + ")";
      }
    }
    return there.stream()
        .filter(file -> !listed.contains(file))
        .map(file -> file.path() + " is not in it (expected: only what it lists)")
        .findFirst()
        .orElse("the order of its files");
  }
}
