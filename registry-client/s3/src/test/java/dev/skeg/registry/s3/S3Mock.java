package dev.skeg.registry.s3;

import dev.skeg.registry.testing.ServerProcess;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** Adobe's S3Mock on free loopback ports, as the build has put it into {@code target/}. */
final class S3Mock implements AutoCloseable {
  private static final Path JAR = Path.of("target", "s3mock.jar");
  private static final Pattern LISTENING =
      Pattern.compile("started on ports (\\d+) \\(https\\), (\\d+) \\(http\\)");

  private final ServerProcess process;

  private S3Mock(ServerProcess process) {
    this.process = process;
  }

  static S3Mock start() {
    if (!Files.isRegularFile(JAR)) {
      throw new IllegalStateException(
          JAR.toAbsolutePath()
              + " is missing (expected: mvn process-test-resources puts it there)");
    }
    return new S3Mock(
        ServerProcess.start(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xmx256m",
                "-jar",
                JAR.toString(),
                "--server.address=127.0.0.1",
                "--server.port=0",
                "--http.port=0",
                "--spring.main.lazy-initialization=false"),
            LISTENING));
  }

  /** Returns its URL without TLS. */
  URI http() {
    return URI.create("http://127.0.0.1:" + process.started().group(2));
  }

  /** Returns its URL with TLS, by a certificate that it has signed itself. */
  URI https() {
    return URI.create("https://localhost:" + process.started().group(1));
  }

  @Override
  public void close() {
    process.close();
  }
}
