package dev.skeg.monitor.data;

import dev.skeg.monitor.data.CsvReader.Action;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** A sweep over a CSV file. */
final class CsvSweep implements Sweep {
  private final CsvFile csv;
  private final Projection projection;
  private final int file;
  private final Texts texts;
  private final BadValues bad;
  private final RawChunks chunks;
  private final Action[] actions;
  private final int[] targets;

  CsvSweep(CsvFile csv, Projection projection, TableOptions options, int file) {
    this.csv = csv;
    this.projection = projection;
    this.file = file;
    this.texts = new Texts(options.missing());
    this.bad = new BadValues(csv.path(), projection, options.badValueIsMissing());
    this.actions = new Action[csv.columns().size()];
    this.targets = new int[actions.length];
    Arrays.fill(actions, Action.PASS);
    List<Projection.Wanted> wanted = projection.columns();
    for (int i = 0; i < wanted.size(); i++) {
      int field = csv.columns().indexOf(wanted.get(i).name());
      if (field < 0) {
        throw DataException.noColumn(csv.path(), wanted.get(i).name(), csv.columns());
      }
      targets[field] = i;
      actions[field] =
          switch (wanted.get(i).as()) {
            case NUMBER -> Action.NUMBER;
            case CATEGORY -> Action.CATEGORY;
            case TIME -> Action.TIME;
          };
    }
    this.chunks = new RawChunks(csv.path(), csv.firstRecord(), true);
  }

  Path path() {
    return csv.path();
  }

  int file() {
    return file;
  }

  CsvFormat format() {
    return csv.csvFormat();
  }

  Texts texts() {
    return texts;
  }

  BadValues bad() {
    return bad;
  }

  RawChunks chunks() {
    return chunks;
  }

  @Override
  public RowReader reader() {
    return new CsvReader(this, actions, targets, new RowBatch(projection, csv.path()));
  }

  @Override
  public long bytesRead() {
    return chunks.bytesRead();
  }

  @Override
  public void stop() {
    chunks.stop();
  }

  @Override
  public long badValues(int column) {
    return bad.count(column);
  }

  @Override
  public void close() {
    chunks.close();
  }
}
