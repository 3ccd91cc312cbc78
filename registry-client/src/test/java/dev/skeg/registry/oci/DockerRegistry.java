package dev.skeg.registry.oci;

import dev.skeg.registry.testing.ServerProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Debian's {@code docker-registry} as an unprivileged process on a free loopback port.
 *
 * <p><b>Threads.</b> Owned by the test.
 */
public final class DockerRegistry implements AutoCloseable {
  /** The user and password that {@link #HTPASSWD} lets in. */
  static final String USER = "model-reader";

  static final String PASSWORD = "correct horse";

  /** As {@code htpasswd -B} writes it. */
  static final String HTPASSWD =
      USER + ":$2b$04$IxPsSSqRjHlh9erVu6sOFehG4sQhT7RyLM53qKodyZG.a3F9Id/8y\n";

  private static final Pattern LISTENING = Pattern.compile("msg=\"listening on ([0-9.:]+)");
  private static final Path PROGRAM = Path.of("/usr/bin/docker-registry");

  private final ServerProcess process;

  private DockerRegistry(ServerProcess process) {
    this.process = process;
  }

  /**
   * Starts one.
   *
   * @param directory empty; the registry's own from now on
   * @param settings more lines of its configuration, top level, as {@code auth: …}
   */
  public static DockerRegistry start(Path directory, String... settings) {
    return start(directory, "", List.of(settings));
  }

  /** Starts one that names no host of its own, so that clients stay at the proxy they came by. */
  public static DockerRegistry startBehindProxy(Path directory) {
    return start(directory, ", relativeurls: true", List.of());
  }

  /**
   * Starts one that speaks TLS.
   *
   * @param certificate and key in PEM
   */
  static DockerRegistry startTls(Path directory, Path certificate, Path key, String... settings) {
    String tls = ", tls: {certificate: " + certificate + ", key: " + key + "}";
    return start(directory, tls, List.of(settings));
  }

  private static DockerRegistry start(Path directory, String http, List<String> settings) {
    requireProgram(PROGRAM, "docker-registry");
    List<String> lines = new ArrayList<>();
    lines.add("version: 0.1");
    lines.add("log: {level: info, accesslog: {disabled: true}}");
    lines.add(
        "storage: {filesystem: {rootdirectory: "
            + directory.resolve("data")
            + "}, delete: {enabled: true}}");
    lines.add("http: {addr: '127.0.0.1:0', secret: for-tests" + http + "}");
    lines.addAll(settings);
    try {
      Path config = Files.write(directory.resolve("config.yml"), lines);
      return new DockerRegistry(
          ServerProcess.start(List.of(PROGRAM.toString(), "serve", config.toString()), LISTENING));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Fails with what to do if a program of Debian is missing. */
  static void requireProgram(Path program, String debianPackage) {
    if (!Files.isExecutable(program)) {
      throw new IllegalStateException(
          program + " is missing (expected: apt-get install " + debianPackage + ")");
    }
  }

  /** Returns host and port. */
  public String authority() {
    return process.started().group(1);
  }

  /** Returns the root of its API without TLS. */
  URI uri() {
    return URI.create("http://" + authority() + "/");
  }

  @Override
  public void close() {
    process.close();
  }
}
