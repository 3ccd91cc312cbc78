package dev.skeg.runtime.source;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.disk.DurableFiles;
import dev.skeg.registry.disk.FileLocks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.function.Function;

/**
 * A small JSON document, replaced as a whole; processes that share it change it one by one.
 *
 * <p><b>Threads.</b> Any; reads and writes the disk.
 */
final class JsonFile {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final Path file;

  /**
   * @param file need not exist
   */
  JsonFile(Path file) {
    this.file = file.toAbsolutePath();
  }

  /**
   * Returns the document; an empty one if there is none.
   *
   * @throws RegistryException if it cannot be read, or is none
   */
  ObjectNode read() {
    try {
      if (JSON.readTree(Files.readAllBytes(file)) instanceof ObjectNode document) {
        return document;
      }
    } catch (NoSuchFileException e) {
      return JSON.createObjectNode();
    } catch (JacksonException e) {
      // Said below.
    } catch (IOException e) {
      throw failed(e);
    }
    throw new RegistryException(file + " is not what was written there (expected: JSON)");
  }

  /**
   * Changes the document, which is written if it is another afterwards.
   *
   * @param change of the document as it is now
   * @return what {@code change} returns
   * @throws RegistryException if it cannot be read or written
   */
  <T> T change(Function<ObjectNode, T> change) {
    try {
      Path directory = Files.createDirectories(file.getParent());
      try (FileLocks.Lock _ =
          FileLocks.exclusive(directory.resolve(file.getFileName() + ".lock"))) {
        ObjectNode document = read();
        JsonNode before = document.deepCopy();
        T result = change.apply(document);
        if (!document.equals(before)) {
          DurableFiles.replace(file, JSON.writeValueAsBytes(document));
        }
        return result;
      }
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private RegistryException failed(IOException e) {
    return new RegistryException(Kind.TRANSIENT, file + " failed: " + e, e);
  }
}
