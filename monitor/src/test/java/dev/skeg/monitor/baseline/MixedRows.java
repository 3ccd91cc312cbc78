package dev.skeg.monitor.baseline;

import static dev.skeg.monitor.baseline.BaselineFixture.HOUR;
import static dev.skeg.monitor.baseline.BaselineFixture.MONDAY;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Rows of several shapes, as CSV and as what they are. */
final class MixedRows {
  final StringBuilder csv = new StringBuilder("n,sparse,steps,city,timestamp\n");
  final List<double[]> numbers = new ArrayList<>();
  final List<String> cities = new ArrayList<>();
  final List<Long> times = new ArrayList<>();

  MixedRows(int count, long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < count; i++) {
      double normal = Math.round(random.nextGaussian() * 1e5) / 1e5;
      double sparse =
          switch (random.nextInt(10)) {
            case 0 -> Double.NaN;
            case 1 -> random.nextBoolean() ? Double.POSITIVE_INFINITY : Double.NEGATIVE_INFINITY;
            case 2, 3, 4 -> 0;
            default -> Math.exp(random.nextGaussian());
          };
      double step = random.nextInt(4) / 10.0;
      // 400 of them, the first ones more frequent.
      String city = "c" + (int) (400 * random.nextDouble() * random.nextDouble());
      long time = MONDAY + (long) (random.nextDouble() * 14 * 24 * HOUR);
      numbers.add(new double[] {normal, sparse, step});
      cities.add(i % 50 == 0 ? "" : city);
      times.add(time);
      csv.append(normal).append(',');
      csv.append(Double.isNaN(sparse) ? "" : String.valueOf(sparse)).append(',');
      csv.append(step).append(',').append(cities.getLast()).append(',').append(time);
      csv.append('\n');
    }
  }

  double[] column(int index) {
    return numbers.stream().mapToDouble(row -> row[index]).toArray();
  }
}
