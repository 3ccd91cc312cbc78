package dev.skeg.runtime.os;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The virtual machine's compilers: what a new version runs for the first time keeps them busy while
 * others serve.
 *
 * <p>With short time slices they have their share of the processors as before, but give one to a
 * thread that wakes up for a request within {@value #SLICE_NANOS} ns instead of some milliseconds.
 * Compilers that come later inherit that from those that start them.
 */
public final class CompilerThreads {
  private static final long SLICE_NANOS = 100_000;
  private static final int NICE_FIELD = 16; // Of stat, behind the name in parentheses.

  private CompilerThreads() {}

  /** Shortens their time slices, where the system has such. <b>Threads.</b> Any. */
  public static void shortenSlices() {
    if (CLibrary.isLinux()) {
      shortenSlices(Path.of("/proc/self/task"));
    }
  }

  /** Returns how many threads there were. */
  static int shortenSlices(Path tasks) {
    int count = 0;
    try (DirectoryStream<Path> threads = Files.newDirectoryStream(tasks)) {
      for (Path thread : threads) {
        count += shortenSlice(thread) ? 1 : 0;
      }
    } catch (IOException e) {
      // Without /proc it stays as it is.
    }
    return count;
  }

  private static boolean shortenSlice(Path thread) {
    try {
      String name = Files.readString(thread.resolve("comm"));
      if (!name.startsWith("C1 Compiler") && !name.startsWith("C2 Compiler")) {
        return false;
      }
      String stat = Files.readString(thread.resolve("stat"));
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", NICE_FIELD + 2);
      int id = Integer.parseInt(String.valueOf(thread.getFileName()));
      return CLibrary.setSlice(id, Integer.parseInt(fields[NICE_FIELD]), SLICE_NANOS);
    } catch (IOException | NumberFormatException e) {
      return false; // It has ended.
    }
  }
}
