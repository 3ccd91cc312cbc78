package dev.skeg.runtime.backend.onnx;

import static dev.skeg.runtime.backend.onnx.OrtTable.call;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * Texts that ONNX Runtime's C API allocates for its caller: copied, and freed.
 *
 * <p><b>Threads.</b> Any.
 */
final class OrtStrings {
  private static final int ALLOCATOR_FREE = 76;
  private static final int GET_ALLOCATOR_WITH_DEFAULT_OPTIONS = 78;

  private final OrtTable table;

  OrtStrings(OrtTable table) {
    this.table = table;
  }

  /** Calls an entry that allocates a text. */
  interface Maker {
    /**
     * Returns the status.
     *
     * @param allocator to allocate it with
     * @param out where its address is to be written; 0 for none
     */
    long make(long allocator, long out);
  }

  /**
   * Returns a text; empty if there is none.
   *
   * @param maxBytes of what is longer only so much is read
   */
  Optional<String> make(int maxBytes, Maker maker) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
      table.check(call(table.entry(GET_ALLOCATOR_WITH_DEFAULT_OPTIONS), out.address()));
      long allocator = out.get(ValueLayout.JAVA_LONG, 0);
      table.check(maker.make(allocator, out.address()));
      long text = out.get(ValueLayout.JAVA_LONG, 0);
      if (text == 0) {
        return Optional.empty();
      }
      try {
        return Optional.of(OrtTable.string(text, maxBytes));
      } finally {
        table.check(call(table.entry(ALLOCATOR_FREE), allocator, text));
      }
    }
  }
}
