package dev.skeg.registry.store;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skeg.registry.Revision;
import dev.skeg.registry.SourceUri;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/**
 * What must not be used, and why: versions, and revisions that never became one. <b>Threads.</b>
 * Any; everything blocks.
 */
final class Quarantine {
  private final StoreLayout layout;

  Quarantine(StoreLayout layout) {
    this.layout = layout;
  }

  void add(String hex, String reason, Instant now) throws IOException {
    write(layout.quarantined(hex), reason, now);
  }

  void add(SourceUri uri, Revision revision, String reason, Instant now) throws IOException {
    write(layout.refused(uri, revision), reason, now);
  }

  private static void write(Path file, String reason, Instant now) throws IOException {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    JsonFiles.write(file, json.put("reason", reason).put("since", now.toString()));
  }

  /** Returns why a version must not be used; empty if it may be. */
  Optional<String> reason(String hex) throws IOException {
    return read(layout.quarantined(hex));
  }

  /** Returns why a revision must not be used; empty if it may be. */
  Optional<String> reason(SourceUri uri, Revision revision) throws IOException {
    return read(layout.refused(uri, revision));
  }

  private static Optional<String> read(Path file) throws IOException {
    return JsonFiles.read(file).map(json -> json.path("reason").asText());
  }

  void remove(String hex) throws IOException {
    Files.deleteIfExists(layout.quarantined(hex));
  }

  void remove(SourceUri uri, Revision revision) throws IOException {
    Files.deleteIfExists(layout.refused(uri, revision));
  }
}
