package dev.skeg.registry.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** Version directories for tests. */
public final class Versions {
  private Versions() {}

  /** Writes a directory with files of random bytes. */
  public static Path write(Path directory, long seed, int files, int bytesEach) {
    Random random = new Random(seed);
    try {
      for (int i = 0; i < files; i++) {
        Path file = directory.resolve(i == 0 ? "model.onnx" : "weights/w" + i + ".bin");
        Files.createDirectories(file.getParent());
        byte[] content = new byte[bytesEach];
        random.nextBytes(content);
        Files.write(file, content);
      }
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
