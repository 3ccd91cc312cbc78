package dev.skeg.runtime.cli;

import dev.skeg.registry.RegistryException;
import dev.skeg.runtime.config.ConfigException;
import dev.skeg.runtime.config.Version;
import dev.skeg.runtime.model.ServingException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Reads the command line, runs the command that it names, and turns failures into one line. */
public final class CommandLineInterface {
  private static final Duration PROGRESS_AFTER = Duration.ofSeconds(1);

  private final Console console;
  private final List<Command> commands;

  /**
   * @param checker makes what {@code validate} loads models with; asked for at most once a run
   * @param environment variables, as of {@link System#getenv()}
   */
  public CommandLineInterface(
      ServeAction serve,
      Supplier<ModelChecker> checker,
      PrintWriter out,
      PrintWriter err,
      Map<String, String> environment) {
    this.console = new Console(out, err, environment);
    this.commands =
        List.of(
            new ServeCommand(console, serve),
            new ValidateCommand(console, checker),
            new StatusCommand(console),
            new PushCommand(console, PROGRESS_AFTER),
            new BaselineCommand(console, PROGRESS_AFTER, Terminal.isStandardError()));
  }

  /**
   * Runs one command.
   *
   * @return the exit code: 0 on success, 1 on failure, 2 on bad usage
   */
  public int run(String... arguments) {
    try {
      return run(new CommandLine(root()).parseArgs(arguments));
    } catch (ParameterException e) {
      console.problem(explain(e) + seeHelp(e.getCommandLine().getCommandSpec()));
      return Console.BAD_USAGE;
    } finally {
      console.out().flush();
      console.err().flush();
    }
  }

  private int run(ParseResult result) {
    ParseResult last = result;
    while (last.subcommand() != null) {
      last = last.subcommand();
    }
    CommandSpec spec = last.commandSpec();
    if (last.isUsageHelpRequested()) {
      spec.commandLine().usage(console.out(), CommandLine.Help.Ansi.OFF);
      return Console.OK;
    }
    if (last.isVersionHelpRequested()) {
      console.out().println(Version.current());
      return Console.OK;
    }
    for (Command command : commands) {
      if (command.name().equals(spec.name())) {
        return run(command, last);
      }
    }
    console.problem("no command (expected: " + names() + ")" + seeHelp(spec));
    return Console.BAD_USAGE;
  }

  private int run(Command command, ParseResult arguments) {
    try {
      return command.run(arguments);
    } catch (BadUsage e) {
      console.problem(e.getMessage() + seeHelp(arguments.commandSpec()));
      return Console.BAD_USAGE;
    } catch (ConfigException e) {
      console.problems(e.problems());
      boolean ofCommandLine = e.problems().stream().anyMatch(line -> line.startsWith("-"));
      return ofCommandLine ? Console.BAD_USAGE : Console.FAILURE;
    } catch (RegistryException | ServingException e) {
      console.problem(String.valueOf(e.getMessage()));
      return Console.FAILURE;
    } catch (RuntimeException e) {
      console.problem("failed unexpectedly: " + e + " (the log has the details)");
      LoggerFactory.getLogger(CommandLineInterface.class).error("command failed", e);
      return Console.FAILURE;
    }
  }

  private CommandSpec root() {
    CommandSpec root =
        CommandSpec.create()
            .name("skeg")
            .addOption(help())
            .addOption(
                OptionSpec.builder("-V", "--version")
                    .versionHelp(true)
                    .description("Prints the versions of this build.")
                    .build());
    root.usageMessage()
        .description("Serves models over gRPC and REST.")
        .commandListHeading("%nCommands:%n")
        .footer("", "Example:", "  skeg serve --models examples/models");
    for (Command command : commands) {
      root.addSubcommand(command.name(), command.spec().addOption(help()));
    }
    root.parser().abbreviatedOptionsAllowed(false);
    return root;
  }

  private static OptionSpec help() {
    return OptionSpec.builder("-h", "--help")
        .usageHelp(true)
        .description("Prints this help.")
        .build();
  }

  /** Returns picocli's message in one line, with the nearest option or command. */
  private String explain(ParameterException e) {
    String message = String.valueOf(e.getMessage()).lines().findFirst().orElse("bad usage");
    StringBuilder text = new StringBuilder(message);
    text.setCharAt(0, String.valueOf(text.charAt(0)).toLowerCase(Locale.ROOT).charAt(0));
    if (e instanceof UnmatchedArgumentException unmatched) {
      List<String> suggestions = unmatched.getSuggestions();
      boolean option = unmatched.isUnknownOption();
      if (option && !suggestions.isEmpty()) {
        text.append(" (did you mean ").append(suggestions.getFirst()).append("?)");
      } else if (!option && e.getCommandLine().getParent() == null) {
        text.append(" (expected: ").append(names()).append(')');
      }
    }
    return text.toString();
  }

  private String names() {
    List<String> names = new ArrayList<>();
    commands.forEach(command -> names.add(command.name()));
    return String.join(", ", names);
  }

  private static String seeHelp(CommandSpec spec) {
    return "; see " + spec.qualifiedName() + " --help";
  }
}
