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

  /** Begins the line of the one hierarchy of version 2, before the group's path. */
  private static final String UNIFIED = "0::";

  private ControlGroups() {}

  /**
   * Returns their directories, the process's own first; they need not exist.
   *
   * @param root where the control groups are mounted
   * @param ownGroup has the line {@code 0::PATH} for the process's own group
   */
  static List<Path> directories(Path root, Path ownGroup) {
    List<Path> directories = new ArrayList<>();
    for (Path group = own(root, ownGroup); group != null; group = group.getParent()) {
      directories.add(group);
      if (group.equals(root)) {
        break;
      }
    }
    return directories;
  }

  /**
   * Returns the directory of the process's own group: it, or one around it, may lie above what is
   * mounted. A path out of the control group namespace says nothing of what is under the mount; the
   * mount itself then stands for what limits the process.
   */
  private static Path own(Path root, Path ownGroup) {
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

  /** Returns a file's lines; none if it cannot be read. */
  static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException absent) {
      return List.of();
    }
  }
}
