package dev.skeg.monitor.data;

import dev.skeg.monitor.data.Projection.As;
import dev.skeg.monitor.data.Projection.Wanted;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;

/** Writes files, and reads them whole. */
final class TableFixture {
  private TableFixture() {}

  static Path write(Path directory, String name, String text) {
    Path file = directory.resolve(name);
    try (OutputStream out =
        name.endsWith(".gz")
            ? new GZIPOutputStream(Files.newOutputStream(file))
            : Files.newOutputStream(file)) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return file;
  }

  static Projection projection(String... columns) {
    List<Wanted> wanted = new ArrayList<>();
    for (String column : columns) {
      String[] parts = column.split(":", -1);
      wanted.add(
          parts.length > 2
              ? new Wanted(parts[0], As.valueOf(parts[1]), Integer.parseInt(parts[2]))
              : new Wanted(parts[0], As.valueOf(parts[1])));
    }
    return new Projection(wanted);
  }

  /**
   * Reads all rows, each as its values with blanks between: numbers, texts in brackets, times.
   *
   * @param columns as {@code age:NUMBER}, of lists {@code embedding:VECTOR:8}
   */
  static List<String> rows(TableFile file, String... columns) {
    Projection projection = projection(columns);
    List<String> rows = new ArrayList<>();
    try (Sweep sweep = file.sweep(projection, 0)) {
      RowReader reader = sweep.reader();
      while (reader.next()) {
        RowBatch batch = reader.batch();
        for (int row = 0; row < batch.rows(); row++) {
          List<String> values = new ArrayList<>();
          for (int i = 0; i < columns.length; i++) {
            values.add(
                switch (projection.columns().get(i).as()) {
                  case NUMBER -> String.valueOf(batch.numbers(i)[row]);
                  case CATEGORY -> "[" + batch.categoryText(i, row) + "]";
                  case VECTOR -> {
                    int length = projection.columns().get(i).length();
                    yield Arrays.toString(
                        Arrays.copyOfRange(batch.vectors(i), row * length, (row + 1) * length));
                  }
                  case DERIVED -> "?";
                  case TIME ->
                      batch.times(i)[row] == RowBatch.NO_TIME
                          ? "-"
                          : String.valueOf(batch.times(i)[row]);
                });
          }
          rows.add(String.join(" ", values));
        }
      }
    }
    return rows;
  }
}
