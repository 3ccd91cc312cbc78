package dev.skeg.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.skeg.registry.Pointer;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.signature.Verification;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The server's configuration from its four sources. */
final class ServerConfigTest {
  @TempDir Path directory;

  @Test
  void hasTheDocumentedDefaults() {
    ServerConfig config = ServerConfig.defaults();

    assertThat(config.http().port()).isEqualTo(8000);
    assertThat(config.grpc().port()).isEqualTo(8001);
    assertThat(config.metrics().port()).isEqualTo(8002);
    assertThat(config.admin().port()).isEqualTo(8003);
    assertThat(config.host()).isEqualTo("127.0.0.1");
    assertThat(config.id()).isEqualTo("skeg");
    assertThat(config.drainDelay()).isZero();
    assertThat(config.limits().maxMessageBytes()).isEqualTo(64 << 20);
    assertThat(config.execution().lanes().isAuto()).isTrue();
    assertThat(config.execution().intraOpThreads()).isEqualTo(1);
    assertThat(config.dataDirectory()).isEqualTo(Path.of("./.skeg"));
    assertThat(config.modelsDirectory()).isEmpty();
  }

  @Test
  void describesEveryKeyTheWayAFileHasIt() {
    assertThat(ServerConfig.of(Map.of("drain-delay", "1500ms", "http.port", "0")).describe())
        .isEqualTo(
            "models-dir= model-control-mode=poll load-models= repository-poll-secs=15 host=127.0.0.1 http.port=0 http.socket= grpc.port=8001 grpc.socket= metrics.port=8002"
                + " admin.host=127.0.0.1 admin.port=8003 admin.token-file= transport=auto id=skeg"
                + " drain-delay=1500ms data-dir=./.skeg store.max-size="
                + " execution.lanes=auto execution.intra-op-threads=1 execution.max-queued=1024"
                + " limits.max-message-size=64MiB log.level=info log.format=json");
  }

  @Test
  void aFileSetsEveryKey() throws IOException {
    Path file =
        file(
            """
            # the server
            id: edge
            models-dir: /srv/models
            host: 0.0.0.0
            http: {port: 1}
            grpc:
              port: 2
              socket: /run/skeg.sock
            metrics: {port: 3}
            admin: {host: 10.0.0.1, port: 4, token-file: /run/secrets/admin}
            model-control-mode: explicit
            repository-poll-secs: 60
            store: {max-size: 100GiB}
            drain-delay: 5s
            transport: io-uring
            data-dir: /var/lib/skeg
            execution: {lanes: 3, intra-op-threads: 2, max-queued: 77}
            limits:
              max-message-size: 1GiB
            log: {level: warn, format: text}
            """);

    ServerConfig config = new ServerConfigSources().withFile(file).load().config();

    assertThat(config)
        .isEqualTo(
            new ServerConfig(
                "edge",
                Optional.of(Path.of("/srv/models")),
                List.of(),
                new ServerConfig.ModelControl(ServerConfig.ModelControlMode.EXPLICIT, 60),
                Optional.of(100L << 30),
                Path.of("/var/lib/skeg"),
                "0.0.0.0",
                new ServerConfig.Http(1, Optional.empty()),
                new ServerConfig.Grpc(2, Optional.of(Path.of("/run/skeg.sock"))),
                new ServerConfig.Metrics(3),
                new ServerConfig.Admin("10.0.0.1", 4, Optional.of(Path.of("/run/secrets/admin"))),
                ServerConfig.Transport.IO_URING,
                Duration.ofSeconds(5),
                new ExecutionConfig(new Lanes(3), 2, 77),
                new ServerConfig.Limits(1 << 30),
                new ServerConfig.Log(ServerConfig.LogLevel.WARN, ServerConfig.LogFormat.TEXT)));
  }

  @Test
  void modelsToBeginWithAreForExplicitControlOnly() throws IOException {
    Path file = file("load-models: fraud\n");

    assertThatThrownBy(() -> new ServerConfigSources().withFile(file).load())
        .hasMessageContaining("load-models: only with model-control-mode: explicit");
  }

