package dev.skeg.runtime.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.skeg.registry.ModelDirectory;
import dev.skeg.registry.ModelEntry;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.VersionEntry;
import dev.skeg.runtime.config.ConfigException;
import dev.skeg.runtime.config.ModelConfigFile;
import dev.skeg.runtime.config.ModelYaml;
import dev.skeg.runtime.config.MonitorConfig;
import dev.skeg.runtime.config.ServerConfig;
import dev.skeg.runtime.config.ServerConfigSources;
import dev.skeg.runtime.config.ServerKeys;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.servable.LoadRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/** {@code skeg validate}: says what {@code serve} would refuse, without serving. */
final class ValidateCommand implements Command {
  private final Console console;
  private final Supplier<ModelChecker> checker;

  ValidateCommand(Console console, Supplier<ModelChecker> checker) {
    this.console = console;
    this.checker = checker;
  }

  /**
   * What was found out about one version, or about a model as a whole.
   *
   * @param version in decimal; empty for the model as a whole
   * @param problems empty if it can be served
   */
  private record Finding(String model, String version, List<String> problems) {}

  /** How a model is to be served. */
  private record Setup(ModelConfigFile config, MonitorConfig monitor, int intraOpThreads) {}

  @Override
  public String name() {
    return "validate";
  }

  @Override
  public CommandSpec spec() {
    CommandSpec spec = CommandSpec.create();
    spec.addPositional(
        PositionalParamSpec.builder()
            .index("0")
            .arity("0..1")
            .type(String.class)
            .paramLabel("DIR")
            .description("The directory of models, as --models.")
            .build());
    ServerOptions.addConfigFile(spec);
    ServerOptions.add(spec, ServerKeys.MODELS);
    spec.addOption(
        OptionSpec.builder("--json").description("Prints the findings as JSON.").build());
    spec.usageMessage()
        .description(
            "Checks a server's configuration and loads every model that it would serve.",
            "Exits with 1 if anything would not be served.")
        .footer("", "Example:", "  skeg validate examples/models");
    return spec;
  }

  @Override
  public int run(ParseResult arguments) {
    ServerConfigSources sources = ServerOptions.sources(console, arguments);
    String positional = arguments.matchedPositionalValue(0, (String) null);
    if (positional != null) {
      if (arguments.hasMatchedOption(ServerKeys.MODELS.options().getFirst())) {
        throw new BadUsage("both DIR and --models (expected: one of them)");
      }
      sources.withOption(ServerKeys.MODELS, "DIR", positional);
    }
    boolean json = arguments.hasMatchedOption("--json");
    ServerConfig config;
    try {
      ServerConfigSources.Loaded loaded = sources.load();
      loaded.warnings().forEach(warning -> console.problem("warning: " + warning));
      config = loaded.config();
    } catch (ConfigException e) {
      if (!json) {
        throw e;
      }
      printJson(e.problems(), List.of());
      return Console.FAILURE;
    }
    Path directory = config.modelsDirectory().orElse(null);
    if (directory == null && !arguments.hasMatchedOption("--config")) {
      throw new BadUsage("nothing to check (expected: DIR, --config FILE or both)");
    }
    List<String> problems = new ArrayList<>();
    List<Finding> findings =
        directory == null ? List.of() : check(directory, config, json, problems);
    boolean failed =
        !problems.isEmpty() || findings.stream().anyMatch(finding -> !finding.problems().isEmpty());
    if (json) {
      printJson(problems, findings);
    } else {
      console.problems(problems);
      if (findings.isEmpty() && !failed) {
        console.out().println("configuration ok");
      }
    }
    return failed ? Console.FAILURE : Console.OK;
  }

