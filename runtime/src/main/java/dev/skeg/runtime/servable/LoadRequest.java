package dev.skeg.runtime.servable;

import dev.skeg.runtime.model.ModelVersion;
import inference.ModelConfigOuterClass.ModelConfig;
import java.nio.file.Path;

/**
 * What to load.
 *
 * @param modelFile the file that the engine reads
 * @param declared config.pbtxt as it stands; the default instance if there is none
 * @param declaresMaxBatchSize whether config.pbtxt has the key {@code max_batch_size}, be it 0
 * @param intraOpThreads threads that one run may use, 1 or more
 */
public record LoadRequest(
    ModelVersion version,
    Path modelFile,
    ModelConfig declared,
    boolean declaresMaxBatchSize,
    int intraOpThreads) {
  /** Returns whether the other asks for the same, wherever the file lies. */
  public boolean isSameAs(LoadRequest other) {
    return version.equals(other.version)
        && modelFile.endsWith(fileName(other))
        && declared.equals(other.declared)
        && declaresMaxBatchSize == other.declaresMaxBatchSize
        && intraOpThreads == other.intraOpThreads;
  }

  /** Returns the version's directory: the model's file may lie deeper in it. */
  Path versionDirectory() {
    String name = declared.getDefaultModelFilename();
    Path directory = modelFile;
    for (int depth = name.isEmpty() ? 1 : Path.of(name).getNameCount(); depth > 0; depth--) {
      Path parent = directory.getParent();
      directory = parent == null ? Path.of("") : parent;
    }
    return directory;
  }

  private static Path fileName(LoadRequest request) {
    Path name = request.modelFile.getFileName();
    return name == null ? request.modelFile : name;
  }
}
