package dev.skeg.runtime.config;

import java.util.List;

/**
 * Configuration that cannot be meant as it stands. Each problem is one complete line: where it is,
 * what came, what would do.
 */
public final class ConfigException extends RuntimeException {
  private final List<String> problems;

  public ConfigException(String problem) {
    this(List.of(problem));
  }

  /**
   * @param problems at least one
   */
  public ConfigException(List<String> problems) {
    super(String.join("\n", problems));
    this.problems = List.copyOf(problems);
  }

  public List<String> problems() {
    return problems;
  }
}
