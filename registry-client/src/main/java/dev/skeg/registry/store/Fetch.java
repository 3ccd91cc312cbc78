package dev.skeg.registry.store;

import dev.skeg.registry.ArtifactFile;
import dev.skeg.registry.Packing;
import dev.skeg.registry.Progress;
import dev.skeg.registry.PublishedLayout;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.RemoteFile;
import dev.skeg.registry.Revision;
import dev.skeg.registry.SafePath;
import dev.skeg.registry.Source;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Puts one revision together in a staging directory. <b>Threads.</b> Owned by the thread that
 * fetches, which holds the revision's lock.
 */
final class Fetch {
  /** Makes room on disk for bytes that are about to come, or fails. */
  @FunctionalInterface
  interface Room {
    void make(long bytes) throws IOException;
  }

  private final StoreLayout layout;
  private final StoreConfig config;
  private final Download.Pause pause;
  private final Room room;
  private final HeavyWork heavy;

  Fetch(StoreLayout layout, StoreConfig config, Download.Pause pause, Room room, HeavyWork heavy) {
    this.heavy = heavy;
    this.layout = layout;
    this.config = config;
    this.pause = pause;
    this.room = room;
  }

  void run(Source source, Revision revision, Staging staging, Progress progress)
      throws IOException, UnsafeContentException {
    List<RemoteFile> files = source.files(revision);
    String origin = source.uri() + " " + revision.revision();
    try {
      requireCaps(files, origin);
    } catch (RegistryException e) {
      throw new UnsafeContentException(String.valueOf(e.getMessage()), e);
    }
    room.make(bytesToCome(source, revision, files));
    Download download = new Download(source, revision, progress, config.retries(), pause);
    for (RemoteFile file : files) {
      if (file.packing() == Packing.PLAIN) {
        plain(source, revision, file, staging, download);
      } else {
        packed(source, revision, file, staging, download);
      }
    }
    if (!staging.hasContent()) {
      throw unsafe(origin, new RegistryException("there is no file in it (expected: a model)"));
    }
  }

  private void plain(
      Source source, Revision revision, RemoteFile file, Staging staging, Download download)
      throws IOException, UnsafeContentException {
    if (!isKept(file.path())) {
      return;
    }
    Path partial = layout.partial(source.uri(), revision, file);
    if (!file.sha256().isEmpty()
        && staging.takeExisting(file.path(), file.sha256(), file.sizeBytes(), false)) {
      Files.deleteIfExists(partial); // Of a process that died when it had just taken it.
      return;
    }
    Download.Done done = download.run(file, partial, staging.bytesLeft());
    try {
      staging.take(
          done.file(), new ArtifactFile(file.path(), done.sizeBytes(), done.sha256()), false);
    } catch (RegistryException e) {
      throw unsafe(source.uri() + " " + revision.revision(), e);
    }
  }

  private void packed(
      Source source, Revision revision, RemoteFile file, Staging staging, Download download)
      throws IOException, UnsafeContentException {
    Path partial = layout.partial(source.uri(), revision, file);
    Download.Done done = download.run(file, partial, config.caps().maxVersionBytes());
    String origin = source.uri() + " " + revision.revision();
    try {
      boolean _ =
          heavy.call(() -> {
            new Unpacker(config.caps(), staging)
                .unpack(done.file(), file.packing(), file.path(), origin);
            return true;
          });
    } catch (RegistryException e) {
      // Only bytes that are known to be the right ones can be refused for good.
      if (e.kind() == Kind.INVALID && !file.sha256().isEmpty()) {
        throw unsafe(origin, e);
      }
      throw e;
    } finally {
      Files.deleteIfExists(partial);
    }
  }

  private void requireCaps(List<RemoteFile> files, String origin) {
    if (files.isEmpty() || files.size() > config.caps().maxFiles()) {
      throw new RegistryException(
          origin
              + " has "
              + files.size()
              + " files (expected: 1 to "
              + config.caps().maxFiles()
              + ")");
    }
    long total = 0;
    for (RemoteFile file : files) {
      if (file.packing() == Packing.PLAIN) {
        SafePath.require(file.path());
      }
      long size = Math.max(0, file.sizeBytes());
      boolean tooLarge = file.packing() == Packing.PLAIN && size > config.caps().maxFileBytes();
      total = total > Long.MAX_VALUE - size ? Long.MAX_VALUE : total + size;
      if (tooLarge || total > config.caps().maxVersionBytes()) {
        throw new RegistryException(
            origin
                + " is too large at "
                + file.path()
                + " (expected: at most "
                + config.caps().maxFileBytes()
                + " bytes a file, "
                + config.caps().maxVersionBytes()
                + " a version)");
      }
    }
  }

  /**
   * Returns the bytes that are to be added to the store: not those that it has a copy of, nor the
   * part that is here of a transfer that broke off. Packed layers count as they are sent.
   */
  private long bytesToCome(Source source, Revision revision, List<RemoteFile> files)
      throws IOException {
    long bytes = 0;
    for (RemoteFile file : files) {
      if (file.sha256().isEmpty() || Files.notExists(layout.file(file.sha256()))) {
        Path partial = layout.partial(source.uri(), revision, file);
        long part = Files.exists(partial) ? Files.size(partial) : 0;
        bytes += Math.max(0, file.sizeBytes() - part);
      }
    }
    return bytes;
  }

  private static boolean isKept(String path) {
    return PublishedLayout.isContent(path) || path.equals(PublishedLayout.SIGNATURE);
  }

  private static UnsafeContentException unsafe(String origin, RegistryException e) {
    String message = String.valueOf(e.getMessage());
    return new UnsafeContentException(
        message.startsWith(origin) ? message : origin + ": " + message, e);
  }
}
