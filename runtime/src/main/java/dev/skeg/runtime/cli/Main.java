package dev.skeg.runtime.cli;

import dev.skeg.runtime.config.ServerConfig;
import dev.skeg.runtime.config.ServerConfig.LogFormat;
import dev.skeg.runtime.server.SkegServer;
import dev.skeg.runtime.telemetry.Logs;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;

/** Where the process begins. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    PrintWriter out = new PrintWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8));
    PrintWriter err = new PrintWriter(new OutputStreamWriter(System.err, StandardCharsets.UTF_8));
    int code =
        new CommandLineInterface(
                config -> serve(config, out), BackendChecker::new, out, err, System.getenv())
            .run(arguments);
    System.exit(code);
  }

  private static int serve(ServerConfig config, PrintWriter out) {
    Logs.configure(config.log().level().name(), config.log().format() == LogFormat.JSON);
    try {
      SkegServer server = SkegServer.start(config);
      // A signal is how a server is stopped, so it is a success: without halt it would exit with
      // 128 and the signal's number.
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(
                  () -> {
                    server.stop();
                    Runtime.getRuntime().halt(0);
                  },
                  "stop"));
      out.println(readyLine(server));
      out.flush();
      server.awaitStopped();
      return 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 1;
    }
  }

  private static String readyLine(SkegServer server) {
    StringBuilder line = new StringBuilder("skeg ready");
    for (String port : new String[] {"http", "grpc", "metrics", "admin"}) {
      line.append(' ').append(port).append('=').append(server.address(port));
    }
    ProcessHandle.current()
        .info()
        .startInstant()
        .map(started -> Duration.between(started, Instant.now()))
        .ifPresent(took ->
            line.append(String.format(Locale.ROOT, " started=%.2fs", took.toMillis() / 1e3)));
    return line.toString();
  }
}
