package dev.skeg.registry.store;

import dev.skeg.registry.Artifact;
import dev.skeg.registry.ArtifactFile;
import dev.skeg.registry.RegistryException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The files of a version in the store, as they are now. */
final class StoredFiles {
  private StoredFiles() {}

  /** Hashes them; an unreadable one makes the list empty, which is never right. */
  static List<ArtifactFile> read(Path version) {
    try {
      return Artifact.published(version);
    } catch (RegistryException e) {
      return List.of();
    }
  }

  static String difference(List<ArtifactFile> expected, List<ArtifactFile> actual) {
    Optional<ArtifactFile> missing =
        expected.stream().filter(file -> !actual.contains(file)).findFirst();
    return missing
        .map(file -> file.path() + " is missing or changed")
        .orElse("there is a file that does not belong to it");
  }

  /** Deletes the store's copies that are not what their names say. */
  static void deleteBroken(StoreLayout layout, List<ArtifactFile> files) throws IOException {
    for (ArtifactFile file : files) {
      Path copy = layout.file(file.sha256());
      if (Files.exists(copy) && !Artifact.sha256(copy).equals(file.sha256())) {
        Files.deleteIfExists(copy);
      }
    }
  }
}
