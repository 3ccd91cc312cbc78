package dev.skeg.registry.store;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skeg.registry.Artifact;
import dev.skeg.registry.ArtifactFile;
import dev.skeg.registry.PublishedLayout;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * What the store knows of a version it holds.
 *
 * @param source URI it first came from
 * @param revision at that source
 * @param number 1 or more; 0 if the source has none
 * @param files all that are kept, the signature too, ordered by path
 * @param fetched when it was complete
 */
public record VersionRecord(
    String source, String revision, long number, List<ArtifactFile> files, Instant fetched) {
  public VersionRecord {
    files = List.copyOf(files);
  }

  /** Returns the content and its digest. */
  public Artifact artifact() {
    return Artifact.ofFiles(files);
  }

  /** Returns the bytes of all files. */
  public long sizeBytes() {
    return files.stream().mapToLong(ArtifactFile::sizeBytes).sum();
  }

  boolean isSigned() {
    return files.stream().anyMatch(file -> file.path().equals(PublishedLayout.SIGNATURE));
  }

  ObjectNode toJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("source", source).put("revision", revision).put("number", number);
    json.put("fetched", fetched.toString());
    ArrayNode list = json.putArray("files");
    for (ArtifactFile file : files) {
      list.addObject()
          .put("path", file.path())
          .put("size", file.sizeBytes())
          .put("sha256", file.sha256());
    }
    return json;
  }

  static VersionRecord fromJson(JsonNode json) {
    List<ArtifactFile> files = new ArrayList<>();
    for (JsonNode file : json.path("files")) {
      files.add(
          new ArtifactFile(
              file.path("path").asText(),
              file.path("size").asLong(),
              file.path("sha256").asText()));
    }
    return new VersionRecord(
        json.path("source").asText(),
        json.path("revision").asText(),
        json.path("number").asLong(),
        files,
        Instant.parse(json.path("fetched").asText("1970-01-01T00:00:00Z")));
  }
}
