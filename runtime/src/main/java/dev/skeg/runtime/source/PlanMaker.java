package dev.skeg.runtime.source;

import dev.skeg.runtime.config.ConfigException;
import dev.skeg.runtime.config.CpuBudget;
import dev.skeg.runtime.config.ExecutionConfig;
import dev.skeg.runtime.config.ModelConfigFile;
import dev.skeg.runtime.config.ModelYaml;
import dev.skeg.runtime.config.MonitorConfig;
import dev.skeg.runtime.config.VersionsConfig;
import dev.skeg.runtime.control.VersionPlan;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.servable.LoadRequest;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says how a version is to be loaded, by its files and its model's configuration.
 *
 * <p><b>Threads.</b> Any; reads the disk.
 */
final class PlanMaker {
  private static final Logger LOG = LoggerFactory.getLogger(PlanMaker.class);

  private final ExecutionConfig execution;
  private final CpuBudget budget;

  /**
   * @param execution for models that do not say themselves
   * @param budget what the process may use
   */
  PlanMaker(ExecutionConfig execution, CpuBudget budget) {
    this.execution = execution;
    this.budget = budget;
  }

  /**
   * A model's configuration.
   *
   * @param running config.pbtxt, model.yaml and the server's own put together
   * @param sharesWeights as {@code ModelYaml} has it
   */
  record Setup(
      ModelConfigFile config,
      ExecutionConfig running,
      boolean sharesWeights,
      VersionsConfig versions,
      MonitorConfig monitor) {}

  /**
   * Reads a model's configuration.
   *
   * @param configFile its config.pbtxt, if it has one
   * @param yamlFile its model.yaml, if it has one
   * @throws ConfigException with every problem found
   */
  Setup setup(String model, Optional<Path> configFile, Optional<Path> yamlFile) {
    ModelConfigFile config =
        configFile.map(file -> ModelConfigFile.read(file, model)).orElse(ModelConfigFile.ABSENT);
    config.warnings().forEach(warning -> LOG.warn("Model '{}': {}", model, warning));
    ModelYaml yaml = yamlFile.map(ModelYaml::read).orElse(ModelYaml.ABSENT);
    return new Setup(
        config,
        yaml.execution(execution, config.instances()),
        yaml.sharesWeights(),
        yaml.versions(),
        yaml.monitor());
  }

  /**
   * Returns the plan of a version.
   *
   * @param digest of its files
   * @param modelFile within its directory
   */
  VersionPlan.Load load(ModelVersion version, String digest, Path modelFile, Setup setup) {
    ExecutionConfig running = setup.running();
    LoadRequest request =
        new LoadRequest(
            version,
            modelFile,
            setup.config().config(),
            setup.config().declaresMaxBatchSize(),
            running.intraOpThreads(),
            setup.sharesWeights());
    return new VersionPlan.Load(
        digest,
        request,
        running.lanes().resolve(budget, running.intraOpThreads()),
        running.maxQueued(),
        setup.monitor());
  }
}
