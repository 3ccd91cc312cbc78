package dev.skeg.runtime.server;

import dev.skeg.runtime.cli.Main;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * {@code skeg serve} in a process of its own, to be killed: the launcher that {@code
 * -Dskeg.launcher} names, which becomes the server's process, or its main class alone.
 *
 * <p><b>Threads.</b> Owned by the test, but for {@link #kill}.
 */
final class ServeProcess implements AutoCloseable {
  private static final String LAUNCHER = System.getProperty("skeg.launcher", "");
  private static final int START_SECONDS = 90;
  private static final Pattern PORT = Pattern.compile("(\\w+)=(127\\.0\\.0\\.1:\\d+)");

  private final Process process;
  private final Path log;
  private final String readyLine;

  private ServeProcess(Process process, Path log, String readyLine) {
    this.process = process;
    this.log = log;
    this.readyLine = readyLine;
  }

  /**
   * Starts a server with free ports, and returns when it says that it is ready.
   *
   * @param config its skeg.yaml
   * @param data its data directory
   */
  static ServeProcess start(Path config, Path data) throws IOException {
    Path log = data.resolveSibling("log");
    List<String> command = new ArrayList<>();
    if (LAUNCHER.isEmpty()) {
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1"));
      command.addAll(List.of("--sun-misc-unsafe-memory-access=allow", "-XX:+UseSerialGC"));
      command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    } else {
      command.add(LAUNCHER);
    }
    command.addAll(List.of("serve", "--config", config.toString(), "--data-dir", data.toString()));
    for (String port : List.of("http", "grpc", "metrics", "admin")) {
      command.addAll(List.of("--" + port + "-port", "0"));
    }
    Process process =
        new ProcessBuilder(command)
            .directory(
                Objects.requireNonNull(log.toAbsolutePath().getParent())
                    .toFile()) // What a crash writes lies there.
            .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start();
    String line = firstLine(process);
    if (!line.startsWith("skeg ready")) {
      process.destroyForcibly();
      throw new AssertionError("it does not start: " + line + "; " + Files.readString(log));
    }
    return new ServeProcess(process, log, line);
  }

  /** Returns what a process says first, or why that is nothing. */
  private static String firstLine(Process process) {
    FutureTask<@Nullable String> line = new FutureTask<>(process.inputReader()::readLine);
    Thread.ofPlatform().daemon().name("first-line").start(line);
    try {
      return String.valueOf(line.get(START_SECONDS, TimeUnit.SECONDS));
    } catch (TimeoutException e) {
      return "silent for " + START_SECONDS + " s";
    } catch (ExecutionException e) {
      return e.toString();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /** Returns where a port listens: {@code http}, {@code grpc}, {@code metrics} or {@code admin}. */
  String address(String port) {
    Matcher matcher = PORT.matcher(readyLine);
    while (matcher.find()) {
      if (matcher.group(1).equals(port)) {
        return matcher.group(2);
      }
    }
    throw new AssertionError(port + " is not in " + readyLine);
  }

  /** Returns what this server and those before it in the same place have logged. */
  String log() throws IOException {
    return Files.readString(log);
  }

  /** Waits until it ends by itself. */
  void awaitEnd() throws InterruptedException {
    if (!process.waitFor(START_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError("it lives on; " + readyLine);
    }
  }

  /** Ends it by SIGKILL, and returns when it is gone. */
  void kill() {
    process.destroyForcibly();
    try {
      if (!process.waitFor(60, TimeUnit.SECONDS)) {
        throw new AssertionError("it survives SIGKILL");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    kill();
  }
}
