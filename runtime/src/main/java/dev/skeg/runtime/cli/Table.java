package dev.skeg.runtime.cli;

import java.io.PrintWriter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Prints rows as they come, in columns; the last column is as wide as it needs to be. */
final class Table {
  private static final int MAX_FIRST_COLUMN = 60;

  private final @Nullable PrintWriter out;
  private final List<String> headings;
  private final int firstColumn;

  /**
   * @param out where to; null prints nothing
   * @param firsts what the first column will hold, for its width
   */
  Table(@Nullable PrintWriter out, List<String> headings, List<String> firsts) {
    this.out = out;
    this.headings = List.copyOf(headings);
    int longest = firsts.stream().mapToInt(String::length).max().orElse(0);
    this.firstColumn = Math.min(MAX_FIRST_COLUMN, Math.max(longest, headings.getFirst().length()));
    print(headings);
  }

  void row(String... cells) {
    print(List.of(cells));
  }

  private void print(List<String> cells) {
    if (out == null) {
      return;
    }
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < cells.size(); i++) {
      String cell = cells.get(i);
      line.append(cell);
      if (i < cells.size() - 1) {
        int width = i == 0 ? firstColumn : Math.max(headings.get(i).length(), 11);
        line.repeat(' ', Math.max(0, width - cell.length()) + 2);
      }
    }
    out.println(line.toString().stripTrailing());
    out.flush();
  }
}
