package dev.skeg.registry.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A server that tests talk to, in a process of its own.
 *
 * <p><b>Threads.</b> A virtual thread reads what it prints.
 */
public final class ServerProcess implements AutoCloseable {
  private final Process process;
  private final MatchResult started;

  private ServerProcess(Process process, MatchResult started) {
    this.process = process;
    this.started = started;
  }

  /**
   * Starts a program and waits until it says that it listens.
   *
   * @param listening is found in one of its lines then
   */
  public static ServerProcess start(List<String> command, Pattern listening) {
    return start(command, Map.of(), listening);
  }

  /** Starts a program with more environment variables. */
  public static ServerProcess start(
      List<String> command, Map<String, String> environment, Pattern listening) {
    try {
      ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
      builder.environment().putAll(environment);
      Process process = builder.start();
      process.getOutputStream().close();
      CompletableFuture<MatchResult> started = new CompletableFuture<>();
      Thread.ofVirtual().name("server-log").start(() -> watch(process, listening, started));
      try {
        return new ServerProcess(process, started.get(60, TimeUnit.SECONDS));
      } catch (ExecutionException | TimeoutException e) {
        process.destroyForcibly();
        throw new IllegalStateException(command + " does not start: " + e.getMessage(), e);
      } catch (InterruptedException e) {
        process.destroyForcibly();
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted", e);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void watch(
      Process process, Pattern listening, CompletableFuture<MatchResult> started) {
    StringBuilder log = new StringBuilder();
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!started.isDone()) {
          log.append(line).append('\n');
          Matcher matcher = listening.matcher(line);
          if (matcher.find()) {
            started.complete(matcher.toMatchResult());
          }
        }
      }
    } catch (IOException e) {
      log.append(e);
    }
    started.completeExceptionally(new IllegalStateException(log.toString()));
  }

  /** Returns what was found in the line that said so. */
  public MatchResult started() {
    return started;
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
