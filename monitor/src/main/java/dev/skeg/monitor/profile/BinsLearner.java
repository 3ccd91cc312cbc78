package dev.skeg.monitor.profile;

import dev.skeg.monitor.record.FeatureSpec;
import dev.skeg.monitor.record.NumberHashes;
import dev.skeg.monitor.record.RecordLayout;
import dev.skeg.monitor.record.RecordLayout.Encoding;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Keeps a version's first rows, to make bins of those features for which there are none.
 *
 * <p><b>Threads.</b> One at a time. <b>Memory.</b> 4 MiB at most.
 */
final class BinsLearner {
  static final int MOST_ROWS = 4096;
  private static final int MOST_WORDS = 1 << 19;

  private final CollectorConfig config;
  private final int width;
  private final int capacity;
  private long[] words = new long[0];
  private int rows;

  BinsLearner(CollectorConfig config) {
    this.config = config;
    this.width = config.layout().words();
    this.capacity = Math.min(MOST_ROWS, MOST_WORDS / width);
  }

  int rows() {
    return rows;
  }

  boolean isFull() {
    return rows == capacity;
  }

  long[] words() {
    return words;
  }

  /** Returns where a row begins in {@link #words()}. */
  int offset(int row) {
    return row * width;
  }

  /** Takes rows until it is full; returns how many. */
  int add(long[] from, int[] offsets, int count) {
    int taken = Math.min(count, capacity - rows);
    int needed = (rows + taken) * width;
    if (words.length < needed) {
      words = Arrays.copyOf(words, Math.min(capacity * width, Math.max(needed, 2 * words.length)));
    }
    for (int i = 0; i < taken; i++) {
      System.arraycopy(from, offsets[i], words, offset(rows + i), width);
    }
    rows += taken;
    return taken;
  }

  /** Returns the bins of all features: those that are known, and the others by the rows here. */
  List<Bins> bins() {
    List<Bins> bins = new ArrayList<>();
    for (int i = 0; i < config.bins().size(); i++) {
      Optional<Bins> known = config.bins().get(i);
      bins.add(known.isPresent() ? known.get() : learn(i));
    }
    return bins;
  }

  private Bins learn(int column) {
    FeatureSpec spec = config.layout().features().get(column);
    List<Encoding> encodings = config.layout().encodings();
    Encoding encoding = encodings.get(column);
    int place = RecordLayout.place(encodings, column);
    long[] values = new long[rows];
    for (int i = 0; i < rows; i++) {
      values[i] = RecordLayout.bits(encoding, words, offset(i) + RecordLayout.HEADER, place);
    }
    return spec.isNumeric() ? numeric(values, encoding) : categories(values, encoding);
  }

  private static Bins numeric(long[] values, Encoding encoding) {
    double[] sorted =
        Arrays.stream(values)
            .mapToDouble(encoding::number)
            .filter(Double::isFinite)
            .map(value -> value + 0.0)
            .sorted()
            .toArray();
    if (sorted.length == 0) {
      return new NumericBins(new double[0], new double[0]);
    }
    // An atom holds half a percent, and came often enough for that to be no accident.
    int often = Math.max(5, Math.ceilDiv(sorted.length, 200));
    List<Double> atoms = new ArrayList<>();
    double[] others = new double[sorted.length];
    int left = 0;
    for (int i = 0; i < sorted.length; ) {
      int end = i + 1;
      while (end < sorted.length && sorted[end] == sorted[i]) {
        end++;
      }
      if (end - i >= often) {
        atoms.add(sorted[i]);
      } else {
        Arrays.fill(others, left, left + end - i, sorted[i]);
        left += end - i;
      }
      i = end;
    }
    // A dozen values to an interval at least, so that none is empty by chance alone.
    int intervals = Math.clamp(left / 12, 1, NumericBins.MAX_INTERVALS);
    double[] edges = new double[intervals + 1];
    edges[0] = sorted[0];
    edges[intervals] = sorted[sorted.length - 1];
    for (int k = 1; k < intervals; k++) {
      edges[k] = others[(int) ((long) k * left / intervals)];
    }
    return new NumericBins(
        atoms.stream().mapToDouble(Double::doubleValue).toArray(),
        Arrays.stream(edges).sorted().distinct().toArray());
  }

  private static Bins categories(long[] values, Encoding encoding) {
    NumberHashes numbers = new NumberHashes();
    Map<Long, Integer> counts = new HashMap<>();
    Map<Long, String> names = new HashMap<>();
    for (long value : values) {
      long hash = ProfileBuilder.hash(encoding, value, numbers);
      if (hash != 0) {
        counts.merge(hash, 1, Integer::sum);
        if (encoding == Encoding.LONG) {
          names.put(hash, Long.toString(value));
        }
      }
    }
    List<Map.Entry<Long, Integer>> ranked = new ArrayList<>(counts.entrySet());
    ranked.sort(
        Map.Entry.<Long, Integer>comparingByValue(Comparator.reverseOrder())
            .thenComparing(Map.Entry.comparingByKey()));
    int named = Math.min(ranked.size(), CategoryBins.MAX_NAMED);
    long[] hashes = ranked.stream().mapToLong(Map.Entry::getKey).toArray();
    CategoryTail tail = CategoryTail.of(Arrays.copyOfRange(hashes, named, hashes.length));
    long[] first = Arrays.copyOf(hashes, named);
    return encoding == Encoding.LONG
        ? new CategoryBins(
            Arrays.stream(first).mapToObj(hash -> names.getOrDefault(hash, "")).toList(), tail)
        : CategoryBins.ofHashes(first, tail);
  }
}
