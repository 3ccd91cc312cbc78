package dev.skeg.runtime.servable;

import dev.skeg.runtime.model.ModelVersion;
import inference.ModelConfigOuterClass.ModelConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * What to load.
 *
 * @param modelFile the file that the engine reads
 * @param declared config.pbtxt as it stands; the default instance if there is none
 * @param declaresMaxBatchSize whether config.pbtxt has the key {@code max_batch_size}, be it 0
 * @param intraOpThreads threads that one run may use, 1 or more
 * @param sharesWeights as {@code LoadOptions} has it
 */
public record LoadRequest(
    ModelVersion version,
    Path modelFile,
    ModelConfig declared,
    boolean declaresMaxBatchSize,
    int intraOpThreads,
    boolean sharesWeights) {
  /** A request for a version with weights of its own. */
  public LoadRequest(
      ModelVersion version,
      Path modelFile,
      ModelConfig declared,
      boolean declaresMaxBatchSize,
      int intraOpThreads) {
    this(version, modelFile, declared, declaresMaxBatchSize, intraOpThreads, false);
  }

  /** Returns whether the other asks for the same, wherever the file lies. */
  public boolean isSameAs(LoadRequest other) {
    return version.equals(other.version)
        && modelFile.endsWith(fileName(other))
        && declared.equals(other.declared)
        && declaresMaxBatchSize == other.declaresMaxBatchSize
        && intraOpThreads == other.intraOpThreads
        && sharesWeights == other.sharesWeights;
  }

  /** Returns the version's directory: the model's file may lie deeper in it. */
  public Path versionDirectory() {
    String name = declared.getDefaultModelFilename();
    Path directory = modelFile;
    for (int depth = name.isEmpty() ? 1 : Path.of(name).getNameCount(); depth > 0; depth--) {
      Path parent = directory.getParent();
      directory = parent == null ? Path.of("") : parent;
    }
    return directory;
  }

  /** Returns the bytes of all files of the version; 0 as far as they cannot be read. */
  public long fileBytes() {
    try (Stream<Path> files = Files.walk(versionDirectory(), FileVisitOption.FOLLOW_LINKS)) {
      return files.mapToLong(LoadRequest::size).sum();
    } catch (IOException | UncheckedIOException unreadable) {
      return size(modelFile); // Loading it will say what is wrong.
    }
  }

  private static long size(Path file) {
    try {
      return Files.isRegularFile(file) ? Files.size(file) : 0;
    } catch (IOException unreadable) {
      return 0;
    }
  }

  private static Path fileName(LoadRequest request) {
    Path name = request.modelFile.getFileName();
    return name == null ? request.modelFile : name;
  }
}
