package dev.skeg.runtime.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The control groups, version 2, that limit this process: its own and those around it. */
final class ControlGroups {
  static final Path ROOT = Path.of("/sys/fs/cgroup");
  static final Path OWN = Path.of("/proc/self/cgroup");

  private ControlGroups() {}

  /**
   * Returns their directories, the process's own first; they need not exist.
   *
   * @param root where the control groups are mounted
   * @param ownGroup has the line {@code 0::PATH} for the process's own group
   */
  static List<Path> directories(Path root, Path ownGroup) {
    String path = "/";
    for (String line : lines(ownGroup)) {
      if (line.startsWith("0::")) {
        path = line.substring("0::".length());
      }
    }
    List<Path> directories = new ArrayList<>();
    Path group = root.resolve(path.replaceFirst("^/+", "")).normalize();
    while (group != null && group.startsWith(root)) {
      directories.add(group);
      group = group.getParent();
    }
    return directories;
  }

  /** Returns a file's lines; none if it cannot be read. */
  static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException absent) {
      return List.of();
    }
  }
}
