package dev.skeg.registry.oci;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Debian's {@code skopeo}: a client of registries that is not ours. */
final class Skopeo {
  private static final Path PROGRAM = Path.of("/usr/bin/skopeo");

  private Skopeo() {}

  /** Copies between a directory or layout and a registry without TLS. */
  static void copy(String from, String to, String... options) {
    List<String> arguments = new ArrayList<>(List.of("--insecure-policy", "copy"));
    arguments.addAll(List.of("--src-tls-verify=false", "--dest-tls-verify=false"));
    arguments.addAll(List.of(options));
    arguments.addAll(List.of(from, to));
    run(arguments);
  }

  /** Returns a manifest as the registry sends it. */
  static String manifest(String image) {
    return run(List.of("inspect", "--raw", "--tls-verify=false", image));
  }

  private static String run(List<String> arguments) {
    DockerRegistry.requireProgram(PROGRAM, "skopeo");
    List<String> command = new ArrayList<>(List.of(PROGRAM.toString()));
    command.addAll(arguments);
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new IllegalStateException(String.join(" ", command) + ": " + output);
      }
      return output;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }
}
