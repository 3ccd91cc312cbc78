package dev.skeg.benchmarks;

import dev.skeg.runtime.backend.BackendModel;
import dev.skeg.runtime.backend.BatchSlot;
import dev.skeg.runtime.backend.LoadOptions;
import dev.skeg.runtime.backend.RunControl;
import dev.skeg.runtime.backend.SlotShape;
import dev.skeg.runtime.backend.onnx.OnnxRuntimeBackend;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.TensorSpec;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * How fast is the engine when nothing else is done? Threads run one model on memory of their own,
 * again and again, and nothing is copied: {@code RawOrtLoop MODEL.onnx THREADS ROWS,ROWS… MILLIS}.
 * Prints a line for each number of rows: rows a second, and the median of one run.
 */
final class RawOrtLoop {
  private static final int KEPT = 1 << 20;

  private RawOrtLoop() {}

  public static void main(String[] arguments) throws Exception {
    if (arguments.length != 4) {
      System.err.println("usage: RawOrtLoop MODEL.onnx THREADS ROWS,ROWS… MILLIS");
      System.exit(2);
    }
    int threads = Integer.parseInt(arguments[1]);
    long millis = Long.parseLong(arguments[3]);
    Path unpacked = Path.of(System.getProperty("java.io.tmpdir"), "skeg-native");
    try (OnnxRuntimeBackend backend = new OnnxRuntimeBackend(unpacked);
        BackendModel model = backend.load(new LoadOptions(Path.of(arguments[0]), 1))) {
      for (String rows : arguments[2].split(",", -1)) {
        measure(model, threads, Integer.parseInt(rows), millis);
      }
    }
  }

  private static void measure(BackendModel model, int threads, int rows, long millis)
      throws Exception {
    double[] rates = new double[threads];
    long[][] times = new long[threads][];
    CyclicBarrier start = new CyclicBarrier(threads);
    Thread[] all = new Thread[threads];
    for (int i = 0; i < threads; i++) {
      int index = i;
      all[i] =
          Thread.ofPlatform()
              .start(() -> {
                try (BatchSlot slot = model.openSlot(shape(model, rows));
                    RunControl control = model.openControl()) {
                  slot.run(rows, control);
                  start.await();
                  times[index] = loop(slot, control, rows, millis);
                  rates[index] =
                      rows * times[index].length * 1e9 / Arrays.stream(times[index]).sum();
                } catch (Exception e) {
                  throw new IllegalStateException(e);
                }
              });
    }
    for (Thread thread : all) {
      thread.join();
    }
    // By the time that the runs took: the last one ends after the time given.
    System.out.printf(
        "rows=%d rows/s=%.1f median=%.1fus%n",
        rows, Arrays.stream(rates).sum(), times[0][times[0].length / 2] / 1e3);
  }

  /** Returns the nanoseconds of each run, sorted. */
  private static long[] loop(BatchSlot slot, RunControl control, int rows, long millis) {
    long[] times = new long[KEPT];
    int count = 0;
    long began = System.nanoTime();
    long end = began + TimeUnit.MILLISECONDS.toNanos(millis);
    for (long now = began; now < end && count < KEPT; ) {
      slot.run(rows, control);
      long after = System.nanoTime();
      times[count++] = after - now;
      now = after;
    }
    long[] sorted = Arrays.copyOf(times, count);
    Arrays.sort(sorted);
    return sorted;
  }

  private static SlotShape shape(BackendModel model, int rows) {
    List<TensorSpec> inputs = model.signature().inputs();
    List<TensorSpec> outputs = model.signature().outputs();
    return new SlotShape(
        rows,
        IntStream.range(0, inputs.size()).boxed().toList(),
        inputs.stream().map(RawOrtLoop::row).toList(),
        IntStream.range(0, outputs.size()).boxed().toList(),
        outputs.stream().map(RawOrtLoop::row).toList());
  }

  /** The shape of one row; dimensions left open are 16. */
  private static Shape row(TensorSpec spec) {
    long[] dims = spec.shape().toArray();
    return Shape.of(
        Arrays.stream(dims, 1, dims.length).map(dim -> dim == Shape.VARIABLE ? 16 : dim).toArray());
  }
}
