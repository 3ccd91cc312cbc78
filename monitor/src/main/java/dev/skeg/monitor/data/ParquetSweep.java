package dev.skeg.monitor.data;

import dev.hardwood.InputFile;
import dev.hardwood.reader.ColumnReaders;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.schema.ColumnProjection;
import dev.hardwood.schema.ColumnSchema;
import dev.skeg.monitor.data.Projection.As;
import dev.skeg.monitor.data.Projection.Wanted;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A sweep over a Parquet file. Pages are decoded by the library's own threads; readers take the
 * values one after another.
 */
final class ParquetSweep implements Sweep {
  private final ParquetFile file;
  private final Projection projection;
  private final int number;
  private final BadValues bad;
  private final ParquetFileReader parquet;
  private final ColumnReaders readers;
  private final List<ParquetColumn> columns = new ArrayList<>();
  private final long rows;

  // Guarded by this.
  private long nextRow;
  private boolean stopped;

  ParquetSweep(ParquetFile file, Projection projection, TableOptions options, int number) {
    this.file = file;
    this.projection = projection;
    this.number = number;
    this.bad = new BadValues(file.path(), projection, options.badValueIsMissing());
    Texts texts = new Texts(options.missing());
    Map<Integer, String> paths = new LinkedHashMap<>(); // By the column in a batch.
    for (int i = 0; i < projection.columns().size(); i++) {
      Wanted wanted = projection.columns().get(i);
      if (wanted.as() == As.DERIVED) {
        continue;
      }
      @Nullable ColumnSchema column = file.column(wanted.name(), wanted.as());
      if (column == null) {
        throw DataException.noColumn(file.path(), wanted.name(), file.columns());
      }
      paths.put(i, ParquetFile.path(column));
    }
    try {
      parquet = ParquetFileReader.open(InputFile.of(file.path()));
      rows = parquet.getFileMetaData().numRows();
      readers =
          parquet
              .buildColumnReaders(ColumnProjection.columns(paths.values().toArray(String[]::new)))
              .batchSize(new RowBatch(projection, file.path()).capacity)
              .build();
    } catch (IOException | IllegalArgumentException | IllegalStateException e) {
      throw DataException.unreadable(file.path(), e);
    }
    paths.forEach((index, name) ->
        columns.add(
            new ParquetColumn(
                readers.getColumnReader(name),
                projection.columns().get(index),
                index,
                bad,
                texts)));
  }

  @Override
  public RowReader reader() {
    return new Reader(new RowBatch(projection, file.path()));
  }

  /** Owned by one thread. */
  private final class Reader implements RowReader {
    private final RowBatch batch;

    Reader(RowBatch batch) {
      this.batch = batch;
    }

    @Override
    public RowBatch batch() {
      return batch;
    }

    @Override
    public boolean next() {
      return take(batch);
    }
  }

  // What the library hands out is overwritten by its next batch, so it is copied before that.
  private synchronized boolean take(RowBatch batch) {
    batch.rows = 0;
    batch.skipped = 0;
    try {
      if (stopped || !readers.nextBatch()) {
        return false;
      }
      int count = readers.getRecordCount();
      for (int row = 0; row < count; row++) {
        batch.keys[row] = RowBatch.key(number, nextRow + row);
      }
      batch.rows = count;
      ParquetColumn.Text text = new ParquetColumn.Text(batch);
      for (ParquetColumn column : columns) {
        column.copy(batch, text, nextRow);
      }
      nextRow += count;
      return true;
    } catch (DataException e) {
      throw e;
    } catch (RuntimeException e) {
      throw DataException.unreadable(file.path(), e);
    }
  }

  /** Estimates by the rows, as columns lie apart. */
  @Override
  public synchronized long bytesRead() {
    return (long) ((double) nextRow / rows * file.sizeBytes());
  }

  @Override
  public synchronized void stop() {
    stopped = true;
  }

  @Override
  public long badValues(int column) {
    return bad.count(column);
  }

  @Override
  public synchronized void close() {
    readers.close();
    try {
      parquet.close();
    } catch (IOException e) {
      throw DataException.unreadable(file.path(), e);
    }
  }
}
