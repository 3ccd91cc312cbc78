package dev.skeg.monitor.baseline;

import java.util.List;

/**
 * A baseline, and how it came about.
 *
 * @param schema what became of the columns
 * @param notes what a user should know: columns that were left out, values that could not be read
 */
public record BuiltBaseline(Baseline baseline, Schema schema, List<String> notes) {
  public BuiltBaseline {
    notes = List.copyOf(notes);
  }
}
