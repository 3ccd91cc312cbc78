package dev.skeg.runtime.testing;

import dev.skeg.runtime.backend.onnx.OnnxRuntimeBackend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The real engine for all tests of a class, and a directory that lives as long. In a static field
 * with {@code @RegisterExtension}.
 */
public final class Engine implements BeforeAllCallback, AfterAllCallback {
  private @Nullable Path directory;
  private @Nullable OnnxRuntimeBackend backend;

  @Override
  public void beforeAll(ExtensionContext context) throws IOException {
    directory = Files.createTempDirectory("skeg-engine");
    backend = new OnnxRuntimeBackend(directory);
  }

  @Override
  public void afterAll(ExtensionContext context) throws IOException {
    backend().close();
    List<Path> all;
    try (Stream<Path> walk = Files.walk(directory())) {
      all = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path each : all) {
      Files.delete(each);
    }
  }

  /** Returns the engine. */
  public OnnxRuntimeBackend backend() {
    return Objects.requireNonNull(backend);
  }

  /** Returns the directory. */
  public Path directory() {
    return Objects.requireNonNull(directory);
  }
}
