package dev.skeg.registry;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * One model of a {@link ModelDirectory}, as it was when it was listed.
 *
 * @param name the directory's name, which is the name that clients call
 * @param versions lowest number first; empty if there is none or they cannot be listed
 * @param problem why the model cannot be served, as a complete sentence for an operator; empty if
 *     nothing is known against it
 */
public record ModelEntry(
    String name, Path directory, List<VersionEntry> versions, Optional<String> problem) {
  /** The name of Triton's serving configuration in a model's directory. */
  public static final String CONFIG_FILE = "config.pbtxt";

  /** The name of our own configuration in a model's directory. */
  public static final String YAML_FILE = "model.yaml";

  public ModelEntry {
    versions = List.copyOf(versions);
  }

  /** Returns the path of config.pbtxt; empty if there is none. */
  public Optional<Path> configFile() {
    return existing(CONFIG_FILE);
  }

  /** Returns the path of model.yaml; empty if there is none. */
  public Optional<Path> yamlFile() {
    return existing(YAML_FILE);
  }

  /** Returns the version of that number. */
  public Optional<VersionEntry> version(long number) {
    return versions.stream().filter(version -> version.number() == number).findFirst();
  }

  // A link that leads nowhere counts as there: reading it then says what is wrong with it.
  private Optional<Path> existing(String fileName) {
    Path file = directory.resolve(fileName);
    return Files.exists(file) || Files.isSymbolicLink(file) ? Optional.of(file) : Optional.empty();
  }
}
