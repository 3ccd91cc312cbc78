package dev.skeg.runtime.config;

import java.nio.file.Path;
import java.util.List;

/** How much memory this process could take more. <b>Threads.</b> Any; reads a few small files. */
public final class MemoryBudget {
  private static final long KIB = 1024;

  private MemoryBudget() {}

  /**
   * Returns the bytes that are free: of the machine, or less where the process's control group, or
   * one around it, has a limit. What the system could give up, as pages of files, counts as free;
   * {@link Long#MAX_VALUE} where the system does not say.
   */
  public static long availableBytes() {
    return availableBytes(ControlGroups.ROOT, ControlGroups.OWN, Path.of("/proc/meminfo"));
  }

  static long availableBytes(Path root, Path ownGroup, Path meminfo) {
    long least = field(meminfo, "MemAvailable:", Long.MAX_VALUE / KIB) * KIB;
    for (Path group : ControlGroups.directories(root, ownGroup)) {
      long limit = number(ControlGroups.lines(group.resolve("memory.max")), Long.MAX_VALUE);
      if (limit < Long.MAX_VALUE) {
        long used = number(ControlGroups.lines(group.resolve("memory.current")), 0);
        long cached = field(group.resolve("memory.stat"), "inactive_file", 0);
        least = Math.min(least, Math.max(0, limit - Math.max(0, used - cached)));
      }
    }
    return least;
  }

  /** Returns the bytes that this process has in memory; 0 where the system does not say. */
  public static long residentBytes() {
    return field(Path.of("/proc/self/status"), "VmRSS:", 0) * KIB;
  }

  private static long field(Path file, String name, long otherwise) {
    for (String line : ControlGroups.lines(file)) {
      String[] parts = line.trim().split("\\s+", -1);
      if (parts.length > 1 && parts[0].equals(name)) {
        return number(List.of(parts[1]), otherwise);
      }
    }
    return otherwise;
  }

  private static long number(List<String> lines, long otherwise) {
    try {
      return lines.isEmpty() ? otherwise : Long.parseLong(lines.getFirst().trim());
    } catch (NumberFormatException unlimited) {
      return otherwise;
    }
  }
}
