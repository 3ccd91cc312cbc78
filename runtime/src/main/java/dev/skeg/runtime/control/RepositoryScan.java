package dev.skeg.runtime.control;

import dev.skeg.registry.Artifact;
import dev.skeg.registry.ModelDirectory;
import dev.skeg.registry.ModelEntry;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.VersionEntry;
import dev.skeg.runtime.config.ConfigException;
import dev.skeg.runtime.config.CpuBudget;
import dev.skeg.runtime.config.ExecutionConfig;
import dev.skeg.runtime.config.Lanes;
import dev.skeg.runtime.config.ModelConfigFile;
import dev.skeg.runtime.config.ModelYaml;
import dev.skeg.runtime.config.VersionsConfig;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.servable.LoadRequest;
import java.util.ArrayList;
import java.util.List;

/**
 * Looks at a directory of models and says what is to become of each.
 *
 * <p><b>Threads.</b> Any; reads the disk.
 */
public final class RepositoryScan {
  private final ModelDirectory directory;
  private final ExecutionConfig execution;
  private final CpuBudget budget;

  /**
   * @param execution for models that do not say themselves
   * @param budget what the process may use
   */
  public RepositoryScan(ModelDirectory directory, ExecutionConfig execution, CpuBudget budget) {
    this.directory = directory;
    this.execution = execution;
    this.budget = budget;
  }

  /**
   * Returns a plan for each model, ordered by name. What is wrong with one model is in its plan.
   *
   * @throws RegistryException if the directory itself cannot be read
   */
  List<ModelPlan> plan() {
    return directory.list().models().stream().map(this::plan).toList();
  }

  private ModelPlan plan(ModelEntry model) {
    List<Long> available = model.versions().stream().map(VersionEntry::number).toList();
    if (available.isEmpty()) {
      return new ModelPlan(
          model.name(),
          List.of(),
          model
              .problem()
              .orElse(
                  model.directory()
                      + " has no version (expected: a directory named by a number, as "
                      + model.directory().resolve("1").resolve("model.onnx")
                      + ")"));
    }
    ModelConfigFile config;
    ExecutionConfig running;
    VersionsConfig handling;
    try {
      if (model.problem().isPresent()) {
        throw new ConfigException(model.problem().get());
      }
      config =
          model
              .configFile()
              .map(file -> ModelConfigFile.read(file, model.name()))
              .orElse(ModelConfigFile.ABSENT);
      ModelYaml yaml = model.yamlFile().map(ModelYaml::read).orElse(ModelYaml.ABSENT);
      running = yaml.execution(execution, config.instances());
      handling = yaml.versions();
    } catch (ConfigException e) {
      String reason = String.join("; ", e.problems());
      return new ModelPlan(
          model.name(),
          available.stream()
              .map(number -> (VersionPlan) new VersionPlan.Refuse(number, reason))
              .toList(),
          "");
    }
    List<VersionPlan> versions = new ArrayList<>();
    for (long number : config.selectVersions(available)) {
      versions.add(
          model
              .version(number)
              .map(version -> plan(model.name(), version, config, running))
              .orElseGet(() ->
                  new VersionPlan.Refuse(
                      number,
                      "config.pbtxt asks for version "
                          + number
                          + ", but "
                          + model.directory()
                          + " has only "
                          + available)));
    }
    return new ModelPlan(model.name(), versions, "", handling, false);
  }

  private VersionPlan plan(
      String model, VersionEntry version, ModelConfigFile config, ExecutionConfig running) {
    try {
      Artifact artifact = version.artifact();
      LoadRequest request =
          new LoadRequest(
              new ModelVersion(model, version.number()),
              version.directory().resolve(config.modelFileName()),
              config.config(),
              config.declaresMaxBatchSize(),
              running.intraOpThreads());
      Lanes lanes = running.lanes();
      return new VersionPlan.Load(
          artifact.digest(),
          request,
          lanes.resolve(budget, running.intraOpThreads()),
          running.maxQueued());
    } catch (RegistryException e) {
      return new VersionPlan.Refuse(version.number(), String.valueOf(e.getMessage()));
    }
  }
}
