package dev.skeg.runtime.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.Secret;
import dev.skeg.runtime.config.ServerKeys;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** {@code skeg status}: asks a running server's admin port what it serves. */
final class StatusCommand implements Command {
  private static final String DEFAULT_ADMIN = "127.0.0.1:8003";
  private static final int CONNECT_MILLIS = 2_000;
  private static final int READ_MILLIS = 10_000;
  private static final int MAX_BODY_BYTES = 64 << 20;
  private static final String TOKEN_FILE = "--token-file";

  private final Console console;

  StatusCommand(Console console) {
    this.console = console;
  }

  /** The server cannot be asked; the message says why. */
  private static final class Unreachable extends Exception {
    Unreachable(String message) {
      super(message);
    }
  }

  @Override
  public String name() {
    return "status";
  }

  @Override
  public CommandSpec spec() {
    CommandSpec spec = CommandSpec.create();
    spec.addOption(
        OptionSpec.builder("--admin")
            .type(String.class)
            .paramLabel("HOST:PORT")
            .description("The server's admin port. Default: " + DEFAULT_ADMIN + ".")
            .build());
    spec.addOption(
        OptionSpec.builder(TOKEN_FILE)
            .type(String.class)
            .paramLabel("FILE")
            .description(
                "A file with the admin port's token; the variable "
                    + ServerKeys.ADMIN_TOKEN_FILE.variable()
                    + " names it too. None if the port asks for none.")
            .build());
    spec.addOption(
        OptionSpec.builder("--json")
            .description("Prints what the server answers as JSON.")
            .build());
    spec.usageMessage()
        .description("Asks a running server for its state, its models and their versions.")
        .footer("", "Example:", "  skeg status --admin 127.0.0.1:8003");
    return spec;
  }

  @Override
  public int run(ParseResult arguments) {
    String admin = arguments.matchedOptionValue("--admin", DEFAULT_ADMIN);
    Admin port = new Admin(address(admin), admin, token(arguments));
    ObjectMapper mapper = new ObjectMapper();
    try {
      JsonNode status = get(mapper, port, "/v1/status");
      JsonNode answer = get(mapper, port, "/v1/models");
      JsonNode models = answer.isArray() ? answer : answer.path("models");
      if (arguments.hasMatchedOption("--json")) {
        ObjectNode both = mapper.createObjectNode();
        both.set("status", status);
        both.set("models", models);
        console.out().println(both.toPrettyString());
      } else {
        print(status, models);
      }
      return Console.OK;
    } catch (Unreachable e) {
      console.problem(String.valueOf(e.getMessage()));
      return Console.FAILURE;
    }
  }

  private static URI address(String admin) {
    try {
      URI uri = new URI("http", admin, "", null, null);
      if (uri.getHost() != null
          && uri.getPort() > 0
          && uri.getPort() <= 65535
          && uri.getUserInfo() == null) {
        return uri;
      }
    } catch (URISyntaxException e) {
      // Said below, in words of the option.
    }
    throw new BadUsage("--admin: " + admin + " (expected: HOST:PORT, as " + DEFAULT_ADMIN + ")");
  }

  private Optional<String> token(ParseResult arguments) {
    String file =
        arguments.matchedOptionValue(
            TOKEN_FILE, console.environment().get(ServerKeys.ADMIN_TOKEN_FILE.variable()));
    if (file == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(Secret.file(Path.of(file)).value());
    } catch (InvalidPathException | RegistryException e) {
      throw new BadUsage(TOKEN_FILE + ": " + e.getMessage());
    }
  }

  /**
   * The port to ask.
   *
   * @param name as it was given
   * @param token what it asks for; empty if nothing
   */
  private record Admin(URI address, String name, Optional<String> token) {}

