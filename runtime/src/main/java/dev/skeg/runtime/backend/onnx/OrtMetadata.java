package dev.skeg.runtime.backend.onnx;

import static dev.skeg.runtime.backend.onnx.OrtTable.call;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * What a model's file says of itself, in ONNX Runtime's C API: ONNX's {@code metadata_props}.
 *
 * <p><b>Threads.</b> Any.
 */
final class OrtMetadata {
  private static final int ALLOCATOR_FREE = 76;
  private static final int GET_ALLOCATOR_WITH_DEFAULT_OPTIONS = 78;
  private static final int SESSION_GET_MODEL_METADATA = 111;
  private static final int MODEL_METADATA_LOOKUP_CUSTOM_METADATA_MAP = 116;
  private static final int RELEASE_MODEL_METADATA = 118;

  private final OrtTable table;

  OrtMetadata(OrtTable table) {
    this.table = table;
  }

  /**
   * Returns what stands under a key; empty if the file does not have it.
   *
   * @param maxBytes of what is longer only so much is read
   */
  Optional<String> text(long session, String key, int maxBytes) {
    long metadata = table.longOut(SESSION_GET_MODEL_METADATA, session);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
      table.check(call(table.entry(GET_ALLOCATOR_WITH_DEFAULT_OPTIONS), out.address()));
      long allocator = out.get(ValueLayout.JAVA_LONG, 0);
      table.check(
          call(
              table.entry(MODEL_METADATA_LOOKUP_CUSTOM_METADATA_MAP),
              metadata,
              allocator,
              arena.allocateFrom(key).address(),
              out.address()));
      long text = out.get(ValueLayout.JAVA_LONG, 0);
      if (text == 0) {
        return Optional.empty();
      }
      try {
        return Optional.of(OrtTable.string(text, maxBytes));
      } finally {
        table.check(call(table.entry(ALLOCATOR_FREE), allocator, text));
      }
    } finally {
      call(table.entry(RELEASE_MODEL_METADATA), metadata);
    }
  }
}
