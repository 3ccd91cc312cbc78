package dev.skeg.runtime.cli;

import dev.skeg.runtime.config.Key;
import dev.skeg.runtime.config.ServerConfig;
import dev.skeg.runtime.config.ServerConfigSources;
import dev.skeg.runtime.config.ServerKeys;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** {@code skeg serve}: runs the server. */
final class ServeCommand implements Command {
  /**
   * Triton's switches for what is always on here; {@code true} is accepted, so that deployments
   * carry over.
   */
  private static final List<String> ALWAYS_ON =
      List.of("--allow-http", "--allow-grpc", "--allow-metrics");

  private final Console console;
  private final ServeAction action;

  ServeCommand(Console console, ServeAction action) {
    this.console = console;
    this.action = action;
  }

  @Override
  public String name() {
    return "serve";
  }

  @Override
  public CommandSpec spec() {
    CommandSpec spec = CommandSpec.create();
    ServerOptions.addConfigFile(spec);
    ServerKeys.ALL.forEach(key -> ServerOptions.add(spec, key));
    for (String option : ALWAYS_ON) {
      spec.addOption(
          OptionSpec.builder(option)
              .type(String.class)
              .arity("0..1")
              .fallbackValue("true")
              .hidden(true)
              .build());
    }
    spec.usageMessage()
        .description(
            "Serves the models of a directory, and those that have a source of their own, over REST"
                + " and gRPC, until it is told to stop.",
            "What is not given comes from the environment (SKEG_HTTP_PORT and so on), then from"
                + " the file that --config names, then from the defaults.")
        .footer(
            "",
            "Example:",
            "  skeg serve --models examples/models --http-port 8000 --grpc-port 8001",
            "  skeg serve --models fraud=oci://registry.example.org/team/fraud#tag/prod");
    return spec;
  }

  @Override
  public int run(ParseResult arguments) {
    for (String option : ALWAYS_ON) {
      String value = arguments.matchedOptionValue(option, "true");
      if (!value.equals("true") && !value.equals("1")) {
        throw new BadUsage(option + ": " + value + " (expected: true; it cannot be switched off)");
      }
    }
    ServerConfigSources.Loaded loaded = ServerOptions.sources(console, arguments).load();
    loaded.warnings().forEach(warning -> console.problem("warning: " + warning));
    ServerConfig config = loaded.config();
    if (config.modelsDirectory().isEmpty() && config.sources().isEmpty()) {
      Key<?> models = ServerKeys.MODELS;
      throw new BadUsage(
          "no models (expected: "
              + models.options().getFirst()
              + " DIR or NAME=URI, the variable "
              + models.variable()
              + ", or "
              + models.path()
              + ": DIR or models: in the file of --config)");
    }
    return action.run(config);
  }
}
