package dev.skeg.runtime.backend.onnx;

import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;

/** The shared library inside the official ONNX Runtime artifact, and the file it is unpacked to. */
public final class OnnxRuntimeLibrary {
  private OnnxRuntimeLibrary() {}

  /**
   * Returns the library's file in {@code directory}, unpacking it unless it is there already.
   *
   * <p>It is written beside and moved into place, so a process killed meanwhile leaves no half file
   * of that name, and several processes may share the directory.
   *
   * @throws ServingException if the artifact has no library for this platform, or the disk fails
   */
  public static Path unpack(Path directory) {
    String resource = resource();
    Path file = directory.resolve(resource.substring(resource.lastIndexOf('/') + 1));
    if (Files.isRegularFile(file)) {
      return file;
    }
    try (InputStream content =
        OnnxRuntimeLibrary.class.getClassLoader().getResourceAsStream(resource)) {
      if (content == null) {
        throw new ServingException(
            ErrorCode.UNSUPPORTED,
            "ONNX Runtime has no library for this platform: "
                + resource
                + " is not on the class path (expected: Linux or macOS on x86-64 or AArch64)");
      }
      Files.createDirectories(directory);
      Path part = Files.createTempFile(directory, "onnxruntime", ".part");
      try {
        Files.copy(content, part, StandardCopyOption.REPLACE_EXISTING);
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(part);
      }
      return file;
    } catch (IOException e) {
      throw new ServingException(
          ErrorCode.INTERNAL,
          "cannot unpack the ONNX Runtime library to " + file + ": " + e.getMessage(),
          e);
    }
  }

  private static String resource() {
    String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    String machine = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
    boolean mac = system.startsWith("mac");
    String platform =
        (mac ? "osx" : "linux")
            + (machine.equals("aarch64") || machine.equals("arm64") ? "-aarch64" : "-x64");
    return "ai/onnxruntime/native/"
        + platform
        + "/"
        + (mac ? "libonnxruntime.dylib" : "libonnxruntime.so");
  }
}
