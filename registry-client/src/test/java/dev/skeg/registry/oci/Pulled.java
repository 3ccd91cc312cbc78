package dev.skeg.registry.oci;

import dev.skeg.registry.Artifact;
import dev.skeg.registry.ArtifactFile;
import dev.skeg.registry.Digests;
import dev.skeg.registry.Packing;
import dev.skeg.registry.Pointer;
import dev.skeg.registry.RemoteFile;
import dev.skeg.registry.Revision;
import dev.skeg.registry.Source;
import dev.skeg.registry.Transfer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/** Files as a test reads them from a source, every byte verified against what the source says. */
final class Pulled {
  private Pulled() {}

  /** Returns the files of what a pointer means, by path. */
  static Map<String, byte[]> all(Source source, Pointer pointer) {
    Revision revision = source.resolve(pointer, null);
    Map<String, byte[]> files = new TreeMap<>();
    for (RemoteFile file : source.files(revision)) {
      byte[] bytes = bytes(source, revision, file);
      if (file.packing() == Packing.PLAIN) {
        files.put(file.path(), bytes);
      } else {
        unpack(file, bytes, files);
      }
    }
    return files;
  }

  private static byte[] bytes(Source source, Revision revision, RemoteFile file) {
    try (Transfer transfer = source.open(revision, file, 0)) {
      byte[] bytes = transfer.in().readAllBytes();
      if (!Digests.sha256Hex(bytes).equals(file.sha256()) || bytes.length != file.sizeBytes()) {
        throw new AssertionError(file + " has " + bytes.length + " other bytes");
      }
      return bytes;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void unpack(RemoteFile file, byte[] bytes, Map<String, byte[]> files) {
    try (InputStream plain =
            file.packing() == Packing.TAR_GZIP
                ? new GZIPInputStream(new ByteArrayInputStream(bytes))
                : new ByteArrayInputStream(bytes);
        TarArchiveInputStream tar = new TarArchiveInputStream(plain)) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        if (entry.getName().startsWith(file.path())) {
          files.put(entry.getName().substring(file.path().length()), tar.readAllBytes());
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns what of a version's directory is published, by path. */
  static Map<String, byte[]> contents(Path version) throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    for (ArtifactFile file : Artifact.published(version)) {
      files.put(file.path(), Files.readAllBytes(version.resolve(file.path())));
    }
    return files;
  }
}
