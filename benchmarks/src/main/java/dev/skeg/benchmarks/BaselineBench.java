package dev.skeg.benchmarks;

import dev.skeg.monitor.baseline.BaselineBuilder;
import dev.skeg.monitor.baseline.BaselineOptions;
import dev.skeg.monitor.baseline.BuiltBaseline;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * How fast is a baseline built from a CSV file, and in how much memory?
 *
 * <p>{@code BaselineBench generate FILE ROWS COLUMNS} writes a file of numbers with six significant
 * digits; with {@code --times} a column of times more. {@code BaselineBench run FILE ROUNDS} builds
 * its baseline again and again, and prints rows a second, both passes counted, and the peak of the
 * heap.
 */
final class BaselineBench {
  private static final long SEED = 20_261_126;
  private static final int DIGITS = 6;
  private static final long FIRST_MILLIS = 1_767_225_600_000L; // 2026-01-01
  private static final long SPAN_SECONDS = 90L * 86_400;

  private BaselineBench() {}

  public static void main(String[] arguments) throws IOException {
    if (arguments.length >= 4 && arguments[0].equals("generate")) {
      boolean hasTimes = arguments.length > 4 && arguments[4].equals("--times");
      generate(
          Path.of(arguments[1]),
          Long.parseLong(arguments[2]),
          Integer.parseInt(arguments[3]),
          hasTimes);
    } else if (arguments.length == 3 && arguments[0].equals("run")) {
      run(Path.of(arguments[1]), Integer.parseInt(arguments[2]));
    } else {
      System.err.println(
          "usage: BaselineBench generate FILE ROWS COLUMNS [--times] | BaselineBench run FILE ROUNDS");
      System.exit(2);
    }
  }

  private static void run(Path file, int rounds) {
    for (int round = 1; round <= rounds; round++) {
      long begun = System.nanoTime();
      long begunCpu = cpuNanos();
      BuiltBaseline built =
          BaselineBuilder.build(
              List.of(file), BaselineOptions.standard(), (pass, rows, done, total) -> {});
      double seconds = (System.nanoTime() - begun) / 1e9;
      long rows = built.baseline().rows();
      System.out.printf(
          Locale.ROOT,
          "round=%d rows=%d features=%d seconds=%.2f cpu_seconds=%.2f rows_per_second=%.0f"
              + " peak_heap_mib=%d%n",
          round,
          rows,
          built.baseline().features().size(),
          seconds,
          (cpuNanos() - begunCpu) / 1e9,
          rows / seconds,
          peakHeapBytes() >> 20);
    }
  }

  /**
   * Returns the processor time that the process has taken: of a busy machine, the better figure.
   */
  private static long cpuNanos() {
    return ProcessHandle.current().info().totalCpuDuration().map(Duration::toNanos).orElse(0L);
  }

  private static long peakHeapBytes() {
    long peak = 0;
    for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
      if (pool.getType() == MemoryType.HEAP) {
        peak += pool.getPeakUsage().getUsed();
      }
    }
    return peak;
  }

  private static void generate(Path file, long rows, int columns, boolean hasTimes)
      throws IOException {
    Random random = new Random(SEED);
    byte[] line = new byte[(columns + 2) * 16];
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 20)) {
      StringBuilder header = new StringBuilder();
      for (int column = 0; column < columns; column++) {
        header.append(column == 0 ? "" : ",").append('x').append(column);
      }
      header.append(hasTimes ? ",timestamp\n" : "\n");
      out.write(header.toString().getBytes(StandardCharsets.US_ASCII));
      for (long row = 0; row < rows; row++) {
        int length = 0;
        for (int column = 0; column < columns; column++) {
          if (column > 0) {
            line[length++] = ',';
          }
          length = number(line, length, value(random, column));
        }
        if (hasTimes) {
          line[length++] = ',';
          length = integer(line, length, FIRST_MILLIS / 1000 + row * SPAN_SECONDS / rows, 1);
        }
        line[length++] = '\n';
        out.write(line, 0, length);
      }
    }
  }

  /** Returns a value of one of several shapes, by the column. */
  private static double value(Random random, int column) {
    return switch (column % 5) {
      case 0 -> random.nextGaussian();
      case 1 -> 100 + 15 * random.nextGaussian();
      case 2 -> Math.exp(3 + random.nextGaussian());
      case 3 -> random.nextDouble();
      default -> -1000 * Math.log(1 - random.nextDouble());
    };
  }

  /** Writes a number with six significant digits. */
  private static int number(byte[] line, int from, double value) {
    int at = from;
    double size = Math.abs(value);
    if (value < 0) {
      line[at++] = '-';
    }
    int decimals = DIGITS;
    for (double limit = 1; size >= limit && decimals > 0; limit *= 10) {
      decimals--;
    }
    long scale = 1;
    for (int i = 0; i < decimals; i++) {
      scale *= 10;
    }
    long scaled = Math.round(size * scale);
    at = integer(line, at, scaled / scale, 1);
    if (decimals > 0) {
      line[at++] = '.';
      at = integer(line, at, scaled % scale, decimals);
    }
    return at;
  }

  private static int integer(byte[] line, int from, long value, int fewestDigits) {
    int digits = fewestDigits;
    while (value >= pow(digits)) {
      digits++;
    }
    long rest = value;
    for (int i = from + digits - 1; i >= from; i--) {
      line[i] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
    return from + digits;
  }

  private static long pow(int digits) {
    long power = 1;
    for (int i = 0; i < digits; i++) {
      power *= 10;
    }
    return power;
  }
}
