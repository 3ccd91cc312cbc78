package dev.skeg.runtime.backend.onnx;

import static dev.skeg.runtime.backend.onnx.OrtTable.call;

import java.lang.foreign.Arena;
import java.util.Optional;

/**
 * What a model's file says of itself, in ONNX Runtime's C API: ONNX's {@code metadata_props}.
 *
 * <p><b>Threads.</b> Any.
 */
final class OrtMetadata {
  private static final int SESSION_GET_MODEL_METADATA = 111;
  private static final int MODEL_METADATA_LOOKUP_CUSTOM_METADATA_MAP = 116;
  private static final int RELEASE_MODEL_METADATA = 118;

  private final OrtTable table;
  private final OrtStrings strings;

  OrtMetadata(OrtTable table) {
    this.table = table;
    this.strings = new OrtStrings(table);
  }

  /**
   * Returns what stands under a key; empty if the file does not have it.
   *
   * @param maxBytes of what is longer only so much is read
   */
  Optional<String> text(long session, String key, int maxBytes) {
    long metadata = table.longOut(SESSION_GET_MODEL_METADATA, session);
    try (Arena arena = Arena.ofConfined()) {
      long name = arena.allocateFrom(key).address();
      return strings.make(
          maxBytes,
          (allocator, out) ->
              call(
                  table.entry(MODEL_METADATA_LOOKUP_CUSTOM_METADATA_MAP),
                  metadata,
                  allocator,
                  name,
                  out));
    } finally {
      call(table.entry(RELEASE_MODEL_METADATA), metadata);
    }
  }
}