  private static JsonNode get(ObjectMapper mapper, Admin port, String path) throws Unreachable {
    String admin = port.name();
    try {
      HttpURLConnection connection =
          (HttpURLConnection) port.address().resolve(path).toURL().openConnection(Proxy.NO_PROXY);
      connection.setConnectTimeout(CONNECT_MILLIS);
      connection.setReadTimeout(READ_MILLIS);
      connection.setInstanceFollowRedirects(false);
      port.token().ifPresent(it -> connection.setRequestProperty("Authorization", "Bearer " + it));
      int code = connection.getResponseCode();
      if (code == HttpURLConnection.HTTP_UNAUTHORIZED) {
        throw new Unreachable(
            admin
                + (port.token().isEmpty()
                    ? " asks for a token (expected: " + TOKEN_FILE + " FILE)"
                    : " refuses the token (expected: the one of its admin.token-file)"));
      }
      if (code != HttpURLConnection.HTTP_OK) {
        throw new Unreachable(
            admin + " answers " + code + " to " + path + " (expected: a skeg server's admin port)");
      }
      try (InputStream body = connection.getInputStream()) {
        byte[] bytes = body.readNBytes(MAX_BODY_BYTES);
        return mapper.readTree(new String(bytes, StandardCharsets.UTF_8));
      }
    } catch (ConnectException e) {
      throw new Unreachable(
          "nothing listens on "
              + admin
              + " (expected: a running server's admin port; its ready line names it, as"
              + " admin=127.0.0.1:8003)");
    } catch (SocketTimeoutException e) {
      throw new Unreachable(admin + " does not answer in time");
    } catch (JsonProcessingException e) {
      throw new Unreachable(
          admin
              + " answers "
              + path
              + " with something else than JSON (expected: a skeg server's"
              + " admin port)");
    } catch (IOException e) {
      throw new Unreachable(admin + " cannot be asked: " + e);
    }
  }

  private void print(JsonNode status, JsonNode models) {
    List<String> facts = new ArrayList<>();
    addFacts("", status, facts);
    console.out().println(String.join(" ", facts));
    List<String> names = new ArrayList<>();
    models.forEach(model -> names.add(model.path("name").asText()));
    Table table =
        new Table(
            console.out(),
            List.of("MODEL", "VERSION", "STATE", "LABELS", "SOURCE", "REASON"),
            names);
    for (JsonNode model : models) {
      String name = model.path("name").asText();
      JsonNode versions = model.path("versions");
      if (versions.isEmpty()) {
        table.row(
            name,
            "",
            model.path("state").asText(),
            "",
            source(model),
            model.path("reason").asText());
      }
      for (JsonNode version : versions) {
        table.row(
            name,
            version.path("version").asText(),
            version.path("state").asText(),
            labels(model, version.path("version").asText()),
            source(model),
            version.path("reason").asText().replace('\n', ' '));
      }
    }
    for (JsonNode model : models) {
      String problem = model.path("source").path("problem").asText("");
      if (!problem.isEmpty()) {
        console
            .out()
            .println(model.path("name").asText() + "'s source: " + problem.replace('\n', ' '));
      }
    }
  }

  /** Returns how a model's source is doing: {@code ok}, or what is wrong; empty if it has none. */
  private static String source(JsonNode model) {
    JsonNode source = model.path("source");
    return source.isMissingNode()
        ? ""
        : source.path("kind").asText("").isEmpty() ? "ok" : source.path("kind").asText();
  }

  private static String labels(JsonNode model, String version) {
    List<String> labels = new ArrayList<>();
    for (Map.Entry<String, JsonNode> label : model.path("labels").properties()) {
      if (label.getValue().asText().equals(version)) {
        labels.add(label.getKey());
      }
    }
    return String.join(",", labels);
  }

  /** Adds every value as {@code name=value}, with the names of the blocks it is in before it. */
  private static void addFacts(String prefix, JsonNode node, List<String> facts) {
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      String name = prefix + field.getKey();
      if (field.getValue().isValueNode()) {
        facts.add(name + "=" + field.getValue().asText());
      } else {
        addFacts(name + ".", field.getValue(), facts);
      }
    }
  }
}
