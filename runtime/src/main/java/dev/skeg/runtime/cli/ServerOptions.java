package dev.skeg.runtime.cli;

import dev.skeg.runtime.config.Key;
import dev.skeg.runtime.config.ServerConfigSources;
import dev.skeg.runtime.config.ServerKeys;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** The options that are configuration keys, and the file of {@code --config}. */
final class ServerOptions {
  private static final String CONFIG = "--config";
  private static final String CONFIG_VARIABLE = "SKEG_CONFIG";

  private static final Pattern NAMED = Pattern.compile("[^/=]+=[A-Za-z][A-Za-z0-9+.-]*:");

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
    OptionSpec.Builder option =
        OptionSpec.builder(key.options().toArray(String[]::new))
            .paramLabel(label(key))
            .description(key.summary().replace("`", "") + shownDefault);
    // Repeatable where it takes several, so that twice the same of another is an error.
    spec.addOption(
        takesSeveral(key)
            ? option.type(List.class).auxiliaryTypes(String.class).arity("1").build()
            : option.type(String.class).build());
  }

  private static boolean takesSeveral(Key<?> key) {
    return isModels(key) || key.equals(ServerKeys.LOAD_MODELS);
  }

  private static boolean isModels(Key<?> key) {
    return key.equals(ServerKeys.MODELS);
  }

  private static String label(Key<?> key) {
    if (isModels(key)) {
      return "DIR|NAME=URI";
    }
    if (key.equals(ServerKeys.ADMIN_TOKEN_FILE)) {
      return "FILE";
    }
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
          if (isModels(key)) {
            List<String> texts = arguments.matchedOptionValue(option.names()[0], List.of());
            addModels(sources, texts);
          } else if (takesSeveral(key)) {
            List<String> texts = arguments.matchedOptionValue(option.names()[0], List.of());
            sources.withOption(key, key.options().getFirst(), String.join(",", texts));
          } else {
            String text = arguments.matchedOptionValue(option.names()[0], "");
            sources.withOption(key, key.options().getFirst(), text);
          }
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

  /** Takes at most one directory and any number of models with a source of their own. */
  private static void addModels(ServerConfigSources sources, List<String> texts) {
    String option = ServerKeys.MODELS.options().getFirst();
    String directory = null;
    for (String text : texts) {
      if (isNamed(text)) {
        sources.withModel(option, text);
      } else if (text.contains("://")) {
        throw new BadUsage(option + ": a URI without a name (expected: NAME=URI, or a directory)");
      } else if (directory != null) {
        throw new BadUsage(
            option
                + ": "
                + directory
                + " and "
                + text
                + " (expected: one directory; others as NAME=URI, one for each model)");
      } else {
        directory = text;
        sources.withOption(ServerKeys.MODELS, option, text);
      }
    }
  }

  /** Whether a text is {@code NAME=URI}, and not the path of a directory with such a name. */
  private static boolean isNamed(String text) {
    try {
      return NAMED.matcher(text).lookingAt() && !Files.exists(Path.of(text));
    } catch (InvalidPathException e) {
      return true;
    }
  }
}
