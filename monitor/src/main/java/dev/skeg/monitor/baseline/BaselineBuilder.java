package dev.skeg.monitor.baseline;

import dev.skeg.monitor.data.CsvFile;
import dev.skeg.monitor.data.DataException;
import dev.skeg.monitor.data.JsonLinesFile;
import dev.skeg.monitor.data.Projection;
import dev.skeg.monitor.data.Projection.As;
import dev.skeg.monitor.data.Projection.Wanted;
import dev.skeg.monitor.data.RowBatch;
import dev.skeg.monitor.data.TableFile;
import dev.skeg.monitor.data.TableHead;
import dev.skeg.monitor.profile.NumericBins;
import dev.skeg.monitor.profile.Reservoir;
import dev.skeg.monitor.profile.Window;
import dev.skeg.monitor.record.FeatureSpec;
import dev.skeg.monitor.record.FeatureSpec.Role;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;

/**
 * Builds a baseline from files larger than memory.
 *
 * <p>They are read twice. The first pass samples rows, from which the edges of numeric bins are
 * chosen; counts all categories; and finds which blocks of time there are. The second counts every
 * value exactly. Memory depends on the columns and is bounded: below 512 MiB up to a thousand.
 *
 * <p>The result is the same whatever the number of threads.
 *
 * <p><b>Threads.</b> The caller's waits; those that it starts end before it returns.
 */
public final class BaselineBuilder {
  /** Rows that tell what columns hold. */
  private static final int HEAD_ROWS = 10_000;

  private static final int FEWEST_HEAD_ROWS = 100;

  /** Values of them: some 64 MiB of texts. */
  private static final int HEAD_VALUES = 1 << 20;

  private static final int MOST_COLUMNS = 4096;

  /** Counts of blocks, in all columns: 128 MiB of them. */
  private static final long MOST_BLOCK_COUNTS = 1 << 25;

  private static final int MOST_BLOCKS = 4096;
  private static final int MOST_BINS = NumericBins.FIRST_ATOM + 128 + NumericBins.MAX_INTERVALS;

  private final BaselineOptions options;
  private final BuildProgress progress;
  private final List<TableFile> files = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();

  private BaselineBuilder(BaselineOptions options, BuildProgress progress) {
    this.options = options;
    this.progress = progress;
  }

  /**
   * Builds one.
   *
   * @param data files of any formats with the same columns, 1 or more
   * @throws DataException if they cannot be read or are not what the options say
   */
  public static BuiltBaseline build(
      List<Path> data, BaselineOptions options, BuildProgress progress) {
    return new BaselineBuilder(options, progress).build(data);
  }

  private BuiltBaseline build(List<Path> data) {
    for (Path path : data) {
      files.add(TableFile.open(path, options.table()));
    }
    SchemaInference.Inferred inferred = SchemaInference.infer(head(), options);
    Schema schema = inferred.schema();
    schema
        .leftOut()
        .forEach(column -> notes.add("column " + column.name() + " is " + column.use()));
    inferred.ofTime().ifPresent(notes::add);
    noteSingleColumns();
    noteAbsentColumns(schema);
    if (schema.features().size() > MOST_COLUMNS) {
      throw new DataException(
          schema.features().size() + " features (expected: at most " + MOST_COLUMNS + ")");
    }
    return passes(schema);
  }

  /** Returns the first rows of the first file that has any. */
  private TableHead head() {
    for (TableFile file : files) {
      int columns = Math.max(1, file.columns().size());
      TableHead head = file.head(Math.clamp(HEAD_VALUES / columns, FEWEST_HEAD_ROWS, HEAD_ROWS));
      if (!head.rows().isEmpty()) {
        return head;
      }
    }
    throw DataException.withoutRows(files.getFirst().path());
  }

  /** Says what looks as if its fields were not told apart. */
  private void noteSingleColumns() {
    for (TableFile file : files) {
      if (file instanceof CsvFile
          && file.columns().size() == 1
          && file.columns().getFirst().contains(" ")) {
        notes.add(
            file.path()
                + " has one column, "
                + file.columns().getFirst()
                + " (for more: --delimiter CHAR)");
      }
    }
  }

  /** Says which columns JSON lines do not begin with: there they count as missing. */
  private void noteAbsentColumns(Schema schema) {
    for (TableFile file : files) {
      Set<String> there = new HashSet<>(file.columns());
      for (Wanted wanted : projection(schema).columns()) {
        if (file instanceof JsonLinesFile
            && wanted.as() != As.DERIVED
            && !there.contains(wanted.name())) {
          notes.add(
              file.path()
                  + " has no column "
                  + wanted.name()
                  + " in its first lines; it counts as missing where it is not there");
        }
      }
    }
  }

