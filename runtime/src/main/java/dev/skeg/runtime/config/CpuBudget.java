package dev.skeg.runtime.config;

import java.nio.file.Path;

/**
 * How much processor time this process may use: the processors that it may run on (the cpuset), or
 * less where its control group, or one around it, has a quota.
 *
 * @param processors more than 0; 1.5 is one processor all the time and a second half of it
 */
public record CpuBudget(double processors) {
  public CpuBudget {
    if (!(processors > 0)) {
      throw new IllegalArgumentException("processors: " + processors + " (expected: more than 0)");
    }
  }

  /** Returns what this process has. */
  public static CpuBudget ofThisProcess() {
    return of(Runtime.getRuntime().availableProcessors(), ControlGroups.ROOT, ControlGroups.OWN);
  }

  /**
   * Returns the budget by the files of control groups, version 2; what is not there limits nothing.
   *
   * @param processors that threads may run on
   * @param root where the control groups are mounted
   * @param ownGroup has the line {@code 0::PATH} for the process's own group
   */
  static CpuBudget of(int processors, Path root, Path ownGroup) {
    double least = processors;
    for (Path group : ControlGroups.directories(root, ownGroup)) {
      for (String line : ControlGroups.lines(group.resolve("cpu.max"))) {
        least = Math.min(least, quota(line));
      }
    }
    return new CpuBudget(least);
  }

  /** Reads {@code "QUOTA PERIOD"}, microseconds both, or {@code "max PERIOD"}. */
  private static double quota(String line) {
    String[] parts = line.split(" ", -1);
    try {
      double quota = Double.parseDouble(parts[0]) / Double.parseDouble(parts[parts.length - 1]);
      return parts.length == 2 && quota > 0 ? quota : Double.POSITIVE_INFINITY;
    } catch (NumberFormatException unlimited) {
      return Double.POSITIVE_INFINITY;
    }
  }

  /**
   * Returns how many batches of a model may run at once so that their threads fit.
   *
   * @param intraOpThreads of each, 1 or more
   */
  int lanes(int intraOpThreads) {
    return Math.max(1, (int) (processors / intraOpThreads));
  }
}
