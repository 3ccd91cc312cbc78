package dev.skeg.registry.oci;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skeg.registry.RegistryException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * The credentials of a Docker {@code config.json}, as {@code docker login} and Kubernetes write.
 */
final class DockerConfig {
  private static final long MAX_BYTES = 1 << 20;

  private DockerConfig() {}

  /**
   * Reads a registry's login; the file is read anew each time, so that a rotated one counts.
   *
   * @param registry host and port
   * @return empty if the file has none for it
   * @throws RegistryException of kind DENIED if the file cannot be read, or leaves the login to a
   *     helper program
   */
  static Optional<Login> read(Path file, String registry) {
    JsonNode root = tree(file);
    for (String name : names(registry)) {
      if (root.path("credHelpers").has(name)) {
        throw helper(file, name);
      }
      JsonNode entry = root.path("auths").path(name);
      if (!entry.isObject()) {
        continue;
      }
      Optional<Login> login = login(entry, file, name);
      if (login.isEmpty() && root.has("credsStore")) {
        throw helper(file, name);
      }
      if (login.isPresent()) {
        return login;
      }
    }
    return Optional.empty();
  }

  private static Optional<Login> login(JsonNode entry, Path file, String name) {
    String identity = entry.path("identitytoken").asText();
    if (!identity.isEmpty()) {
      return Optional.of(new Login.Identity(identity));
    }
    String registryToken = entry.path("registrytoken").asText();
    if (!registryToken.isEmpty()) {
      return Optional.of(new Login.Token(registryToken));
    }
    String pair;
    try {
      pair =
          new String(
              Base64.getDecoder().decode(entry.path("auth").asText()), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      // Not the cause: it quotes the text.
      throw denied(file + ": auth of " + name + " is no Base64 (expected: as docker login writes)");
    }
    int colon = pair.indexOf(':');
    if (colon > 0) {
      return Optional.of(new Login.Password(pair.substring(0, colon), pair.substring(colon + 1)));
    }
    String username = entry.path("username").asText();
    return username.isEmpty()
        ? Optional.empty()
        : Optional.of(new Login.Password(username, entry.path("password").asText()));
  }

  private static List<String> names(String registry) {
    return registry.equals("docker.io")
        ? List.of("https://index.docker.io/v1/", "docker.io", "index.docker.io")
        : List.of(registry, "https://" + registry, "https://" + registry + "/");
  }

  private static JsonNode tree(Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw denied(file + " is larger than 1 MiB (expected: a Docker config.json)");
      }
      return new ObjectMapper().readTree(Files.readAllBytes(file));
    } catch (IOException e) {
      // Not the cause: a parser's message quotes what it read.
      throw denied(
          file
              + " cannot be read: "
              + e.getClass().getSimpleName()
              + " (expected: a Docker config.json)");
    }
  }

  private static RegistryException helper(Path file, String name) {
    return denied(
        file
            + " leaves the login of "
            + name
            + " to a helper program, which is not run (expected: username and password, token, or a"
            + " config.json that has them)");
  }

  private static RegistryException denied(String message) {
    return new RegistryException(RegistryException.Kind.DENIED, message);
  }
}