  private BuiltBaseline passes(Schema schema) {
    First first = new First(schema);
    TableSweeps sweeps = new TableSweeps(files, projection(schema), options.threads(), progress);
    long rows = sweeps.run(1, first);
    if (rows == 0) {
      throw DataException.withoutRows(files.getFirst().path());
    }
    first.sample.finish();
    first.embeddings.findCentroids(first.sample);
    first.sample.releaseVectors();
    Set<String> overflown = overflown(schema, first);
    if (!overflown.isEmpty()) {
      return passes(without(schema, overflown, first.budget.limit()));
    }
    Second second = new Second(schema, first);
    TableSweeps again = new TableSweeps(files, projection(schema), options.threads(), progress);
    long counted = again.run(2, second);
    if (counted != rows) {
      throw new DataException("the data changed while they were read");
    }
    noteBadValues(schema, again);
    return new BuiltBaseline(second.finish(rows), schema, notes);
  }

  private void noteBadValues(Schema schema, TableSweeps sweeps) {
    List<Wanted> columns = projection(schema).columns();
    for (int i = 0; i < columns.size(); i++) {
      if (sweeps.badValues(i) > 0) {
        notes.add(
            "column "
                + columns.get(i).name()
                + " has "
                + sweeps.badValues(i)
                + " values that cannot be read and count as missing");
      }
    }
  }

  private static Set<String> overflown(Schema schema, First first) {
    Set<String> names = new HashSet<>();
    for (int i = 0; i < first.categories.length; i++) {
      if (first.budget.isOver(i)) {
        names.add(schema.features().get(i).name());
      }
    }
    return names;
  }

  /** Leaves columns out that turned out to have a category in almost every row. */
  private Schema without(Schema schema, Set<String> names, int limit) {
    for (String name : names) {
      String why = "column " + name + " has more than " + limit + " categories";
      if (options.categorical().contains(name)
          || options.features().contains(name)
          || options.outputs().contains(name)) {
        throw new DataException(why + " (expected: fewer; leave it out)");
      }
      notes.add(why + " and is left out");
    }
    List<Schema.Column> columns = new ArrayList<>();
    for (Schema.Column column : schema.columns()) {
      columns.add(
          names.contains(column.name())
              ? new Schema.Column(
                  column.name(), column.type(), "left out: too many categories", false)
              : column);
    }
    List<FeatureSpec> features =
        schema.features().stream().filter(spec -> !names.contains(spec.name())).toList();
    if (features.isEmpty()) {
      throw new DataException("no column could be a feature (expected: numbers or names)");
    }
    return new Schema(columns, features, schema.embeddings(), schema.timestamp());
  }

  /** Asks for the features' columns in their order, then for lists, then for the time. */
  private static Projection projection(Schema schema) {
    List<Wanted> wanted = new ArrayList<>();
    for (FeatureSpec spec : schema.features()) {
      As number = schema.isDerived(spec) ? As.DERIVED : As.NUMBER;
      wanted.add(new Wanted(spec.name(), spec.isNumeric() ? number : As.CATEGORY));
    }
    schema.embeddings().forEach(it -> wanted.add(new Wanted(it.name(), As.VECTOR, it.length())));
    schema.timestamp().ifPresent(name -> wanted.add(new Wanted(name, As.TIME)));
    return new Projection(wanted);
  }

  /** What the first pass collects. */
  private final class First implements IntFunction<TableSweeps.Worker> {
    final boolean[] isCategory;
    final int timeColumn;
    final Embeddings embeddings;
    final SampledRows sample;
    final CategoryCounts[] categories;
    final CategoryBudget budget;
    final BlockCensus census = new BlockCensus(options.window().toMillis());

    First(Schema schema) {
      int count = schema.features().size();
      isCategory = new boolean[count];
      categories = new CategoryCounts[count];
      budget = new CategoryBudget(count);
      for (int i = 0; i < count; i++) {
        isCategory[i] = !schema.features().get(i).isNumeric();
        categories[i] = new CategoryCounts(i, budget);
      }
      timeColumn = schema.timestamp().isPresent() ? count + schema.embeddings().size() : -1;
      embeddings = new Embeddings(schema);
      sample = new SampledRows(count, embeddings.lengths());
    }

