package dev.skeg.runtime.config;

/**
 * How many batches of a model may run at once: a number, or chosen by the server.
 *
 * @param count 1 to 1024; 0 for {@code auto}
 */
public record Lanes(int count) {
  /** As many as the processor time that this process may use has room for. */
  public static final Lanes AUTO = new Lanes(0);

  static final int MAX = 1024;

  static final String EXPECTED = "auto, or an integer, 1 to 1024";

  public Lanes {
    if (count < 0 || count > MAX) {
      throw new IllegalArgumentException("lanes: " + count + " (expected: " + EXPECTED + ")");
    }
  }

  static Lanes parse(String text) {
    if (text.equals("auto")) {
      return AUTO;
    }
    if (text.equalsIgnoreCase("auto")) {
      throw new IllegalArgumentException("auto");
    }
    return new Lanes((int) ValueType.number(text, 1, MAX, ""));
  }

  public boolean isAuto() {
    return count == 0;
  }

  /**
   * Returns the number of lanes of a process with that budget.
   *
   * @param intraOpThreads of each lane, 1 or more
   */
  public int resolve(CpuBudget budget, int intraOpThreads) {
    return isAuto() ? budget.lanes(intraOpThreads) : count;
  }

  @Override
  public String toString() {
    return isAuto() ? "auto" : Integer.toString(count);
  }
}
