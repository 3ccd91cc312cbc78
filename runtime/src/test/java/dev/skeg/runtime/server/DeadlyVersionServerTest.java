package dev.skeg.runtime.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.testing.OnnxGraph;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** A server in a process of its own, and a version that ends it as it is loaded. */
@Timeout(value = 300, threadMode = ThreadMode.SEPARATE_THREAD)
final class DeadlyVersionServerTest {
  @TempDir Path directory;

  @Test
  void aVersionThatEndsEveryProcessThatLoadsItIsGivenUpAfterTheThird() throws Exception {
    String uri = "file://" + directory.resolve("registry");
    Path home = Files.createDirectory(directory.resolve("home"));
    Path config =
        Files.writeString(
            home.resolve("skeg.yaml"),
            """
            models:
              m: {source: "%s", pointer: "alias/prod"}
            """
                .formatted(uri));
    SourcedServer.publish(dividing(1), uri, 1, List.of("alias/prod"));
    try (ServeProcess first = ServeProcess.start(config, home.resolve("data"))) {
      SourcedServer.publish(deadly(2), uri, 2, List.of("alias/prod"));
      first.awaitEnd();
    }
    for (int deaths = 1; deaths < 3; deaths++) {
      try (ServeProcess next = ServeProcess.start(config, home.resolve("data"))) {
        next.awaitEnd();
      }
    }

    try (ServeProcess last = ServeProcess.start(config, home.resolve("data"));
        SourcedServer clients = SourcedServer.of(last)) {
      clients.await(
          () ->
              clients
                  .index()
                  .getOrDefault("m/2", "")
                  .contains("the process ended while it was loaded, 3 times in a row"),
          "version 2 to be given up");
      assertThat(clients.index().get("m/1")).startsWith("READY");
    }
  }

  /** ONNX Runtime divides as the processor does, which traps at this quotient. */
  private Path deadly(int number) throws IOException {
    Path version = dividing(number);
    Files.writeString(
        version.resolve("golden.jsonl"),
        """
        {"inputs": [{"name": "a", "datatype": "INT64", "shape": [1], "data": [-9223372036854775808]},\
         {"name": "b", "datatype": "INT64", "shape": [1], "data": [-1]}],\
         "outputs": [{"name": "y", "datatype": "INT64", "shape": [1], "data": [0]}]}
        """);
    return version;
  }

  private Path dividing(int number) throws IOException {
    Path version = Files.createDirectory(directory.resolve("version-" + number));
    Files.write(
        version.resolve("model.onnx"),
        new OnnxGraph()
            .input("a", DataType.INT64, "n")
            .input("b", DataType.INT64, "n")
            .output("y", DataType.INT64, "n")
            .node("Div", List.of("a", "b"), List.of("y"))
            .build());
    return version;
  }
}
