package dev.skeg.runtime.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * How much processor time this process may use: the processors that it may run on (the cpuset), or
 * less where its control group, or one around it, has a quota.
 *
 * @param processors more than 0; 1.5 is one processor all the time and a second half of it
 */
public record CpuBudget(double processors) {
  private static final Path CGROUPS = Path.of("/sys/fs/cgroup");
  private static final Path OWN_GROUP = Path.of("/proc/self/cgroup");

  /** Begins the line of the one hierarchy of version 2, before the group's path. */
  private static final String UNIFIED = "0::";

  public CpuBudget {
    if (!(processors > 0)) {
      throw new IllegalArgumentException("processors: " + processors + " (expected: more than 0)");
    }
  }

  /** Returns what this process has. */
  public static CpuBudget ofThisProcess() {
    return of(Runtime.getRuntime().availableProcessors(), CGROUPS, OWN_GROUP);
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
    for (Path group = group(root, ownGroup); group != null; group = group.getParent()) {
      for (String line : lines(group.resolve("cpu.max"))) {
        least = Math.min(least, quota(line));
      }
      if (group.equals(root)) {
        break;
      }
    }
    return new CpuBudget(least);
  }

  /**
   * Returns the directory of the process's own group, which need not exist: it, or one around it,
   * may lie above what is mounted. A path out of the control group namespace says nothing of what
   * is under the mount; the mount itself then stands for what limits the process.
   */
  private static Path group(Path root, Path ownGroup) {
    for (String line : lines(ownGroup)) {
      if (line.startsWith(UNIFIED)) {
        String path = line.substring(UNIFIED.length());
        boolean isPath = path.startsWith("/") && path.indexOf('\0') < 0;
        if (isPath && !List.of(path.split("/", -1)).contains("..")) {
          return root.resolve(path.replaceFirst("^/+", "")).normalize();
        }
      }
    }
    return root;
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

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException absent) {
      return List.of();
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
