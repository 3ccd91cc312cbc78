package dev.skeg.registry.store;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skeg.registry.Pointer;
import dev.skeg.registry.Revision;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.disk.FileLocks;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** What pointers last meant, one document each. <b>Threads.</b> Any; everything blocks. */
final class KnownPointers {
  private final StoreLayout layout;

  /**
   * The versions that pointers last meant, as {@code hex}.
   *
   * @param followed by a process that lives
   * @param left whose pointers no process follows
   */
  record Meant(Set<String> followed, Set<String> left) {}

  KnownPointers(StoreLayout layout) {
    this.layout = layout;
  }

  void write(SourceUri uri, Pointer pointer, Remembered remembered) throws IOException {
    ObjectNode json = json(remembered.revision());
    json.put("source", uri.toString()).put("pointer", pointer.toString());
    ArrayNode previous = json.putArray("previous");
    remembered.previous().forEach(revision -> previous.add(json(revision)));
    JsonFiles.write(layout.pointer(uri, pointer), json);
  }

  /** Returns what a pointer meant; empty if that is not known. */
  Optional<Remembered> read(SourceUri uri, Pointer pointer) throws IOException {
    Optional<JsonNode> json = JsonFiles.read(layout.pointer(uri, pointer));
    return json.filter(KnownPointers::isRevision).map(KnownPointers::remembered);
  }

  /** Follows a pointer until the lock is closed; the caller holds the store's lock. */
  FileLocks.Lock follow(SourceUri uri, Pointer pointer) throws IOException {
    Path document = layout.pointer(uri, pointer);
    Files.createDirectories(Objects.requireNonNull(document.getParent()));
    return FileLocks.shared(StoreLayout.pointerLock(document));
  }

  /**
   * Returns which versions the pointers of all sources last meant; the caller holds the store's
   * lock, so nobody begins to follow one meanwhile.
   */
  Meant versions() throws IOException {
    Set<String> followed = new HashSet<>();
    Set<String> left = new HashSet<>();
    try (DirectoryStream<Path> sources = Files.newDirectoryStream(layout.pointers())) {
      for (Path source : sources) {
        try (DirectoryStream<Path> pointers = Files.newDirectoryStream(source, "*.json")) {
          for (Path pointer : pointers) {
            Optional<String> version = version(pointer);
            if (version.isPresent()) {
              (isFollowed(pointer) ? followed : left).add(version.get());
            }
          }
        }
      }
    }
    return new Meant(followed, left);
  }

  private static boolean isFollowed(Path pointer) throws IOException {
    Optional<FileLocks.Lock> alone = FileLocks.tryExclusive(StoreLayout.pointerLock(pointer));
    alone.ifPresent(FileLocks.Lock::close);
    return alone.isEmpty();
  }

  private Optional<String> version(Path pointer) throws IOException {
    Optional<JsonNode> known = JsonFiles.read(pointer);
    if (known.isEmpty()) {
      return Optional.empty();
    }
    Path revision =
        layout.revision(known.get().path("source").asText(), known.get().path("revision").asText());
    return JsonFiles.read(revision)
        .map(mapping -> mapping.path("digest").asText())
        .filter(digest -> !digest.isEmpty())
        .map(StoreLayout::hex);
  }

  private static ObjectNode json(Revision revision) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("revision", revision.revision()).put("number", revision.number());
    json.put("etag", revision.etag());
    ObjectNode properties = json.putObject("properties");
    revision.properties().forEach(properties::put);
    return json;
  }

  private static boolean isRevision(JsonNode json) {
    return !json.path("revision").asText().isEmpty();
  }

  private static Remembered remembered(JsonNode json) {
    List<Revision> previous = new ArrayList<>();
    for (JsonNode each : json.path("previous")) {
      if (isRevision(each)) {
        previous.add(revision(each));
      }
    }
    return new Remembered(revision(json), previous);
  }

  private static Revision revision(JsonNode json) {
    Map<String, String> properties = new HashMap<>();
    for (Map.Entry<String, JsonNode> property : json.path("properties").properties()) {
      properties.put(property.getKey(), property.getValue().asText());
    }
    return new Revision(
        json.path("revision").asText(),
        json.path("number").asLong(),
        json.path("etag").asText(),
        properties);
  }
}
