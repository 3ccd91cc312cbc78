package dev.skeg.runtime.os;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import java.util.Optional;

/**
 * The few functions of the C library that are called. Every argument is passed as a {@code long}: a
 * narrower one is the low half of the same register in the calling conventions of x86-64 and
 * AArch64, and so one handle serves whatever has that many parameters.
 *
 * <p><b>Threads.</b> Any.
 */
@SuppressWarnings("restricted") // Native access is what this file is for.
final class CLibrary {
  private static final Linker LINKER = Linker.nativeLinker();

  /** Of {@code setpriority}; with the id 0 it is the calling thread on Linux, not its process. */
  private static final long PRIO_PROCESS = 0;

  // struct sched_attr, in its first version: size, policy, flags, nice, priority, runtime, …
  private static final int SCHED_ATTR_BYTES = 48;
  private static final long SCHED_NICE = 16;
  private static final long SCHED_RUNTIME = 24;

  private CLibrary() {}

  static boolean isLinux() {
    return System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("linux");
  }

  /** Sets the calling thread's nice value; returns whether the system did. Linux only. */
  static boolean setNice(int nice) {
    Optional<MemorySegment> setpriority = LINKER.defaultLookup().find("setpriority");
    return setpriority.isPresent() && (int) call(setpriority.get(), PRIO_PROCESS, 0, nice, 0) == 0;
  }

  /**
   * Has the scheduler look at the calling thread again after so many nanoseconds, 100,000 or more:
   * until then it does not give its processor to one that wakes up, whatever their nice values are.
   * Linux 6.12 and later; earlier ones may refuse or ignore it. The thread keeps its nice value,
   * which must be given.
   */
  static boolean setSlice(int nice, long nanos) {
    return setSlice(0, nice, nanos);
  }

  /**
   * As {@link #setSlice(int, long)}, of any thread of this process.
   *
   * @param thread its id by the kernel's count; 0 for the caller
   */
  static boolean setSlice(int thread, int nice, long nanos) {
    Optional<MemorySegment> syscall = LINKER.defaultLookup().find("syscall");
    long number =
        switch (System.getProperty("os.arch", "")) {
          case "amd64", "x86_64" -> 314;
          case "aarch64", "arm64" -> 274;
          default -> -1;
        };
    if (syscall.isEmpty() || number < 0) {
      return false;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment attributes = arena.allocate(SCHED_ATTR_BYTES, Long.BYTES);
      attributes.set(ValueLayout.JAVA_INT, 0, SCHED_ATTR_BYTES);
      attributes.set(ValueLayout.JAVA_INT, SCHED_NICE, nice);
      attributes.set(ValueLayout.JAVA_LONG, SCHED_RUNTIME, nanos);
      return (int) call(syscall.get(), number, thread, attributes.address(), 0) == 0;
    }
  }

  /** Has the allocator give what it does not need back to the system; false if it cannot. */
  static boolean trim() {
    Optional<MemorySegment> trim = LINKER.defaultLookup().find("malloc_trim");
    if (trim.isEmpty()) {
      return false;
    }
    call(trim.get(), 0, 0, 0, 0); // It reads its one parameter only.
    return true;
  }

  private static long call(MemorySegment function, long a, long b, long c, long d) {
    try {
      return (long) Handle.CALL.invokeExact(function, a, b, c, d);
    } catch (Throwable thrown) {
      if (thrown instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException("a function of the C library cannot be called", thrown);
    }
  }

  /** Linking costs milliseconds: not before it is needed. */
  private static final class Handle {
    static final MethodHandle CALL =
        LINKER.downcallHandle(
            FunctionDescriptor.of(
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG));
  }
}
