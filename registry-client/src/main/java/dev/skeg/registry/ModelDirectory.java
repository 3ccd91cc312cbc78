package dev.skeg.registry;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * A directory of models in Triton's layout: {@code <root>/<model>/<version>/model.onnx}.
 *
 * <p>Every directory in the root is a model, but for those whose name begins with {@code .} or
 * {@code _}; plain files are no models. Every directory in a model whose name is a decimal integer
 * is a version, but for names that begin with a zero, which Triton ignores too. Links are followed.
 * Each call reads the disk anew. <b>Threads.</b> Immutable; any.
 */
public final class ModelDirectory {
  private final Path root;

  private ModelDirectory(Path root) {
    this.root = root;
  }

  /**
   * Opens a directory.
   *
   * @throws RegistryException if it does not exist, is no directory or must not be read
   */
  public static ModelDirectory open(Path root) {
    if (Files.isSymbolicLink(root) && !Files.exists(root)) {
      throw new RegistryException(
          "models directory " + root + " is a link to something that does not exist");
    }
    if (!Files.exists(root)) {
      throw new RegistryException(
          "models directory "
              + root
              + " does not exist"
              + workingDirectory(root)
              + " (expected: a directory that holds <model>/<version>/model.onnx)");
    }
    if (!Files.isDirectory(root)) {
      throw new RegistryException(
          "models directory "
              + root
              + " is a file (expected: a directory that holds <model>/<version>/model.onnx)");
    }
    if (!Files.isReadable(root) || !Files.isExecutable(root)) {
      throw new RegistryException(
          "models directory "
              + root
              + " must not be read by user "
              + System.getProperty("user.name")
              + " (expected: permission to read and enter it)");
    }
    return new ModelDirectory(root);
  }

  private static String workingDirectory(Path root) {
    return root.isAbsolute() ? "" : " in " + Path.of("").toAbsolutePath();
  }

  public Path root() {
    return root;
  }

  /**
   * Lists the models. One that cannot be read is listed with its problem and hides no other.
   *
   * @throws RegistryException if the root itself can no longer be listed
   */
  public ModelListing list() {
    List<ModelEntry> models = new ArrayList<>();
    List<String> skipped = new ArrayList<>();
    for (Path child : children(root)) {
      String name = nameOf(child);
      boolean dangling = Files.isSymbolicLink(child) && !Files.exists(child);
      if (!dangling && !Files.isDirectory(child)) {
        continue;
      }
      if (name.startsWith(".") || name.startsWith("_")) {
        skipped.add(name);
      } else if (dangling) {
        models.add(broken(name, child, child + " is a link to something that does not exist"));
      } else {
        models.add(read(name, child));
      }
    }
    return new ModelListing(models, skipped);
  }

  private static ModelEntry read(String name, Path directory) {
    List<Path> children;
    try {
      children = children(directory);
    } catch (RegistryException e) {
      return broken(name, directory, String.valueOf(e.getMessage()));
    }
    List<VersionEntry> versions = new ArrayList<>();
    for (Path child : children) {
      long number = versionNumber(nameOf(child));
      // A version that is a link leading nowhere is listed, so that loading it says so.
      if (number > 0 && (Files.isDirectory(child) || Files.isSymbolicLink(child))) {
        versions.add(new VersionEntry(number, child));
      }
    }
    versions.sort(Comparator.comparingLong(VersionEntry::number));
    Optional<String> problem =
        versions.isEmpty()
            ? Optional.of(
                directory
                    + " has no version (expected: a directory named by an integer of 1 or more, as "
                    + directory.resolve("1")
                    + ", that holds the model's file)")
            : Optional.empty();
    return new ModelEntry(name, directory, versions, problem);
  }

  private static ModelEntry broken(String name, Path directory, String problem) {
    return new ModelEntry(name, directory, List.of(), Optional.of(problem));
  }

  /** Returns the number that a version directory's name means; 0 if it means none. */
  private static long versionNumber(String name) {
    if (name.isEmpty() || name.length() > 19 || name.charAt(0) == '0') {
      return 0;
    }
    for (int i = 0; i < name.length(); i++) {
      if (name.charAt(i) < '0' || name.charAt(i) > '9') {
        return 0;
      }
    }
    try {
      return Long.parseLong(name);
    } catch (NumberFormatException e) {
      return 0; // 19 digits, but above the largest long.
    }
  }

  private static List<Path> children(Path directory) {
    List<Path> children = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
      stream.forEach(children::add);
    } catch (AccessDeniedException e) {
      throw new RegistryException(
          directory
              + " must not be read by user "
              + System.getProperty("user.name")
              + " (expected: permission to read and enter it)",
          e);
    } catch (IOException | DirectoryIteratorException e) {
      throw new RegistryException(directory + " cannot be listed: " + e, e);
    }
    children.sort(Comparator.comparing(ModelDirectory::nameOf));
    return children;
  }

  private static String nameOf(Path path) {
    return String.valueOf(path.getFileName());
  }
}
