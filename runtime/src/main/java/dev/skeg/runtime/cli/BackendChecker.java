package dev.skeg.runtime.cli;

import dev.skeg.runtime.backend.onnx.OnnxRuntimeBackend;
import dev.skeg.runtime.config.MonitorConfig;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.os.Pace;
import dev.skeg.runtime.servable.LoadRequest;
import dev.skeg.runtime.servable.Loader;
import dev.skeg.runtime.servable.Servable;
import dev.skeg.runtime.servable.VersionChecks;
import dev.skeg.runtime.server.WatchPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Loads versions as the server would, with the same backend. */
final class BackendChecker implements ModelChecker {
  private final @Nullable Path temporary;
  private final OnnxRuntimeBackend backend;
  private final Loader loader;

  BackendChecker() {
    String unpacked = System.getProperty("skeg.native-dir", "");
    Path directory;
    if (unpacked.isEmpty()) {
      try {
        directory = Files.createTempDirectory("skeg-validate");
      } catch (IOException e) {
        throw new ServingException(
            ErrorCode.INTERNAL, "cannot make a temporary directory: " + e.getMessage(), e);
      }
      this.temporary = directory;
    } else {
      directory = Path.of(unpacked);
      this.temporary = null;
    }
    this.backend = new OnnxRuntimeBackend(directory);
    this.loader = new Loader(backend);
  }

  @Override
  public List<String> check(LoadRequest request, MonitorConfig monitor) {
    Servable servable = loader.load(request, Pace.AT_ONCE);
    try {
      List<String> notes = new ArrayList<>(servable.warnings());
      notes.addAll(servable.withoutEffect());
      notes.addAll(VersionChecks.run(servable, request, Optional.empty(), List.of(), Pace.AT_ONCE));
      if (monitor.isOn()) {
        notes.addAll(WatchPlan.of(servable, monitor, request.versionDirectory()).problems());
      }
      return notes;
    } finally {
      servable.retire().join();
      servable.free();
    }
  }

  @Override
  public void close() {
    backend.close();
    if (temporary != null) {
      try (var files = Files.list(temporary)) {
        for (Path file : files.toList()) {
          Files.deleteIfExists(file);
        }
        Files.deleteIfExists(temporary);
      } catch (IOException e) {
        throw new ServingException(
            ErrorCode.INTERNAL, "cannot remove " + temporary + ": " + e.getMessage(), e);
      }
    }
  }
}
