package dev.skeg.monitor.data;

import dev.hardwood.InputFile;
import dev.hardwood.metadata.LogicalType;
import dev.hardwood.metadata.PhysicalType;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.schema.ColumnSchema;
import dev.skeg.monitor.data.Projection.As;
import dev.skeg.monitor.data.Projection.Wanted;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A Parquet file: uncompressed, or by gzip, Snappy or Zstandard. A value within groups has a dotted
 * name; lists and maps are no features.
 */
public final class ParquetFile implements TableFile {
  private final Path path;
  private final TableOptions options;
  private final List<ColumnSchema> schema;

  private ParquetFile(Path path, TableOptions options, List<ColumnSchema> schema) {
    this.path = path;
    this.options = options;
    this.schema = List.copyOf(schema);
  }

  static ParquetFile open(Path path, TableOptions options) {
    try (ParquetFileReader reader = ParquetFileReader.open(InputFile.of(path))) {
      if (reader.getFileMetaData().numRows() == 0) {
        throw new DataException(path + " has no row");
      }
      return new ParquetFile(path, options, reader.getFileSchema().getColumns());
    } catch (IOException | IllegalArgumentException | IllegalStateException e) {
      throw DataException.unreadable(path, e);
    }
  }

  /** Returns a column's dotted name. */
  static String name(ColumnSchema column) {
    return String.join(".", column.fieldPath().elements());
  }

  @Nullable ColumnSchema column(String name) {
    for (ColumnSchema column : schema) {
      if (name(column).equals(name) && column.maxRepetitionLevel() == 0) {
        return column;
      }
    }
    return null;
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public String format() {
    return "parquet";
  }

  @Override
  public List<String> columns() {
    return schema.stream().map(ParquetFile::name).toList();
  }

  @Override
  public TableHead head(int rows) {
    Map<String, TableHead.Declared> declared = new HashMap<>();
    List<Wanted> texts = new ArrayList<>();
    for (ColumnSchema column : schema) {
      declared.put(name(column), declared(column));
      if (column.maxRepetitionLevel() == 0) {
        texts.add(new Wanted(name(column), As.CATEGORY));
      }
    }
    List<@Nullable String[]> head = new ArrayList<>();
    try (Sweep sweep = sweep(new Projection(texts), 0)) {
      RowReader reader = sweep.reader();
      while (head.size() < rows && reader.next()) {
        RowBatch batch = reader.batch();
        for (int row = 0; row < batch.rows() && head.size() < rows; row++) {
          @Nullable String[] line = new @Nullable String[schema.size()];
          for (int i = 0; i < texts.size(); i++) {
            String text = batch.categoryText(i, row);
            line[columns().indexOf(texts.get(i).name())] = text.isEmpty() ? null : text;
          }
          head.add(line);
        }
      }
    }
    return new TableHead(columns(), head, declared);
  }

  private static TableHead.Declared declared(ColumnSchema column) {
    if (column.maxRepetitionLevel() > 0) {
      return TableHead.Declared.NESTED;
    }
    return switch (column.logicalType()) {
      case LogicalType.TimestampType _, LogicalType.DateType _ -> TableHead.Declared.TIME;
      case LogicalType.DecimalType _, LogicalType.Float16Type _ -> TableHead.Declared.NUMBER;
      case null, default ->
          switch (column.type()) {
            case BOOLEAN -> TableHead.Declared.BOOLEAN;
            case INT32, INT64 -> TableHead.Declared.INTEGER;
            case FLOAT, DOUBLE -> TableHead.Declared.NUMBER;
            case INT96 -> TableHead.Declared.TIME;
            case BYTE_ARRAY, FIXED_LEN_BYTE_ARRAY -> TableHead.Declared.TEXT;
          };
    };
  }

  /** Returns whether a column's bytes are text. */
  static boolean isText(ColumnSchema column) {
    return column.type() == PhysicalType.BYTE_ARRAY
        && !(column.logicalType() instanceof LogicalType.DecimalType);
  }

  @Override
  public Sweep sweep(Projection projection, int file) {
    return new ParquetSweep(this, projection, options, file);
  }
}
