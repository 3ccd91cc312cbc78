package dev.skeg.runtime.cli;

import dev.skeg.registry.Network;
import dev.skeg.registry.Secret;
import dev.skeg.registry.SourceSettings;
import dev.skeg.runtime.config.SourceConfig;
import java.net.InetSocketAddress;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * The options that say how a command reaches a source. Secrets come from files and from the
 * environment, never from the command line, which other users of the machine can read.
 */
final class SourceOptions {
  private static final List<String> CREDENTIALS = List.of("token", "username", "password");
  private static final String VARIABLES = "SKEG_PUSH_";
  private static final String DOCKER_CONFIG = "--docker-config";
  private static final String CA_FILE = "--ca-file";
  private static final String PROXY = "--proxy";
  private static final String READ_TIMEOUT = "--read-timeout";

  private SourceOptions() {}

  static void add(CommandSpec spec) {
    for (String name : CREDENTIALS) {
      spec.addOption(
          option("--" + name + "-file", "FILE", "Holds the " + name + "; else " + variable(name))
              .build());
    }
    spec.addOption(
        option(DOCKER_CONFIG, "FILE", "For oci: credentials as docker login writes them.").build());
    spec.addOption(
        option(CA_FILE, "FILE", "Certificates in PEM that are trusted beside Java's own.").build());
    spec.addOption(option(PROXY, "HOST:PORT", "The proxy; none without it.").build());
    spec.addOption(
        option(
                READ_TIMEOUT,
                "DURATION",
                "The longest silence of the other side, as 90s. Default: "
                    + Network.defaults().readTimeout().toSeconds()
                    + "s.")
            .build());
  }

  private static OptionSpec.Builder option(String name, String label, String description) {
    return OptionSpec.builder(name).type(String.class).paramLabel(label).description(description);
  }

  private static String variable(String name) {
    return VARIABLES + name.toUpperCase(Locale.ROOT);
  }

  /** Returns the settings that these arguments and the environment amount to. */
  static SourceSettings settings(Console console, ParseResult arguments) {
    Map<String, Secret> credentials = new HashMap<>();
    for (String name : CREDENTIALS) {
      Optional<Path> file = file(arguments, "--" + name + "-file");
      String value = console.environment().getOrDefault(variable(name), "");
      if (file.isPresent()) {
        credentials.put(name, Secret.file(file.get()));
      } else if (!value.isEmpty()) {
        credentials.put(name, Secret.of(value));
      }
    }
    Map<String, String> options = new HashMap<>();
    file(arguments, DOCKER_CONFIG).ifPresent(file -> options.put("docker-config", file.toString()));
    Network defaults = Network.defaults();
    return SourceSettings.defaults()
        .withCredentials(credentials)
        .withOptions(options)
        .withNetwork(
            new Network(
                defaults.connectTimeout(),
                readTimeout(arguments, defaults),
                defaults.retries(),
                proxy(arguments),
                file(arguments, CA_FILE)));
  }

  private static Optional<Path> file(ParseResult arguments, String option) {
    String text = arguments.matchedOptionValue(option, "");
    try {
      return text.isEmpty() ? Optional.empty() : Optional.of(Path.of(text));
    } catch (InvalidPathException e) {
      throw new BadUsage(option + ": " + text + " (expected: a file's path)");
    }
  }

  private static Duration readTimeout(ParseResult arguments, Network defaults) {
    String text = arguments.matchedOptionValue(READ_TIMEOUT, "");
    try {
      return text.isEmpty() ? defaults.readTimeout() : SourceConfig.TIMEOUT.parse(text);
    } catch (IllegalArgumentException e) {
      throw new BadUsage(READ_TIMEOUT + ": " + e.getMessage());
    }
  }

  private static Optional<InetSocketAddress> proxy(ParseResult arguments) {
    String text = arguments.matchedOptionValue(PROXY, "");
    if (text.isEmpty()) {
      return Optional.empty();
    }
    int colon = text.lastIndexOf(':');
    String port = text.substring(colon + 1);
    if (colon < 1
        || text.indexOf('@') >= 0
        || text.indexOf('/') >= 0
        || !port.matches("[1-9][0-9]{0,4}")
        || Integer.parseInt(port) > 65535) {
      throw new BadUsage(
          PROXY
              + ": "
              + text.substring(text.lastIndexOf('@') + 1)
              + " (expected: HOST:PORT of an HTTP proxy that asks for no password)");
    }
    return Optional.of(new InetSocketAddress(text.substring(0, colon), Integer.parseInt(port)));
  }
}
