package dev.skeg.monitor.data;

import dev.skeg.monitor.data.CsvReader.Action;
import java.util.Arrays;
import java.util.List;

/** A sweep over a CSV file. */
final class CsvSweep extends TextSweep {
  final CsvFormat format;
  private final Action[] actions;
  private final int[] targets;

  private CsvSweep(
      CsvFile csv,
      Projection projection,
      TableOptions options,
      int number,
      Action[] actions,
      int[] targets) {
    super(
        csv.path(),
        projection,
        options,
        number,
        new RawChunks(csv.path(), csv.firstRecord(), true));
    this.format = csv.csvFormat();
    this.actions = actions;
    this.targets = targets;
  }

  static CsvSweep of(CsvFile csv, Projection projection, TableOptions options, int number) {
    Action[] actions = new Action[csv.columns().size()];
    int[] targets = new int[actions.length];
    Arrays.fill(actions, Action.PASS);
    List<Projection.Wanted> wanted = projection.columns();
    for (int i = 0; i < wanted.size(); i++) {
      if (wanted.get(i).as() == Projection.As.DERIVED) {
        continue;
      }
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
            case VECTOR, DERIVED ->
                throw new DataException(
                    csv.path()
                        + ": column "
                        + wanted.get(i).name()
                        + " (expected: lists, which CSV does not have)");
          };
    }
    return new CsvSweep(csv, projection, options, number, actions, targets);
  }

  @Override
  public RowReader reader() {
    return new CsvReader(this, actions, targets, new RowBatch(projection, path));
  }
}
