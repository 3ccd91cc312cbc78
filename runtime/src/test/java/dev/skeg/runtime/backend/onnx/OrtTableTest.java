package dev.skeg.runtime.backend.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The table of function pointers, held against what the library says of itself. */
final class OrtTableTest {
  @TempDir Path directory;

  @Test
  void indexesAgreeWithTheLibraryUpToTheLastEntryUsed() {
    OrtTable table = OrtTable.load(OnnxRuntimeLibrary.unpack(directory));

    assertThat(table.version()).isEqualTo("1.28.0");
    assertThat(table.buildInfo()).contains("ORT Build Info");
  }
}
