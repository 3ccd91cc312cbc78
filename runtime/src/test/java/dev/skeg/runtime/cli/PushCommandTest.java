package dev.skeg.runtime.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skeg.registry.Artifact;
import dev.skeg.registry.PublishedLayout;
import dev.skeg.registry.testing.Exchange.Answer;
import dev.skeg.registry.testing.Fault;
import dev.skeg.registry.testing.FaultyServer;
import dev.skeg.registry.testing.Objects;
import dev.skeg.registry.testing.Versions;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code skeg push} to directories and web servers. */
@Timeout(60)
final class PushCommandTest {
  @TempDir Path directory;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final Map<String, String> environment = new HashMap<>();

  @Test
  void publishesWithAManifestAndMovesThePointersLast() throws IOException {
    Path version = Versions.write(directory.resolve("v"), 1, 2, 100);
    String uri = "file:" + directory.resolve("m");

    assertThat(run("push", version.toString(), uri, "--pointer", "prod", "--pointer=branch/x"))
        .isZero();

    assertThat(err.toString()).isEmpty();
    assertThat(out.toString())
        .startsWith("published " + uri + " version 1 revision 1@sha256:")
        .contains(" content " + Artifact.of(version).digest())
        .endsWith(" as tag/prod, branch/x, latest\n");
    assertThat(directory.resolve("m/1/" + PublishedLayout.MANIFEST)).exists();
    assertThat(directory.resolve("m/_pointers/tag/prod")).hasContent(revision());
    assertThat(directory.resolve("m/_pointers/branch/x")).hasContent(revision());
  }

  private String revision() {
    return out.toString().replaceAll("(?s).* revision (\\S+) .*", "$1");
  }

  @Test
  void printsJson() throws IOException {
    Path version = Versions.write(directory.resolve("v"), 1, 1, 100);
    String uri = "file:" + directory.resolve("m");

    assertThat(run("push", version.toString(), uri, "--number", "7", "--json")).isZero();

    JsonNode json = new ObjectMapper().readTree(out.toString());
    assertThat(json.path("uri").asText()).isEqualTo(uri);
    assertThat(json.path("version").asInt()).isEqualTo(7);
    assertThat(json.path("revision").asText()).startsWith("7@sha256:");
    assertThat(json.path("digest").asText()).isEqualTo(Artifact.of(version).digest());
    assertThat(json.path("pointers").get(0).asText()).isEqualTo("latest");
  }

  @Test
  void ofAModelTheHighestVersionIsPublishedAndWhatIsLeftOutIsSaid() throws IOException {
    Versions.write(directory.resolve("fraud/9"), 9, 1, 100);
    Path highest = Versions.write(directory.resolve("fraud/10"), 10, 1, 100);
    Files.createFile(directory.resolve("fraud/config.pbtxt"));

    assertThat(run("push", directory.resolve("fraud").toString(), "file:" + directory + "/m"))
        .isZero();

    assertThat(out.toString()).contains(Artifact.of(highest).digest());
    assertThat(err.toString())
        .startsWith("skeg: warning: ")
        .contains("fraud/config.pbtxt is not published")
        .hasLineCount(1);
  }

  @Test
  void aTakenNumberFailsUnlessItIsForced() {
    Path first = Versions.write(directory.resolve("a"), 1, 1, 100);
    Path second = Versions.write(directory.resolve("b"), 2, 1, 100);
    String uri = "file:" + directory.resolve("m");
    assertThat(run("push", first.toString(), uri, "--number", "3")).isZero();

    assertThat(run("push", second.toString(), uri, "--number", "3")).isEqualTo(1);
    assertThat(err.toString()).contains("exists already (expected: another number, or force)");
    assertThat(err.toString()).hasLineCount(1);
    assertThat(run("push", second.toString(), uri, "--number", "3", "--force")).isZero();
  }

