package dev.skeg.monitor.data;

import dev.skeg.monitor.record.CategoryHash;
import java.util.List;
import java.util.Optional;

/**
 * How a file's text is to be understood. What a format does not have is ignored by it.
 *
 * @param delimiter between the fields of a CSV file, one ASCII character; without it, it is found
 *     from the file's beginning
 * @param hasHeader whether the first record of a CSV file has the columns' names; else they are
 *     {@code c0}, {@code c1}, …
 * @param missing what stands for a missing value, beside nothing at all
 * @param badValueIsMissing whether a value that is no number or time, in a column of those, is
 *     counted and read as missing; else it ends the reading
 */
public record TableOptions(
    Optional<Character> delimiter,
    boolean hasHeader,
    List<String> missing,
    boolean badValueIsMissing) {
  /** What stands for a missing value where nothing else is said; of categories, always. */
  public static final List<String> USUAL_MISSING = CategoryHash.MISSING_SPELLINGS;

  public TableOptions {
    delimiter.ifPresent(given -> {
      if (given >= 0x80 || given < '\t' || given == '"' || given == '\n' || given == '\r') {
        throw new IllegalArgumentException(
            "delimiter: " + given + " (expected: one ASCII character, as ; or a tab)");
      }
    });
    missing = List.copyOf(missing);
  }

  public static TableOptions standard() {
    return new TableOptions(Optional.empty(), true, USUAL_MISSING, false);
  }

  /** Returns the same, but that text that is no number is read as missing. */
  public TableOptions withBadValuesMissing() {
    return new TableOptions(delimiter, hasHeader, missing, true);
  }
}
