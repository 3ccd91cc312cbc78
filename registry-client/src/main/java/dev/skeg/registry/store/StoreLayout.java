package dev.skeg.registry.store;

import dev.skeg.registry.Digests;
import dev.skeg.registry.Pointer;
import dev.skeg.registry.RemoteFile;
import dev.skeg.registry.Revision;
import dev.skeg.registry.SourceUri;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/** The paths of a store. {@code hex} is a digest without its {@code sha256:}. */
record StoreLayout(Path root) {
  private static final Pattern DIGEST = Pattern.compile("sha256:[0-9a-f]{64}");

  void create() throws IOException {
    for (Path directory :
        new Path[] {
          files(),
          versions(),
          staging(),
          partial(),
          locks(),
          root.resolve("revisions"),
          pointers(),
          root.resolve("quarantine")
        }) {
      Files.createDirectories(directory);
    }
  }

  static String hex(String digest) {
    if (!DIGEST.matcher(digest).matches()) {
      throw new IllegalArgumentException(
          "digest: " + digest + " (expected: sha256: and 64 lower-case hexadecimal digits)");
    }
    return digest.substring("sha256:".length());
  }

  Path files() {
    return root.resolve("files");
  }

  Path file(String sha256) {
    return files().resolve(sha256.substring(0, 2)).resolve(sha256);
  }

  Path versions() {
    return root.resolve("versions");
  }

  Path version(String hex) {
    return versions().resolve(hex);
  }

  Path record(String hex) {
    return versions().resolve(hex + ".json");
  }

  Path versionLock(String hex) {
    return versions().resolve(hex + ".lock");
  }

  Path staging() {
    return root.resolve("staging");
  }

  Path partial() {
    return root.resolve("partial");
  }

  Path partial(SourceUri uri, Revision revision, RemoteFile file) {
    return partial()
        .resolve(
            slot(uri, revision) + "-" + hash(uri + "\n" + revision.revision() + "\n" + file.key()));
  }

  Path locks() {
    return root.resolve("locks");
  }

  /** The lock of whoever publishes or evicts; never held while something is transferred. */
  Path storeLock() {
    return locks().resolve("store");
  }

  /** The lock of whoever fetches a revision: one of 256, so that they need no cleaning up. */
  Path fetchLock(String slot) {
    return locks().resolve("fetch-" + slot);
  }

  String slot(SourceUri uri, Revision revision) {
    return hash(uri + "\n" + revision.revision()).substring(0, 2);
  }

  Path revision(SourceUri uri, Revision revision) {
    return revision(uri.toString(), revision.revision());
  }

  Path revision(String uri, String revision) {
    return root.resolve("revisions").resolve(hash(uri)).resolve(hash(revision) + ".json");
  }

  Path pointers() {
    return root.resolve("pointers");
  }

  Path pointer(SourceUri uri, Pointer pointer) {
    return pointers().resolve(hash(uri.toString())).resolve(hash(pointer.toString()) + ".json");
  }

  /** The lock, beside its document, that whoever follows a pointer holds, shared. */
  static Path pointerLock(Path pointer) {
    String name = String.valueOf(pointer.getFileName());
    return pointer.resolveSibling(name.substring(0, name.length() - ".json".length()) + ".lock");
  }

  Path quarantined(String hex) {
    return root.resolve("quarantine").resolve(hex + ".json");
  }

  Path refused(SourceUri uri, Revision revision) {
    return root.resolve("quarantine")
        .resolve("revision-" + hash(uri + "\n" + revision.revision()) + ".json");
  }

  private static String hash(String text) {
    return Digests.sha256Hex(text.getBytes(StandardCharsets.UTF_8));
  }
}
