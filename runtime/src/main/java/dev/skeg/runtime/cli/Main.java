package dev.skeg.runtime.cli;

import dev.skeg.runtime.config.ServerConfig;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;

/** Where the process begins. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    PrintWriter out = new PrintWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8));
    PrintWriter err = new PrintWriter(new OutputStreamWriter(System.err, StandardCharsets.UTF_8));
    int code =
        new CommandLineInterface(Main::serve, Main::checker, out, err, System.getenv())
            .run(arguments);
    System.exit(code);
  }

  private static int serve(ServerConfig config) {
    throw new ServingException(
        ErrorCode.UNSUPPORTED, "this build has no server: " + config.describe());
  }

  private static ModelChecker checker() {
    throw new ServingException(ErrorCode.UNSUPPORTED, "this build has no backend");
  }
}
