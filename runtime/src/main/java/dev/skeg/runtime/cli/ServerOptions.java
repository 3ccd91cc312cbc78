package dev.skeg.runtime.cli;

import dev.skeg.runtime.config.Key;
import dev.skeg.runtime.config.ServerConfigSources;
import dev.skeg.runtime.config.ServerKeys;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** The options that are configuration keys, and the file of {@code --config}. */
final class ServerOptions {
  private static final String CONFIG = "--config";
  private static final String CONFIG_VARIABLE = "SKEG_CONFIG";

  private ServerOptions() {}

  static void addConfigFile(CommandSpec spec) {
    spec.addOption(
        OptionSpec.builder(CONFIG)
            .type(String.class)
            .paramLabel("FILE")
            .description(
                "The server's configuration, skeg.yaml; " + CONFIG_VARIABLE + " names it too.")
            .build());
  }

  static void add(CommandSpec spec, Key<?> key) {
    if (key.options().isEmpty()) {
      return;
    }
    String shownDefault = key.defaultText().isEmpty() ? "" : " Default: " + key.defaultText() + ".";
    spec.addOption(
        OptionSpec.builder(key.options().toArray(String[]::new))
            .type(String.class)
            .paramLabel(label(key))
            .description(key.summary() + shownDefault)
            .build());
  }

  private static String label(Key<?> key) {
    return switch (key.typeName()) {
      case "path" -> "DIR";
      case "auto or integer" -> "N";
      case "choice" -> key.expected().replace("one of ", "").replace(", ", "|");
      case "text" -> "NAME";
      default -> key.typeName().toUpperCase(Locale.ROOT);
    };
  }

  /** Returns where configuration comes from, given these arguments. */
  static ServerConfigSources sources(Console console, ParseResult arguments) {
    ServerConfigSources sources = new ServerConfigSources();
    String origin = CONFIG;
    String file = arguments.matchedOptionValue(CONFIG, (String) null);
    if (file == null) {
      origin = CONFIG_VARIABLE;
      file = console.environment().get(CONFIG_VARIABLE);
    }
    if (file != null) {
      sources.withFile(path(origin, file));
    }
    sources.withEnvironment(console.environment());
    for (OptionSpec option : arguments.matchedOptions()) {
      for (Key<?> key : ServerKeys.ALL) {
        if (key.options().contains(option.longestName())
            || key.options().contains(option.names()[0])) {
          String text = arguments.matchedOptionValue(option.names()[0], "");
          if (key.equals(ServerKeys.MODELS)) {
            requireDirectory(text);
          }
          sources.withOption(key, key.options().getFirst(), text);
        }
      }
    }
    return sources;
  }

  private static Path path(String origin, @Nullable String file) {
    try {
      return Path.of(String.valueOf(file));
    } catch (InvalidPathException e) {
      throw new BadUsage(origin + ": " + file + " (expected: a file's path)");
    }
  }

  /** People will try what later versions accept, so it is told apart from a mistyped path. */
  private static void requireDirectory(String text) {
    boolean source = text.contains("://") || text.indexOf('=') > 0;
    try {
      if (source && !Files.exists(Path.of(text))) {
        throw new BadUsage(
            "--models: "
                + text
                + ": not supported by this version: naming models one by one, with a source each"
                + " (expected: a directory that holds <model>/<version>/model.onnx)");
      }
    } catch (InvalidPathException e) {
      throw new BadUsage("--models: " + text + " (expected: a directory's path)");
    }
  }
}
