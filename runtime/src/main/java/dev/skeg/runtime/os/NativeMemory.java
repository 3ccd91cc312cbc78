package dev.skeg.runtime.os;

/** The process's memory outside the Java heap. <b>Threads.</b> Any. */
public final class NativeMemory {
  private NativeMemory() {}

  /**
   * Gives memory that has been freed back to the system, where the C library can: glibc keeps it
   * otherwise. Takes the allocator's locks one after the other, and up to some milliseconds.
   *
   * @return whether the C library knows how
   */
  public static boolean trim() {
    return CLibrary.trim();
  }
}