  @Test
  void theCommandLineOverridesTheEnvironmentWhichOverridesTheFile() throws IOException {
    Path file = file("http: {port: 1001}\ngrpc: {port: 1002}\nmetrics: {port: 1003}\n");

    ServerConfig config =
        new ServerConfigSources()
            .withFile(file)
            .withEnvironment(Map.of("SKEG_GRPC_PORT", "2002", "SKEG_METRICS_PORT", "2003"))
            .withOption(ServerKeys.METRICS_PORT, "--metrics-port", "3003")
            .load()
            .config();

    assertThat(config.http().port()).isEqualTo(1001);
    assertThat(config.grpc().port()).isEqualTo(2002);
    assertThat(config.metrics().port()).isEqualTo(3003);
    assertThat(config.admin().port()).isEqualTo(8003);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "http: {prot: 1} | 1: http.prot: unknown key (did you mean http.port?)",
        "drain_delay: 5s | 1: drain_delay: unknown key (did you mean drain-delay?)",
        "drainDelay: 5s | 1: drainDelay: unknown key (did you mean drain-delay?)",
        "colour: red | 1: colour: unknown key",
        "http.port: 80 | 1: http.port: unknown key (expected: a block, as http: {port: …})",
        "http: 8000 | 1: http: 8000 (expected: a block of port, socket)",
        "http: {port: [1]} | 1: http.port: a list (expected: one value)",
        "http: {port: } | 1: http.port: nothing given (expected: one value)",
        "http: {port: 65536} | 1: http.port: 65536 (expected: a port, 0 to 65535; 0 takes a free one)",
        "drain-delay: 5 | drain-delay: 5 (expected: a duration with one of the units us, ms, s, m, h, d; 0s to 10m; did you mean 5s?)",
        "drain-delay: 5sec | did you mean 5s?",
        "drain-delay: 11m | drain-delay: 11m (expected:",
        "drain-delay: -1s | drain-delay: -1s (expected:",
        "limits: {max-message-size: 64MB} | limits.max-message-size: 64MB (expected: a size with one of the units B, KiB, MiB, GiB; 1KiB to 2047MiB; did you mean 64MiB?)",
        "limits: {max-message-size: 2GiB} | limits.max-message-size: 2GiB (expected:",
        "execution: {lanes: 0} | execution.lanes: 0 (expected: auto, or an integer, 1 to 1024)",
        "log: {level: INFO} | did you mean info?",
        "host: localhost:80 | did you mean localhost?",
        "admin: {host: 0.0.0.0} | admin.host: 0.0.0.0 (expected: 127.0.0.1, localhost or ::1; or admin.token-file",
        "admin: {token: x} | admin.token: unknown key",
        "store: {max-size: 1MB} | store.max-size: 1MB (expected: a size",
        "repository-poll-secs: 15s | repository-poll-secs: 15s (expected: an integer, 0 to 86400)",
        "model-control-mode: POLL | did you mean poll?",
        "models: [a] | models: a list (expected: a block of models, as fraud: {source: …})",
        "models: {a: b} | models.a: not a block (expected: a block, as {source: …, pointer: …})",
        "models: {a: {}} | models.a: no source (expected: source: URI)",
        "models: {a/b: {source: 'file:x'}} | models: 'a/b' (expected: a model's name of 1 to 128 letters",
        "models: {a: {source: b}} | models.a.source: b (expected: SCHEME:PATH or SCHEME://HOST/PATH",
        "models: {a: {source: 'ocy://h/a'}} | models.a.source: source: ocy://h/a has an unknown scheme ocy (expected: azblob,",
        "models: {a: {source: 'oci://h/a?x=1'}} | option x of oci://h/a?x=1",
        "models: {a: {source: 'file:a', pointr: latest}} | models.a.pointr: unknown key (did you mean models.a.pointer?)",
        "models: {a: {source: 'file:a', ca-file: x}} | unknown key (did you mean models.a.",
        "models: {a: {source: 'file:a', pointer: prod}} | models.a.pointer: prod (expected: latest, version/7",
        "models: {a: {source: 'oci://h/a', credentials: {token-file: x, token-env: y}}} | credentials.token-file and credentials.token-env are both given",
        "models: {a: {source: 'oci://h/a', network: {proxy: 'http://p:1'}}} | (expected: HOST:PORT of an HTTP proxy",
        "models: {a: {source: 'file:a', docker-config: x}} | docker-config is not for file:",
        "models: {a: {source: 'file:a', signature: {required: true}}} | signature is required, but neither keyFile nor caFile",
        "models: {a: {source: 'file:a', labels: {7: 3}}} | models.a.labels.7: the label '7' (expected: a letter",
        "models: {a: {source: 'file:a', labels: {prod: x}}} | models.a.labels.prod: x (expected: a version's number, 1 or more)",
        "models: {a: {source: 'file:a', labels: prod}} | models.a.labels: prod (expected: a block",
        "models: {a: {source: 'file:a', write-back: true}} | write-back is not for file: (expected: the key left out)",
        "models: {a: {source: 'file:a', write-back: yes}} | models.a.write-back: yes (expected: true or false)",
        "models: {a: {labels: {prod: 3}}} | models.a: no source (expected: source: URI)",
        "models: {a: {source: 'file:a', network: {read-timeout: 5}}} | models.a.network.read-timeout: 5 (expected: a duration",
        "id: {a: &a {}, b: 1} | an anchor or alias",
        "id: !!java.net.URL x | the tag",
        "- 1 | expected: keys and values",
        "id: [ | not YAML",
        "admin: {port: 8000} | admin.port: 8000 (expected: a port that http.port does not have too)",
      })
  void refusesWhatIsNotUnderstoodWithFileLineAndWhatWouldDo(String yaml, String message)
      throws IOException {
    Path file = file(yaml);

    assertThatThrownBy(() -> new ServerConfigSources().withFile(file).load())
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(file + ":1")
        .hasMessageContaining(message);
  }

  @Test
  void aModelsSourceIsReadWithWhatItNeedsAndLoggedWithoutSecrets() throws IOException {
    Path file =
        file(
            """
            models:
              # A name may have dots.
              fraud.v2:
                source: "oci://registry.example.org/team/fraud"
                pointer: tag/prod
                poll-interval: 30s
                labels: {prod: 3, source: 12, v1.0: 1}
                credentials: {username-env: SKEG_TEST_USER, password-file: /run/secrets/password}
                docker-config: /root/.docker/config.json
                network: {proxy: "proxy:3128", connect-timeout: 1s, read-timeout: 2s}
                hook: {secret-file: /run/secrets/hook}
                signature: {required: true, key-file: /etc/skeg/key.pem}
              churn: {source: "file:models/churn"}
            """);

    ServerConfig config = load(file);

    assertThat(config.sources())
        .satisfiesExactly(
            churn -> {
              assertThat(churn.pointer()).isEqualTo(Pointer.LATEST);
              assertThat(churn.pollInterval()).isEmpty();
              assertThat(churn.hookSecret()).isEmpty();
              assertThat(churn.labels()).isEmpty();
              assertThat(churn.verification()).isEqualTo(Verification.NONE);
            },
            fraud -> {
              assertThat(fraud.model()).isEqualTo("fraud.v2");
              assertThat(fraud.uri())
                  .isEqualTo(SourceUri.parse("oci://registry.example.org/team/fraud"));
              assertThat(fraud.pointer()).isEqualTo(Pointer.parse("tag/prod"));
              assertThat(fraud.pollInterval()).contains(Duration.ofSeconds(30));
              assertThat(fraud.labels())
                  .containsOnly(
                      Map.entry("prod", 3L), Map.entry("source", 12L), Map.entry("v1.0", 1L));
              assertThat(fraud.settings().credentials()).containsOnlyKeys("username", "password");
              assertThat(fraud.settings().options())
                  .isEqualTo(Map.of("docker-config", "/root/.docker/config.json"));
              assertThat(fraud.settings().network().readTimeout()).isEqualTo(Duration.ofSeconds(2));
              assertThat(fraud.settings().network().proxy()).isPresent();
              assertThat(fraud.hookSecret().map(Object::toString))
                  .contains("secret from file /run/secrets/hook");
              assertThat(fraud.verification())
                  .isEqualTo(Verification.byKey(Path.of("/etc/skeg/key.pem")));
            });
    assertThat(config.describe())
        .contains("models.churn=file:models/churn#latest")
        .contains("models.fraud.v2=oci://registry.example.org/team/fraud#tag/prod")
        .doesNotContain("secrets");
  }

  @Test
  void aSourceThatHoldsASecretIsRefusedWithoutRepeatingIt() throws IOException {
    for (String uri :
        List.of("https://me:s3cret@host/m", "https://host/m?sig=s3cret", "oci://me:s3cret@h/m")) {
      assertThatThrownBy(() -> load(file("models: {m: {source: \"" + uri + "\"}}")))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("models.m.source")
          .message()
          .doesNotContain("s3cret");
      assertThatThrownBy(() -> new ServerConfigSources().withModel("--models", "m=" + uri).load())
          .message()
          .doesNotContain("s3cret");
    }
  }

  @Test
  void theCommandLineNamesModelsWithTheirPointers() throws IOException {
    Path file = file("models: {a: {source: \"file:x\", poll-interval: 1s}}");

    ServerConfig config =
        new ServerConfigSources()
            .withFile(file)
            .withModel("--models", "a=file:y")
            .withModel("--models", "b=oci://host/team/b#tag/prod")
            .load()
            .config();

    assertThat(config.sources().stream().map(SourceConfig::toString))
        .containsExactly("a=file:y#latest", "b=oci://host/team/b#tag/prod");
    assertThat(config.sources().getFirst().pollInterval()).contains(Duration.ofSeconds(1));
    assertThatThrownBy(
            () -> new ServerConfigSources().withModel("--models", "b=oci://h/b#prod").load())
        .hasMessageStartingWith("--models: b: prod (expected: latest,");
  }

  @Test
  void codeSetsModelsByTheirKeysToo() {
    ServerConfig config =
        ServerConfig.of(Map.of("models.a.b.source", "file:x", "models.a.b.pointer", "version/3"));

    assertThat(config.sources().getFirst()).hasToString("a.b=file:x#version/3");
  }

  @Test
  void aPollOfZeroSecondsLooksOnce() {
    assertThat(ServerConfig.defaults().modelControl().isWatching()).isTrue();
    assertThat(ServerConfig.of(Map.of("repository-poll-secs", "0")).modelControl().isWatching())
        .isFalse();
    assertThat(ServerConfig.of(Map.of("model-control-mode", "none")).modelControl().isWatching())
        .isFalse();
  }

  @Test
  void reportsEveryProblemAtOnceEachWithItsLine() throws IOException {
    Path file = file("id: skeg\nhttp:\n  port: x\n  prot: 1\ndrain-delay: 1\n");

    ConfigException e =
        catchThrowableOfType(
            ConfigException.class, () -> new ServerConfigSources().withFile(file).load());

    assertThat(e.problems())
        .satisfiesExactlyInAnyOrder(
            problem -> assertThat(problem).startsWith(file + ":3: http.port: x"),
            problem -> assertThat(problem).startsWith(file + ":4: http.prot: unknown key"),
            problem -> assertThat(problem).startsWith(file + ":5: drain-delay: 1"));
  }

  @Test
  void refusesAKeyGivenTwiceASecondDocumentAndAliases() throws IOException {
    assertThatThrownBy(() -> load(file("id: a\nid: b\n"))).hasMessageContaining(":2: id: given");
    assertThatThrownBy(() -> load(file("id: a\n---\nid: b\n")))
        .hasMessageContaining("a second document");
    assertThatThrownBy(() -> load(file("id: &a x\nhost: *a\n")))
        .hasMessageContaining(":2: an anchor or alias");
  }

  @Test
  void boundsTheFilesSizeAndDepth() throws IOException {
    assertThatThrownBy(() -> load(file("#".repeat((1 << 20) + 1))))
        .hasMessageContaining("larger than 1MiB");
    assertThatThrownBy(() -> load(file("a: " + "[".repeat(5000))))
        .isInstanceOf(ConfigException.class);
    assertThatThrownBy(() -> load(file("a: " + "[".repeat(40) + "]".repeat(40))))
        .hasMessageContaining("more than 32 levels");
  }

  @Test
  void anEmptyFileAndOneOfCommentsSetNothing() throws IOException {
    assertThat(load(file(""))).isEqualTo(ServerConfig.defaults());
    assertThat(load(file("# nothing\n"))).isEqualTo(ServerConfig.defaults());
    assertThat(load(file("http:\n#  port: 1\n"))).isEqualTo(ServerConfig.defaults());
  }

  @Test
  void saysWhyAFileCannotBeRead() {
    assertThatThrownBy(() -> load(directory.resolve("none.yaml")))
        .hasMessage(directory.resolve("none.yaml") + ": does not exist");
    assertThatThrownBy(() -> load(directory)).hasMessage(directory + ": is a directory");
  }

  @Test
  void namesTheVariableOrOptionOfABadValue() {
    assertThatThrownBy(
            () -> new ServerConfigSources().withEnvironment(Map.of("SKEG_HTTP_PORT", "x")).load())
        .hasMessageStartingWith("SKEG_HTTP_PORT: x (expected: a port");
    assertThatThrownBy(() ->
            new ServerConfigSources().withOption(ServerKeys.HTTP_PORT, "--http-port", "x").load())
        .hasMessageStartingWith("--http-port: x (expected: a port");
  }

  @Test
  void warnsOfUnknownVariablesButNotOfThoseThatKubernetesMakes() {
    ServerConfigSources.Loaded loaded =
        new ServerConfigSources()
            .withEnvironment(
                Map.of(
                    "SKEG_HTP_PORT", "80",
                    "SKEG_HTTP_PORT", "tcp://10.0.0.1:8000",
                    "SKEG_SERVICE_HOST", "10.0.0.1",
                    "SKEG_PORT_8000_TCP_ADDR", "10.0.0.1",
                    "PATH", "/bin"))
            .load();

    assertThat(loaded.config().http().port()).isEqualTo(8000);
    assertThat(loaded.warnings())
        .satisfiesExactly(
            warning ->
                assertThat(warning)
                    .isEqualTo(
                        "SKEG_HTP_PORT: unknown variable, ignored (did you mean SKEG_HTTP_PORT?)"),
            warning -> assertThat(warning).contains("SKEG_HTTP_PORT", "enableServiceLinks"));
  }

  @Test
  void everyKeyHasARecordComponentAndEveryComponentAKey() {
    List<String> components =
        Arrays.stream(ServerConfig.class.getRecordComponents())
            .filter(component -> !component.getName().equals("sources")) // SourceKeys has those.
            .flatMap(component ->
                component.getType().isRecord() && component.getType() != Lanes.class
                    ? Arrays.stream(component.getType().getRecordComponents())
                    : Stream.of(component))
            .map(RecordComponent::getName)
            .toList();

    assertThat(components).hasSameSizeAs(ServerKeys.ALL);
  }

  private static ServerConfig load(Path file) {
    return new ServerConfigSources().withFile(file).load().config();
  }

  private Path file(String text) throws IOException {
    return Files.writeString(directory.resolve("skeg.yaml"), text);
  }
}
