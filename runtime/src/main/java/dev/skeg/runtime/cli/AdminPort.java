package dev.skeg.runtime.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
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
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * A running server's admin port, as commands ask it.
 *
 * @param name as it was given
 * @param token what it asks for; empty if nothing
 */
record AdminPort(URI address, String name, Optional<String> token) {
  private static final String DEFAULT = "127.0.0.1:8003";
  private static final int CONNECT_MILLIS = 2_000;
  private static final int READ_MILLIS = 10_000;
  private static final int MAX_BODY_BYTES = 64 << 20;
  private static final String TOKEN_FILE = "--token-file";
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** The server cannot be asked, or has no answer; the message says why. */
  static final class Unreachable extends Exception {
    Unreachable(String message) {
      super(message);
    }
  }

  /** Adds the options that say which port. */
  static void add(CommandSpec spec) {
    spec.addOption(
        OptionSpec.builder("--admin")
            .type(String.class)
            .paramLabel("HOST:PORT")
            .description("The server's admin port. Default: " + DEFAULT + ".")
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
  }

  /** Returns the port that the options say. */
  static AdminPort of(ParseResult arguments, Console console) {
    String admin = arguments.matchedOptionValue("--admin", DEFAULT);
    return new AdminPort(address(admin), admin, token(arguments, console));
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
    throw new BadUsage("--admin: " + admin + " (expected: HOST:PORT, as " + DEFAULT + ")");
  }

  private static Optional<String> token(ParseResult arguments, Console console) {
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

  /** Returns the path of a model, with its name escaped, and what stands behind it. */
  static String modelPath(String model, String rest) {
    try {
      return new URI(null, null, "/v1/models/" + model + rest, null).getRawPath();
    } catch (URISyntaxException e) {
      throw new BadUsage(model + " (expected: a model's name)");
    }
  }

  /** Returns what the port answers to a GET, as JSON. */
  JsonNode getJson(String path) throws Unreachable {
    try {
      return MAPPER.readTree(get(path));
    } catch (JsonProcessingException e) {
      throw new Unreachable(
          name
              + " answers "
              + path
              + " with something else than JSON (expected: a skeg server's"
              + " admin port)");
    } catch (IOException e) {
      throw new Unreachable(name + " cannot be asked: " + e);
    }
  }

  /** Returns what the port answers to a GET. */
  byte[] get(String path) throws Unreachable {
    try {
      HttpURLConnection connection =
          (HttpURLConnection) address.resolve(path).toURL().openConnection(Proxy.NO_PROXY);
      connection.setConnectTimeout(CONNECT_MILLIS);
      connection.setReadTimeout(READ_MILLIS);
      connection.setInstanceFollowRedirects(false);
      token.ifPresent(it -> connection.setRequestProperty("Authorization", "Bearer " + it));
      int code = connection.getResponseCode();
      if (code == HttpURLConnection.HTTP_UNAUTHORIZED) {
        throw new Unreachable(
            name
                + (token.isEmpty()
                    ? " asks for a token (expected: " + TOKEN_FILE + " FILE)"
                    : " refuses the token (expected: the one of its admin.token-file)"));
      }
      if (code != HttpURLConnection.HTTP_OK) {
        throw new Unreachable(
            name
                + " answers "
                + code
                + " to "
                + path
                + reason(connection)
                    .map(reason -> ": " + reason)
                    .orElse(" (expected: a skeg server's admin port)"));
      }
      try (InputStream body = connection.getInputStream()) {
        return body.readNBytes(MAX_BODY_BYTES);
      }
    } catch (ConnectException e) {
      throw new Unreachable(
          "nothing listens on "
              + name
              + " (expected: a running server's admin port; its ready line names it, as"
              + " admin=127.0.0.1:8003)");
    } catch (SocketTimeoutException e) {
      throw new Unreachable(name + " does not answer in time");
    } catch (IOException e) {
      throw new Unreachable(name + " cannot be asked: " + e);
    }
  }

  /** Returns what a server of ours says is wrong. */
  private static Optional<String> reason(HttpURLConnection connection) throws IOException {
    try (InputStream body = connection.getErrorStream()) {
      String error =
          body == null ? "" : MAPPER.readTree(body.readNBytes(1 << 16)).path("error").asText();
      return Optional.of(error).filter(text -> !text.isEmpty());
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }
}
