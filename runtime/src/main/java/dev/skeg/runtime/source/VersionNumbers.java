package dev.skeg.runtime.source;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skeg.registry.RegistryException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The numbers of one model's versions, by digest.
 *
 * <p>A version has the number that its registry gave it. Where the registry has none, as for a
 * commit or a bare image, it gets the number after the highest that this model has had on this
 * server, and keeps it: what a client learnt as version 7 stays version 7 when it comes back. The
 * numbers lie in one file; processes that share it give numbers out one by one.
 *
 * <p><b>Threads.</b> Owned by the watch's thread; reads and writes the disk.
 */
final class VersionNumbers {
  private static final String NUMBERS = "numbers";

  private final JsonFile file;
  private final Map<String, Long> numbers = new LinkedHashMap<>();

  private VersionNumbers(JsonFile file) {
    this.file = file;
    take(file.read());
  }

  /**
   * Reads the numbers.
   *
   * @param file need not exist
   * @throws RegistryException if it exists and cannot be read
   */
  static VersionNumbers open(Path file) {
    return new VersionNumbers(new JsonFile(file));
  }

  private void take(ObjectNode document) {
    for (Map.Entry<String, JsonNode> entry : document.path(NUMBERS).properties()) {
      if (entry.getValue().asLong() > 0) {
        numbers.put(entry.getKey(), entry.getValue().asLong());
      }
    }
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
    return file.change(document -> {
      take(document);
      long number = own > 0 ? own : numbers.getOrDefault(digest, highest() + 1);
      numbers.put(digest, number);
      ObjectNode all = document.putObject(NUMBERS);
      numbers.forEach(all::put);
      return number;
    });
  }

  /** Returns the number that a version without one of its own would get next. */
  long next() {
    take(file.read());
    return highest() + 1;
  }

  private long highest() {
    return numbers.values().stream().mapToLong(Long::longValue).max().orElse(0);
  }
}
