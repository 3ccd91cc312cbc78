package dev.skeg.runtime.source;

import com.fasterxml.jackson.core.JsonProcessingException;
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
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The numbers of one model's versions, by digest.
 *
 * <p>A version has the number that its registry gave it. Where the registry has none, as for a
 * commit or a bare image, it gets the number after the highest that this model has had on this
 * server, and keeps it: what a client learnt as version 7 stays version 7 when it comes back. The
 * numbers lie in one file, replaced as a whole; processes that share it give numbers out one by
 * one.
 *
 * <p><b>Threads.</b> Owned by the watch's thread; reads and writes the disk.
 */
final class VersionNumbers {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final Path file;
  private final Map<String, Long> numbers;

  private VersionNumbers(Path file, Map<String, Long> numbers) {
    this.file = file;
    this.numbers = numbers;
  }

  /**
   * Reads the numbers.
   *
   * @param file need not exist
   * @throws RegistryException if it exists and cannot be read
   */
  static VersionNumbers open(Path file) {
    return new VersionNumbers(file, read(file));
  }

  private static Map<String, Long> read(Path file) {
    Map<String, Long> numbers = new LinkedHashMap<>();
    try {
      JsonNode root = JSON.readTree(Files.readAllBytes(file));
      for (Map.Entry<String, JsonNode> entry : root.path("numbers").properties()) {
        if (entry.getValue().asLong() > 0) {
          numbers.put(entry.getKey(), entry.getValue().asLong());
        }
      }
    } catch (NoSuchFileException e) {
      return numbers;
    } catch (JsonProcessingException e) {
      throw new RegistryException(file + " is not what was written there (expected: JSON)");
    } catch (IOException e) {
      throw failed(file, e);
    }
    return numbers;
  }

  /**
   * Returns a version's number, and remembers it.
   *
   * @param own the registry's number; 0 if it has none
   * @throws RegistryException if it cannot be written down
   */
  long of(String digest, long own) {
    Long known = numbers.get(digest);
    if (known != null && (own <= 0 || own == known)) {
      return known;
    }
    try {
      Path directory = Files.createDirectories(file.toAbsolutePath().getParent());
      try (FileLocks.Lock _ =
          FileLocks.exclusive(directory.resolve(file.getFileName() + ".lock"))) {
        numbers.putAll(read(file));
        long number = own > 0 ? own : numbers.getOrDefault(digest, highest() + 1);
        numbers.put(digest, number);
        write();
        return number;
      }
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  /** Returns the number that a version without one of its own would get next. */
  long next() {
    numbers.putAll(read(file));
    return highest() + 1;
  }

  private long highest() {
    return numbers.values().stream().mapToLong(Long::longValue).max().orElse(0);
  }

  private void write() throws IOException {
    ObjectNode root = JSON.createObjectNode();
    ObjectNode all = root.putObject("numbers");
    numbers.forEach(all::put);
    DurableFiles.replace(file, JSON.writeValueAsBytes(root));
  }

  private static RegistryException failed(Path file, IOException e) {
    return new RegistryException(Kind.TRANSIENT, file + " failed: " + e, e);
  }
}
