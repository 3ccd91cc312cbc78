package dev.skeg.runtime.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skeg.registry.Pointer;
import dev.skeg.registry.PublishRequest;
import dev.skeg.registry.Published;
import dev.skeg.registry.PublishedLayout;
import dev.skeg.registry.Publisher;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.Sources;
import dev.skeg.runtime.telemetry.Logs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/** {@code skeg push}: publishes a version, its pointers last. */
final class PushCommand implements Command {
  private static final List<String> OF_THE_MODEL = List.of("config.pbtxt", "model.yaml");

  private final Console console;
  private final Duration tick;

  /**
   * @param tick how long it may take before progress is shown
   */
  PushCommand(Console console, Duration tick) {
    this.console = console;
    this.tick = tick;
  }

  @Override
  public String name() {
    return "push";
  }

  @Override
  public CommandSpec spec() {
    CommandSpec spec = CommandSpec.create();
    spec.addPositional(
        positional(
            "0",
            "MODEL_DIR",
            "A version's directory, as models/fraud/8; or a model's, whose highest version is"
                + " taken."));
    spec.addPositional(
        positional(
            "1",
            "URI",
            "Where to: file:DIR, https://HOST/PATH, s3://BUCKET/PATH, gs://BUCKET/PATH,"
                + " azblob://ACCOUNT/CONTAINER/PATH, oci://HOST/REPOSITORY or mlflow://HOST/MODEL."));
    spec.addOption(
        OptionSpec.builder("--pointer")
            .type(List.class)
            .auxiliaryTypes(String.class)
            .arity("1")
            .paramLabel("NAME")
            .description(
                "Moved to the version once it is complete: tag/NAME, alias/NAME or branch/NAME;"
                    + " NAME alone is a tag, and for mlflow an alias. May be given again."
                    + " latest moves by itself.")
            .build());
    spec.addOption(
        OptionSpec.builder("--number")
            .type(String.class)
            .paramLabel("N")
            .description("The version's number. Default: the next one.")
            .build());
    spec.addOption(
        OptionSpec.builder("--force").description("Replaces a version of that number.").build());
    SourceOptions.add(spec);
    spec.addOption(
        OptionSpec.builder("--json").description("Prints what was published as JSON.").build());
    spec.usageMessage()
        .description(
            "Publishes a version: its files, then a manifest with their digests, pointers last.",
            "Secrets come from files or the environment, never from the command line.")
        .footer("", "Example:", "  skeg push models/fraud/8 s3://models/fraud --pointer prod");
    return spec;
  }

  private static PositionalParamSpec positional(String index, String label, String description) {
    return PositionalParamSpec.builder()
        .index(index)
        .arity("1")
        .required(true)
        .type(String.class)
        .paramLabel(label)
        .description(description)
        .build();
  }

  @Override
  public int run(ParseResult arguments) {
    // What clients of stores log would stand between our lines; a failure says what matters of it.
    Logs.configure("error", false);
    Published published;
    SourceUri uri;
    try {
      uri = SourceUri.parse(arguments.matchedPositionalValue(1, ""));
      PublishRequest request = request(arguments, uri);
      Path version = version(arguments.matchedPositionalValue(0, ""));
      Sources sources = Sources.load(PushCommand.class.getClassLoader());
      try (Publisher publisher =
              sources.publisher(uri, SourceOptions.settings(console, arguments));
          Ticker ticker = new Ticker(console, "publishing " + version, tick)) {
        published = publisher.publish(version, request, ticker);
      }
    } catch (IllegalArgumentException e) {
      throw new BadUsage(String.valueOf(e.getMessage()));
    }
    if (arguments.hasMatchedOption("--json")) {
      console.out().println(json(uri, published).toPrettyString());
    } else {
      print(uri, published);
    }
    return Console.OK;
  }

  private static PublishRequest request(ParseResult arguments, SourceUri uri) {
    List<Pointer> pointers = new ArrayList<>();
    for (String name : arguments.matchedOptionValue("--pointer", List.<String>of())) {
      boolean isWhole = name.indexOf('/') >= 0 || name.equals("latest");
      String kind = uri.scheme().startsWith("mlflow") ? "alias/" : "tag/";
      pointers.add(Pointer.parse(isWhole ? name : kind + name));
    }
    String number = arguments.matchedOptionValue("--number", "");
    long parsed = PublishedLayout.versionNumber(number);
    if (!number.isEmpty() && parsed == 0) {
      throw new BadUsage("--number: " + number + " (expected: an integer of 1 or more)");
    }
    return new PublishRequest(parsed, pointers, arguments.hasMatchedOption("--force"));
  }

  /** Returns the version that a directory is, or whose model it is. */
  private Path version(String text) {
    Path directory;
    try {
      directory = Path.of(text);
    } catch (InvalidPathException e) {
      throw new BadUsage("MODEL_DIR: " + text + " (expected: a directory's path)");
    }
    if (!Files.isDirectory(directory)) {
      throw new RegistryException(
          directory
              + (Files.exists(directory) ? " is a file" : " does not exist")
              + " (expected: a version's directory, as models/fraud/8)");
    }
    Optional<Path> highest = highest(directory);
    if (highest.isPresent()) {
      for (String name : OF_THE_MODEL) {
        if (Files.exists(directory.resolve(name))) {
          console.problem(
              "warning: "
                  + directory.resolve(name)
                  + " is not published (expected: in "
                  + highest.get()
                  + ", if it belongs to the version)");
        }
      }
    }
    return highest.orElse(directory);
  }

  private static Optional<Path> highest(Path directory) {
    try (Stream<Path> children = Files.list(directory)) {
      return children
          .filter(child -> number(child) > 0 && Files.isDirectory(child))
          .max(Comparator.comparingLong(PushCommand::number));
    } catch (IOException e) {
      throw new RegistryException(directory + " cannot be listed: " + e, e);
    }
  }

  private static long number(Path version) {
    return PublishedLayout.versionNumber(String.valueOf(version.getFileName()));
  }

  private void print(SourceUri uri, Published published) {
    console
        .out()
        .println(
            "published "
                + uri
                + (published.number() == 0 ? "" : " version " + published.number())
                + " revision "
                + published.revision()
                + " content "
                + published.digest()
                + (published.pointers().isEmpty() ? "" : " as " + join(published)));
  }

  private static String join(Published published) {
    return String.join(", ", published.pointers().stream().map(Pointer::toString).toList());
  }

  private static ObjectNode json(SourceUri uri, Published published) {
    ObjectNode json = new ObjectMapper().createObjectNode();
    json.put("uri", uri.toString());
    if (published.number() > 0) {
      json.put("version", published.number());
    }
    json.put("revision", published.revision());
    json.put("digest", published.digest());
    ArrayNode pointers = json.putArray("pointers");
    published.pointers().forEach(pointer -> pointers.add(pointer.toString()));
    return json;
  }
}
