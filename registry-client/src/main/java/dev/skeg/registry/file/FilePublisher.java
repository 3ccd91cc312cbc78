package dev.skeg.registry.file;

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
import dev.skeg.registry.disk.DurableFiles;
import dev.skeg.registry.disk.FileLocks;
import dev.skeg.registry.published.Pointers;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;

/**
 * Publishes to a directory: the version is copied beside the others under a hidden name, with its
 * manifest, and then appears at once by one rename. So even a server that knows no manifests never
 * sees half a version. The manifest is that of the copy: what changed meanwhile cannot lie.
 *
 * <p><b>Threads.</b> Any.
 */
final class FilePublisher implements Publisher {
  private static final String STAGED = ".publishing-";
  private static final String REPLACED = ".replaced-";

  private final SourceUri uri;
  private final FileTree tree;

  FilePublisher(SourceUri uri, FileTree tree) {
    this.uri = uri;
    this.tree = tree;
  }

  @Override
  public Published publish(Path versionDirectory, PublishRequest request, Progress progress) {
    Pointers.requireMovable(request);
    Path staged = tree.root().resolve(STAGED + UUID.randomUUID());
    try {
      try {
        copy(versionDirectory, staged, progress);
        List<ArtifactFile> files = Artifact.published(staged);
        Target target = appear(staged, files, request);
        return new Published(
            target.number(),
            target.toString(),
            Artifact.ofFiles(files).digest(),
            new Pointers(uri, tree).move(request.pointers(), target));
      } finally {
        DurableFiles.deleteTree(staged);
      }
    } catch (IOException e) {
      throw FileTree.failed(tree.root(), "cannot be published to", e);
    }
  }

  private void copy(Path from, Path staged, Progress progress) throws IOException {
    for (ArtifactFile file : Artifact.published(from)) {
      Path target = staged.resolve(file.path());
      Files.createDirectories(target.getParent());
      Files.copy(from.resolve(file.path()), target);
      DurableFiles.sync(target);
      progress.moved(file.path(), file.sizeBytes(), file.sizeBytes());
    }
  }

  private Target appear(Path staged, List<ArtifactFile> files, PublishRequest request)
      throws IOException {
    try (FileLocks.Lock _ = tree.lock()) {
      long number = request.number() == 0 ? next() : request.number();
      byte[] manifest = PublishedLayout.manifestBytes(number, files);
      Target target = new Target(number, Digests.sha256Hex(manifest));
      Path version = tree.root().resolve(Long.toString(number));
      if (Files.exists(version)) {
        Path there = version.resolve(PublishedLayout.MANIFEST);
        if (Files.exists(there) && Arrays.equals(Files.readAllBytes(there), manifest)) {
          return target; // Published before; only its pointers are to be moved.
        }
        if (!request.force()) {
          throw new RegistryException(
              Kind.CONFLICT, version + " exists already (expected: another number, or force)");
        }
      }
      DurableFiles.replace(staged.resolve(PublishedLayout.MANIFEST), manifest);
      DurableFiles.syncTree(staged);
      Path replaced = tree.root().resolve(REPLACED + UUID.randomUUID());
      if (Files.exists(version)) {
        Files.move(version, replaced, StandardCopyOption.ATOMIC_MOVE);
      }
      Files.move(staged, version, StandardCopyOption.ATOMIC_MOVE);
      DurableFiles.syncDirectory(tree.root());
      DurableFiles.deleteTree(replaced);
      return target;
    }
  }

  private long next() throws IOException {
    long highest = 0;
    try (DirectoryStream<Path> children = Files.newDirectoryStream(tree.root())) {
      for (Path child : children) {
        String name = String.valueOf(child.getFileName());
        highest = Math.max(highest, PublishedLayout.versionNumber(name));
      }
    }
    return highest + 1;
  }

  @Override
  public void close() {
    tree.close();
  }
}
