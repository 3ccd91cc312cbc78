package dev.skeg.monitor.profile;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * The values of a column that have no bin of their own but come often: every one that holds more
 * than half a percent of the rows is here, and some that hold less.
 *
 * <p>They merge as summaries of frequent items do: P. K. Agarwal, G. Cormode, Z. Huang, J.
 * Phillips, Z. Wei, K. Yi, "Mergeable Summaries", 2012. Counts of a value that only one side knows
 * grow at the upper end by what the other may have had of it.
 *
 * @param values by descending {@code atMost}, at most {@link #MAX_VALUES}
 * @param othersAtMost how often a value can have come that is not here
 */
public record HeavyValues(List<HeavyValue> values, long othersAtMost) {
  public static final int MAX_VALUES = 256;

  /** Of no value. */
  public static final HeavyValues NONE = new HeavyValues(List.of(), 0);

  private static final Comparator<HeavyValue> ORDER =
      Comparator.comparingLong(HeavyValue::atMost)
          .reversed()
          .thenComparing(Comparator.comparingLong(HeavyValue::atLeast).reversed())
          .thenComparingLong(HeavyValue::bits);

  public HeavyValues {
    List<HeavyValue> sorted = new ArrayList<>(values);
    sorted.sort(ORDER);
    if (sorted.size() > MAX_VALUES) {
      othersAtMost = Math.max(othersAtMost, sorted.get(MAX_VALUES).atMost());
      sorted = sorted.subList(0, MAX_VALUES);
    }
    values = List.copyOf(sorted);
  }

  /** Returns the values that are known to hold more than a share of the rows. */
  public List<HeavyValue> over(double share, long rows) {
    return values.stream().filter(value -> value.atLeast() > share * rows).toList();
  }

  /** Returns the most frequent number; only of a numeric feature. */
  public OptionalDouble mostFrequent() {
    return values.isEmpty()
        ? OptionalDouble.empty()
        : OptionalDouble.of(values.getFirst().number());
  }

  /** Returns those of both columns together. */
  public HeavyValues merge(HeavyValues other) {
    Map<Long, HeavyValue> theirs = new HashMap<>();
    for (HeavyValue value : other.values) {
      theirs.put(value.bits(), value);
    }
    List<HeavyValue> both = new ArrayList<>();
    for (HeavyValue value : values) {
      HeavyValue same = theirs.remove(value.bits());
      both.add(
          same == null
              ? new HeavyValue(value.bits(), value.atLeast(), value.atMost() + other.othersAtMost)
              : new HeavyValue(
                  value.bits(), value.atLeast() + same.atLeast(), value.atMost() + same.atMost()));
    }
    for (HeavyValue value : theirs.values()) {
      both.add(new HeavyValue(value.bits(), value.atLeast(), value.atMost() + othersAtMost));
    }
    return new HeavyValues(both, othersAtMost + other.othersAtMost);
  }
}
