package dev.skeg.monitor.data;

import dev.hardwood.InputFile;
import dev.hardwood.metadata.LogicalType;
import dev.hardwood.metadata.PhysicalType;
import dev.hardwood.reader.ColumnReaders;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.schema.ColumnProjection;
import dev.hardwood.schema.ColumnSchema;
import dev.skeg.monitor.data.Projection.As;
import dev.skeg.monitor.data.Projection.Wanted;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A Parquet file: uncompressed, or by gzip, Snappy or Zstandard. A value within groups has a dotted
 * name, a list the name of its column. Lists are features only if they are of numbers and equally
 * long; maps are none.
 */
public final class ParquetFile implements TableFile {
  private static final int LIST_HEAD_ROWS = 1_000;
  private static final int LIST_BATCH_ROWS = 64;
  private static final byte[] MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);

  private final Path path;
  private final TableOptions options;
  private final List<ColumnSchema> schema;

  private ParquetFile(Path path, TableOptions options, List<ColumnSchema> schema) {
    this.path = path;
    this.options = options;
    this.schema = List.copyOf(schema);
  }

  static ParquetFile open(Path path, TableOptions options) {
    if (!endsWithMagic(path)) {
      throw new DataException(
          path + " begins as Parquet and does not end so (expected: the whole file)");
    }
    try (ParquetFileReader reader = ParquetFileReader.open(InputFile.of(path))) {
      if (reader.getFileMetaData().numRows() == 0) {
        throw DataException.withoutRows(path);
      }
      return new ParquetFile(path, options, reader.getFileSchema().getColumns());
    } catch (IOException | IllegalArgumentException | IllegalStateException e) {
      throw DataException.unreadable(path, e);
    }
  }

  private static boolean endsWithMagic(Path path) {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
      byte[] end = new byte[MAGIC.length];
      file.seek(Math.max(0, file.length() - end.length));
      file.readFully(end);
      return Arrays.equals(end, MAGIC);
    } catch (IOException e) {
      throw DataException.unreadable(path, e);
    }
  }

  /** Returns a column's dotted name. */
  static String name(ColumnSchema column) {
    List<String> path = column.fieldPath().elements();
    return isList(column) ? path.getFirst() : String.join(".", path);
  }

  /** Returns whether a column is a list that is in no group, as {@code embedding.list.element}. */
  private static boolean isList(ColumnSchema column) {
    List<String> path = column.fieldPath().elements();
    return column.maxRepetitionLevel() == 1
        && path.size() == 3
        && (path.get(1).equals("list") || path.get(1).equals("bag"));
  }

  private static boolean isListOfNumbers(ColumnSchema column) {
    return isList(column)
        && switch (column.type()) {
          case INT32, INT64, FLOAT, DOUBLE ->
              !(column.logicalType() instanceof LogicalType.DateType
                  || column.logicalType() instanceof LogicalType.TimestampType);
          case BOOLEAN, INT96, BYTE_ARRAY, FIXED_LEN_BYTE_ARRAY -> false;
        };
  }

  @Nullable ColumnSchema column(String name, As as) {
    for (ColumnSchema column : schema) {
      boolean fits = as == As.VECTOR ? isListOfNumbers(column) : column.maxRepetitionLevel() == 0;
      if (fits && name(column).equals(name)) {
        return column;
      }
    }
    return null;
  }

  /** Returns how many numbers the lists of each column have, where they are all equally long. */
  private Map<String, Integer> lists(int rows) {
    List<ColumnSchema> columns = schema.stream().filter(ParquetFile::isListOfNumbers).toList();
    Map<String, Integer> lengths = new HashMap<>();
    if (columns.isEmpty()) {
      return lengths;
    }
    String[] paths = columns.stream().map(ParquetFile::path).toArray(String[]::new);
    try (ParquetFileReader reader = ParquetFileReader.open(InputFile.of(path));
        ColumnReaders readers =
            reader
                .buildColumnReaders(ColumnProjection.columns(paths))
                .batchSize(LIST_BATCH_ROWS)
                .build()) {
      for (int read = 0;
          read < Math.min(rows, LIST_HEAD_ROWS) && readers.nextBatch();
          read += readers.getRecordCount()) {
        for (int i = 0; i < paths.length; i++) {
          int[] offsets = ParquetColumn.listOffsets(readers.getColumnReader(paths[i]));
          for (int row = 0; row < readers.getRecordCount(); row++) {
            int length = offsets[row + 1] - offsets[row];
            if (length > 0) {
              lengths.merge(
                  name(columns.get(i)), length, (one, other) -> one.equals(other) ? one : -1);
            }
          }
        }
      }
    } catch (IOException | IllegalArgumentException | IllegalStateException e) {
      throw DataException.unreadable(path, e);
    }
    lengths.values().removeIf(length -> length < 1);
    return lengths;
  }

  /** Returns a column's name down to its values. */
  static String path(ColumnSchema column) {
    return String.join(".", column.fieldPath().elements());
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
    int[] columns = new int[schema.size()]; // Of each text.
    for (int i = 0; i < schema.size(); i++) {
      ColumnSchema column = schema.get(i);
      declared.put(name(column), declared(column));
      if (column.maxRepetitionLevel() == 0) {
        columns[texts.size()] = i;
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
            line[columns[i]] = text.isEmpty() ? null : text;
          }
          head.add(line);
        }
      }
    }
    return new TableHead(columns(), head, declared, lists(rows));
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