  private List<Finding> check(
      Path directory, ServerConfig config, boolean json, List<String> problems) {
    List<ModelEntry> models;
    try {
      models = ModelDirectory.open(directory).list().models();
    } catch (RegistryException e) {
      problems.add(String.valueOf(e.getMessage()));
      return List.of();
    }
    if (models.isEmpty()) {
      problems.add("models directory " + directory + " has no models");
      return List.of();
    }
    Table table =
        new Table(
            json ? null : console.out(),
            List.of("MODEL", "VERSION", "RESULT"),
            models.stream().map(ModelEntry::name).toList());
    List<Finding> findings = new ArrayList<>();
    try (ModelChecker loader = checker.get()) {
      for (ModelEntry model : models) {
        for (Finding finding : check(model, config, loader)) {
          findings.add(finding);
          List<String> lines = finding.problems().isEmpty() ? List.of("ok") : finding.problems();
          lines.forEach(line -> table.row(finding.model(), finding.version(), line));
        }
      }
    }
    return findings;
  }

  private List<Finding> check(ModelEntry model, ServerConfig config, ModelChecker loader) {
    List<String> problems = new ArrayList<>();
    model.problem().ifPresent(problems::add);
    ModelConfigFile configFile = null;
    ModelYaml yaml = ModelYaml.ABSENT;
    try {
      configFile =
          model
              .configFile()
              .map(file -> ModelConfigFile.read(file, model.name()))
              .orElse(ModelConfigFile.ABSENT);
    } catch (ConfigException e) {
      problems.addAll(e.problems());
    }
    try {
      yaml = model.yamlFile().map(ModelYaml::read).orElse(ModelYaml.ABSENT);
    } catch (ConfigException e) {
      problems.addAll(e.problems());
    }
    if (configFile == null || !problems.isEmpty()) {
      return List.of(new Finding(model.name(), "", problems));
    }
    configFile.warnings().forEach(warning -> console.problem("warning: " + warning));
    List<Finding> findings = new ArrayList<>();
    int intraOpThreads =
        yaml.execution(config.execution(), configFile.instances()).intraOpThreads();
    Setup setup = new Setup(configFile, yaml.monitor(), intraOpThreads);
    List<Long> available = model.versions().stream().map(VersionEntry::number).toList();
    for (long number : configFile.selectVersions(available)) {
      String problem = check(model, number, setup, loader);
      findings.add(
          new Finding(
              model.name(), Long.toString(number), problem == null ? List.of() : List.of(problem)));
    }
    return findings;
  }

  private @Nullable String check(ModelEntry model, long number, Setup setup, ModelChecker loader) {
    VersionEntry version = model.version(number).orElse(null);
    if (version == null) {
      return "there is no directory "
          + model.directory().resolve(Long.toString(number))
          + ", but version_policy asks for it";
    }
    Path file = version.directory().resolve(setup.config().modelFileName());
    if (!Files.isRegularFile(file)) {
      return file + " does not exist (expected: the model's file)";
    }
    LoadRequest request =
        new LoadRequest(
            new ModelVersion(model.name(), number),
            file,
            setup.config().config(),
            setup.config().declaresMaxBatchSize(),
            setup.intraOpThreads());
    try {
      for (String warning : loader.check(request, setup.monitor())) {
        console.problem("warning: " + file + ": " + warning);
      }
      return null;
    } catch (ServingException e) {
      return String.valueOf(e.getMessage());
    }
  }

  private void printJson(List<String> problems, List<Finding> findings) {
    boolean valid =
        problems.isEmpty() && findings.stream().allMatch(finding -> finding.problems().isEmpty());
    try (JsonGenerator json =
        new JsonFactory()
            .createGenerator(console.out())
            .disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET)) {
      json.useDefaultPrettyPrinter();
      json.writeStartObject();
      json.writeBooleanField("valid", valid);
      strings(json, "problems", problems);
      json.writeArrayFieldStart("models");
      for (Finding finding : findings) {
        json.writeStartObject();
        json.writeStringField("model", finding.model());
        if (!finding.version().isEmpty()) {
          json.writeStringField("version", finding.version());
        }
        json.writeBooleanField("valid", finding.problems().isEmpty());
        strings(json, "problems", finding.problems());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    console.out().println();
  }

  private static void strings(JsonGenerator json, String name, List<String> values)
      throws IOException {
    json.writeArrayFieldStart(name);
    for (String value : values) {
      json.writeString(value);
    }
    json.writeEndArray();
  }
}