    @Override
    public TableSweeps.Worker apply(int thread) {
      return new TableSweeps.Worker() {
        private final Embeddings.Scratch lists = new Embeddings.Scratch();

        @Override
        public void prepare(RowBatch batch) {
          batch.select(sample.limit());
        }

        @Override
        public void take(RowBatch batch) {
          embeddings.summarise(batch, lists);
          for (int i = 0; i < isCategory.length; i++) {
            if (isCategory[i]) {
              categories[i].add(batch);
            }
          }
          if (timeColumn >= 0) {
            census.add(batch.times(timeColumn), batch.rows());
          }
          sample.add(batch, isCategory);
        }
      };
    }
  }

  /** What the second pass counts. */
  private final class Second implements IntFunction<TableSweeps.Worker> {
    private final First first;
    private final Tally[] tallies;
    private final Blocks blocks;
    private final boolean hasTimes;
    private final boolean hasHours;

    Second(Schema schema, First first) {
      this.first = first;
      this.hasTimes = first.timeColumn >= 0 && first.census.hasTimes();
      this.hasHours = hasTimes && !first.census.areDates();
      int count = schema.features().size();
      int most = (int) Math.min(MOST_BLOCKS, MOST_BLOCK_COUNTS / ((long) count * MOST_BINS));
      this.blocks =
          hasTimes
              ? first.census.choose(most)
              : new Blocks(options.window().toMillis(), new long[0]);
      this.tallies = new Tally[count];
      for (int i = 0; i < count; i++) {
        FeatureSpec spec = schema.features().get(i);
        if (spec.isNumeric()) {
          long[] bits = first.sample.column(i);
          double[] values = Arrays.stream(bits).mapToDouble(Double::longBitsToDouble).toArray();
          BinPlan plan = BinPlan.of(values, first.sample.rows());
          tallies[i] = new NumericTally(spec, i, plan, hasHours, blocks.count());
        } else {
          tallies[i] =
              new CategoryTally(
                  spec, i, first.categories[i].descending(), hasHours, blocks.count());
          first.categories[i].release();
        }
      }
    }

    @Override
    public TableSweeps.Worker apply(int thread) {
      // Each thread begins at another column, so that they seldom meet.
      int start = thread * tallies.length / options.threads();
      return new TableSweeps.Worker() {
        private final Embeddings.Scratch lists = new Embeddings.Scratch();
        private Tally.Scratch scratch = new Tally.Scratch(0);

        @Override
        public void prepare(RowBatch batch) {}

        @Override
        public void take(RowBatch batch) {
          if (scratch.bins.length < batch.keys().length) {
            scratch = new Tally.Scratch(batch.keys().length);
          }
          first.embeddings.summarise(batch, lists);
          if (hasTimes) {
            long[] times = batch.times(first.timeColumn);
            blocks.find(times, batch.rows(), scratch.blocks);
            for (int row = 0; row < batch.rows(); row++) {
              scratch.hours[row] =
                  times[row] == RowBatch.NO_TIME ? -1 : Seasons.hourOfWeek(times[row]);
            }
          }
          for (int i = 0; i < tallies.length; i++) {
            tallies[(start + i) % tallies.length].add(batch, scratch);
          }
        }
      };
    }

    Baseline finish(long rows) {
      int[] order = first.sample.ascending(Reservoir.CAPACITY);
      List<FeatureBaseline> features = new ArrayList<>();
      List<FeatureBaseline> outputs = new ArrayList<>();
      for (int i = 0; i < tallies.length; i++) {
        FeatureBaseline feature =
            tallies[i].finish(first.sample, reservoir(i, rows, order), blocks);
        if (!first.embeddings.lacksCentroid(feature.spec())) {
          (feature.spec().role() == Role.INPUT ? features : outputs).add(feature);
        }
      }
      features.addAll(outputs);
      if (hasTimes && first.census.withoutTime() > 0) {
        notes.add(first.census.withoutTime() + " rows have no time and are in no season or block");
      }
      if (hasTimes && !hasHours) {
        notes.add("all times are midnight: they are dates, and tell nothing by the hour");
      }
      Optional<Window> span =
          hasTimes
              ? Optional.of(new Window(first.census.firstMillis(), first.census.lastMillis() + 1))
              : Optional.empty();
      return new Baseline(
          rows, span, options.window().toMillis(), features, first.embeddings.centroids());
    }

    private Reservoir reservoir(int column, long rows, int[] order) {
      long[] keys = first.sample.keys();
      long[] bits = first.sample.column(column);
      long[] priorities = new long[order.length];
      double[] values = new double[order.length];
      for (int i = 0; i < order.length; i++) {
        priorities[i] = keys[order[i]];
        values[i] = Double.longBitsToDouble(bits[order[i]]);
      }
      return new Reservoir(rows, priorities, values);
    }
  }
}
