package dev.skeg.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/**
 * Keeps docs/configuration.md the same as what the code accepts. With {@code
 * -Dskeg.docs.write=true} it writes the page instead of comparing it.
 */
final class ConfigurationReferenceTest {
  private static final String COMMAND =
      "mvn -q test -pl runtime -am -Dtest=ConfigurationReferenceTest"
          + " -Dsurefire.failIfNoSpecifiedTests=false -Dskeg.docs.write=true";
  private static final Path PAGE =
      Path.of(System.getProperty("basedir", "")).resolve("../docs/configuration.md").normalize();

  @Test
  void thePageIsWhatTheCodeAccepts() throws IOException {
    String page = page();

    if (Boolean.getBoolean("skeg.docs.write")) {
      Files.createDirectories(PAGE.getParent());
      Files.writeString(PAGE, page);
    }

    assertThat(PAGE).as("the reference; to write it: " + COMMAND).exists();
    assertThat(Files.readString(PAGE))
        .as("docs/configuration.md; to rewrite it: " + COMMAND)
        .isEqualTo(page);
  }

  private static String page() {
    return """
    <!-- Generated from the code. To rewrite it: %s -->

    # Configuration

    The server reads `skeg.yaml`; each model may have a `config.pbtxt` and a `model.yaml` beside its versions.
    All of them are optional. Nothing is guessed: an unknown key, a value without its unit or an impossible value is
    refused with the file and line, what came, what would do, and the nearest valid key.
    `skeg validate` checks all of it without serving.

    ## The server: skeg.yaml, environment, command line

    A value is looked for in this order; the first one found is used:

    1. the command line's option,
    2. the environment variable,
    3. the file that `--config FILE` or the variable `SKEG_CONFIG` names,
    4. the default.

    Paths are relative to the working directory. An unknown variable that begins with `SKEG_` is ignored with a
    warning, since Kubernetes makes some for a Service called `skeg`. The effective values are logged once at start.

    ```yaml
    # skeg.yaml
    models-dir: /srv/models
    host: 0.0.0.0
    http: {port: 8000}
    drain-delay: 5s
    limits: {max-message-size: 64MiB}
    ```

    %s
    The admin port asks for a token only if `admin.token-file` is set, and without one listens on a loopback address only.
    `--allow-http`, `--allow-grpc` and `--allow-metrics` are accepted with `true`, so that a Triton command line carries over.

    Durations are an integer with one of `us`, `ms`, `s`, `m`, `h`, `d`; sizes are an integer with one of `B`, `KiB`,
    `MiB`, `GiB`. There are no fractions and no spaces: `1500ms`, not `1.5 s`.

    ### Models with a source of their own: models

    ```yaml
    # skeg.yaml
    models:
      fraud:
        source: "oci://registry.example.org/team/fraud"
        pointer: "tag/prod"
        credentials: {token-file: /run/secrets/registry}
      churn: {source: "mlflow://mlflow.example.org/churn", pointer: "alias/champion"}
    ```

    Each model has its name, then these keys. On the command line, `--models NAME=URI` or `--models NAME=URI#POINTER`
    does the same for `source` and `pointer`. A model that `models-dir` has too is served from its source. Secrets never
    stand in this file; they are read from files or variables each time they are used.

    %s
    ## A model: model.yaml

    ```yaml
    # models/fraud/model.yaml
    execution: {lanes: 2, intra-op-threads: 1}
    versions: {swap: load-first, keep-previous: 2}
    ```

    %s
    The blocks %s are for later versions and are refused by this one.

    ## A model: config.pbtxt

    Triton's model configuration, in protobuf's text format. Everything left out is completed from the model;
    everything given must be borne out by it. Fields that would change answers and are not supported are refused,
    so a configuration that loads means what it means to Triton. A field without effect is named in a warning when
    the model is loaded, and by `skeg validate`.

    %s
    Every name must be the model's own, and each input and output is named once. `dims` are 1 or more, or -1 where the
    request chooses; where `max_batch_size` is above 0 they leave the batch dimension out.
    """
        .formatted(
            COMMAND, serverKeys(), sourceKeys(), modelKeys(), laterBlocks(), modelConfigFields());
  }

  private static String serverKeys() {
    StringBuilder table =
        new StringBuilder(
            "| key | value | default | variable | option | |\n|---|---|---|---|---|---|\n");
    for (Key<?> key : ServerKeys.ALL) {
      table.append(
          "| `%s` | %s | %s | `%s` | %s | %s |\n"
              .formatted(
                  key.path(),
                  key.expected().replace("<", "&lt;"),
                  key.defaultText().isEmpty() ? "" : "`" + key.defaultText() + "`",
                  key.variable(),
                  key.options().isEmpty() ? "" : "`" + String.join("`, `", key.options()) + "`",
                  key.summary()));
    }
    return table.toString();
  }

  private static String sourceKeys() {
    StringBuilder table = new StringBuilder("| key | value | default | |\n|---|---|---|---|\n");
    for (SourceKeys.SourceKey<?> key : SourceKeys.ALL) {
      table.append(
          "| `%s` | %s | %s | %s |\n"
              .formatted(
                  key.path(),
                  key.expected(),
                  key.defaultText().isEmpty() ? "" : "`" + key.defaultText() + "`",
                  key.summary()));
    }
    return table.toString();
  }

  private static String modelKeys() {
    StringBuilder table = new StringBuilder("| key | value | default | |\n|---|---|---|---|\n");
    for (ModelYaml.ModelKey key : ModelYaml.KEYS) {
      table.append(
          "| `%s` | %s | %s | %s |\n"
              .formatted(key.shownPath(), key.expected(), key.defaultText(), key.summary()));
    }
    return table.toString();
  }

  private static String laterBlocks() {
    return String.join(
        ", ",
        ModelYaml.REFUSED.keySet().stream()
            .filter(block -> block.indexOf('.') < 0)
            .sorted()
            .map(block -> "`" + block + "`")
            .toList());
  }

  private static String modelConfigFields() {
    StringBuilder table = new StringBuilder("| field | support | |\n|---|---|---|\n");
    for (ModelConfigSupport each : ModelConfigSupport.ALL) {
      String support =
          switch (each.support()) {
            case WORKS -> "works";
            case KEPT -> "read and kept, without effect";
            case REFUSED -> "**refused**";
          };
      table.append("| `%s` | %s | %s |\n".formatted(each.field(), support, each.note().strip()));
    }
    return table.toString();
  }
}
