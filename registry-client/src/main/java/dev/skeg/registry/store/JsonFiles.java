package dev.skeg.registry.store;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.skeg.registry.disk.DurableFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/** Small documents of the store, each replaced atomically. */
final class JsonFiles {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private JsonFiles() {}

  static void write(Path file, JsonNode document) throws IOException {
    DurableFiles.replace(file, (document + "\n").getBytes(StandardCharsets.UTF_8));
  }

  /** Returns a document; empty if there is none, or if it is none: then it is made anew. */
  static Optional<JsonNode> read(Path file) throws IOException {
    try {
      JsonNode document = JSON.readTree(Files.readAllBytes(file));
      return document.isObject() ? Optional.of(document) : Optional.empty();
    } catch (NoSuchFileException | JacksonException e) {
      return Optional.empty();
    }
  }
}