  @Test
  void badUsageExitsWithTwoAndOneLine() {
    String version = Versions.write(directory.resolve("v"), 1, 1, 100).toString();

    assertProblem(2, "expected: SCHEME:PATH", version, "fraud");
    assertProblem(2, "perhaps s3", version, "s4://models/fraud");
    assertProblem(2, "cannot be published to", version, "hf://acme/fraud");
    assertProblem(2, "--number: 0 (expected: an integer", version, "file:m", "--number", "0");
    assertProblem(2, "expected: tag/NAME", version, "file:m", "--pointer", "version/3");
    assertProblem(2, "expected: HOST:PORT", version, "file:m", "--proxy", "http://proxy");
    assertProblem(2, "--read-timeout: 5 (expected: a dur", version, "file:m", "--read-timeout=5");
    assertProblem(2, "URI", version);
    assertProblem(1, "does not exist (expected: a version's", version + "x", "file:m");
    assertProblem(1, "azblob: needs a client", version, "azblob://account/fraud");
  }

  private void assertProblem(int code, String message, String... arguments) {
    err.getBuffer().setLength(0);
    String[] all = new String[arguments.length + 1];
    all[0] = "push";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    assertThat(run(all)).as(err.toString()).isEqualTo(code);
    assertThat(err.toString()).contains(message).hasLineCount(1);
  }

  @Test
  void secretsComeFromFilesOrTheEnvironmentAndAreNeverPrinted() throws IOException {
    Path version = Versions.write(directory.resolve("v"), 1, 1, 100);
    Path file = Files.writeString(directory.resolve("token"), "fr0m-file\n");
    environment.put("SKEG_PUSH_TOKEN", "fr0m-environment");
    try (FaultyServer server = FaultyServer.start(new Objects())) {
      String uri = "http://" + server.authority() + "/m";

      assertThat(run("push", version.toString(), uri)).isZero();
      assertThat(server.requests())
          .allMatch(request -> request.header("Authorization").equals("Bearer fr0m-environment"));
      int before = server.requests().size();
      server.onlyFor(request -> request.method().equals("PUT")).then(Fault.status(403));
      assertThat(run("push", version.toString(), uri, "--token-file", file.toString()))
          .isEqualTo(1);
      assertThat(server.requests().subList(before, server.requests().size()))
          .allMatch(request -> request.header("Authorization").equals("Bearer fr0m-file"));
    }
    assertThat(err.toString()).contains("answered 403 (expected: credentials that may do this)");
    assertThat(out + "" + err).doesNotContain("fr0m");
  }

  /** The usual patience is 30 s. */
  @Test
  @Timeout(20)
  void aServerIsAskedAgainWhenItHasBeenSilentForAsLongAsItMay() throws IOException {
    Path version = Versions.write(directory.resolve("v"), 1, 1, 100);
    try (FaultyServer server = FaultyServer.start(new Objects()).then(new Fault.Stall(0))) {
      String uri = "http://" + server.authority() + "/m";

      assertThat(run("push", version.toString(), uri, "--read-timeout", "300ms")).isZero();

      assertThat(server.isScriptDone()).isTrue();
    }
    assertThat(out.toString()).startsWith("published ");
  }

  @Test
  void whatTakesLongSaysHowFarItIs() throws IOException {
    Path version = Versions.write(directory.resolve("v"), 1, 1, 2_000_000);
    CountDownLatch said = new CountDownLatch(1);
    PrintWriter watched =
        new PrintWriter(err) {
          @Override
          public void println(String line) {
            super.println(line);
            if (line.contains("model.onnx 2.0 of 2.0 MB")) {
              said.countDown();
            }
          }
        };
    Objects objects = new Objects();
    try (FaultyServer server =
        FaultyServer.start(request -> {
          if (request.method().equals("PUT")
              && request.path().endsWith("_MANIFEST.json")
              && !said.await(30, TimeUnit.SECONDS)) {
            return Answer.of(500);
          }
          return objects.handle(request);
        })) {
      PushCommand push =
          new PushCommand(
              new Console(new PrintWriter(out), watched, environment), Duration.ofMillis(1));

      int code =
          push.run(
              new CommandLine(push.spec().name("push"))
                  .parseArgs(version.toString(), "http://" + server.authority() + "/m"));

      assertThat(code).isZero();
    }
    assertThat(err.toString()).contains("skeg: publishing " + version);
  }

  private int run(String... arguments) {
    return new CommandLineInterface(
            config -> 7,
            BackendChecker::new,
            new PrintWriter(out),
            new PrintWriter(err),
            environment)
        .run(arguments);
  }
}
