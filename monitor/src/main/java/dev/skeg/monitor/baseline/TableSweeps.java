package dev.skeg.monitor.baseline;

import dev.skeg.monitor.data.DataException;
import dev.skeg.monitor.data.Projection;
import dev.skeg.monitor.data.RowBatch;
import dev.skeg.monitor.data.RowReader;
import dev.skeg.monitor.data.Sweep;
import dev.skeg.monitor.data.TableFile;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;

/** Reads all rows of some files, one file after the other, by several threads. */
final class TableSweeps {
  /** What a thread does with batches. */
  interface Worker {
    /** Says what the next batch is to have. */
    void prepare(RowBatch batch);

    void take(RowBatch batch);
  }

  private final List<TableFile> files;
  private final Projection projection;
  private final int threads;
  private final BuildProgress progress;
  private final long totalBytes;
  private final long[] badValues;

  TableSweeps(List<TableFile> files, Projection projection, int threads, BuildProgress progress) {
    this.files = files;
    this.projection = projection;
    this.threads = threads;
    this.progress = progress;
    this.totalBytes = files.stream().mapToLong(TableFile::sizeBytes).sum();
    this.badValues = new long[projection.columns().size()];
  }

  /**
   * Reads them.
   *
   * @param pass told to the progress
   * @param workers makes one for each thread, by its index
   * @return how many rows there were
   * @throws DataException the first there is in the first file that has any
   */
  long run(int pass, IntFunction<Worker> workers) {
    AtomicLong rows = new AtomicLong();
    long before = 0;
    for (int number = 0; number < files.size(); number++) {
      TableFile file = files.get(number);
      try (Sweep sweep = file.sweep(projection, number)) {
        run(sweep, workers, rows, pass, before);
        for (int column = 0; column < badValues.length; column++) {
          badValues[column] += sweep.badValues(column);
        }
      }
      before += file.sizeBytes();
    }
    progress.moved(pass, rows.get(), totalBytes, totalBytes);
    return rows.get();
  }

  private void run(
      Sweep sweep, IntFunction<Worker> workers, AtomicLong rows, int pass, long before) {
    ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
    List<Thread> running = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      Worker worker = workers.apply(i);
      Runnable task =
          () -> {
            try {
              read(sweep, worker, rows, pass, before);
            } catch (Throwable e) { // Whatever it is, the others must not go on.
              failures.add(e);
              sweep.stop();
            }
          };
      running.add(Thread.ofPlatform().name("baseline-" + i).daemon().start(task));
    }
    try {
      for (Thread thread : running) {
        thread.join();
      }
    } catch (InterruptedException e) {
      sweep.stop();
      Thread.currentThread().interrupt();
      throw new DataException("interrupted while reading");
    }
    fail(failures);
  }

  private void read(Sweep sweep, Worker worker, AtomicLong rows, int pass, long before) {
    RowReader reader = sweep.reader();
    RowBatch batch = reader.batch();
    worker.prepare(batch);
    while (reader.next()) {
      worker.take(batch);
      long now = rows.addAndGet(batch.rows() + batch.skipped());
      progress.moved(pass, now, before + sweep.bytesRead(), totalBytes);
      worker.prepare(batch);
    }
  }

  /** Throws the failure that is the earliest in the file: later ones may follow from it. */
  private static void fail(ConcurrentLinkedQueue<Throwable> failures) {
    List<DataException> ofData = new ArrayList<>();
    for (Throwable failure : failures) {
      switch (failure) {
        case DataException e -> ofData.add(e);
        case RuntimeException e -> throw e;
        case Error e -> throw e;
        default -> throw new IllegalStateException(failure);
      }
    }
    if (!ofData.isEmpty()) {
      ofData.sort(Comparator.comparingLong(DataException::offset));
      throw ofData.getFirst();
    }
  }

  /** Returns how many values of a column could not be read in all runs so far. */
  long badValues(int column) {
    return badValues[column];
  }
}
