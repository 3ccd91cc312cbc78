package dev.skeg.registry.s3;

import dev.skeg.registry.testing.ServerProcess;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * Adobe's S3Mock on free loopback ports, as this module's build has put it into {@code target/}.
 */
public final class S3Mock implements AutoCloseable {
  private static final Pattern LISTENING =
      Pattern.compile("started on ports \\d+ \\(https\\), (\\d+) \\(http\\)");

  private final ServerProcess process;

  private S3Mock(ServerProcess process) {
    this.process = process;
  }

  /** Starts one. */
  public static S3Mock start() {
    Path jar = jar();
    if (!Files.isRegularFile(jar)) {
      throw new IllegalStateException(
          jar + " is missing (expected: mvn process-test-resources puts it there)");
    }
    return new S3Mock(
        ServerProcess.start(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xmx256m",
                "-jar",
                jar.toString(),
                "--server.address=127.0.0.1",
                "--server.port=0",
                "--http.port=0",
                "--spring.main.lazy-initialization=false"),
            LISTENING));
  }

  /** Beside the classes of this module's tests, whichever module's tests run. */
  private static Path jar() {
    URI classes;
    try {
      classes =
          Objects.requireNonNull(S3Mock.class.getProtectionDomain().getCodeSource())
              .getLocation()
              .toURI();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
    return Path.of(classes).resolveSibling("s3mock.jar");
  }

  /** Returns its URL without TLS. */
  public URI http() {
    return URI.create("http://127.0.0.1:" + process.started().group(1));
  }

  @Override
  public void close() {
    process.close();
  }
}
