package dev.skeg.registry.oci;

import com.fasterxml.jackson.databind.JsonNode;
import dev.skeg.registry.RegistryException;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * What a manifest or index says of one thing it points to.
 *
 * @param digest {@code sha256:} and 64 hexadecimal digits
 * @param platform as {@code linux/amd64}; empty if none is named
 */
record Descriptor(
    String mediaType,
    String artifactType,
    String digest,
    long sizeBytes,
    String platform,
    Map<String, String> annotations) {
  private static final Pattern SHA256 = Pattern.compile("sha256:[0-9a-f]{64}");

  Descriptor {
    annotations = Map.copyOf(annotations);
  }

  static Descriptor parse(JsonNode node, String origin) {
    String digest = node.path("digest").asText();
    long size = node.path("size").asLong(-1);
    if (!isSha256(digest) || size < 0 || node.path("mediaType").asText().isEmpty()) {
      throw new RegistryException(
          origin + " points to something without mediaType, sha256 digest and size");
    }
    if (!node.path("urls").isEmpty()) {
      throw new RegistryException(
          origin + " keeps " + digest + " elsewhere (expected: all content in the registry)");
    }
    JsonNode platform = node.path("platform");
    String name = platform.path("os").asText() + "/" + platform.path("architecture").asText();
    return new Descriptor(
        node.path("mediaType").asText(),
        node.path("artifactType").asText(),
        digest,
        size,
        platform.isObject() ? name : "",
        annotations(node));
  }

  static boolean isSha256(String digest) {
    return SHA256.matcher(digest).matches();
  }

  static Map<String, String> annotations(JsonNode node) {
    Map<String, String> annotations = new TreeMap<>();
    for (Map.Entry<String, JsonNode> entry : node.path("annotations").properties()) {
      annotations.put(entry.getKey(), entry.getValue().asText());
    }
    return annotations;
  }

  /** Returns the digest's hexadecimal digits. */
  String sha256() {
    return digest.substring("sha256:".length());
  }

  /** Returns the first of the annotations that is there; empty if none is. */
  String annotation(String... names) {
    for (String name : names) {
      String value = annotations.get(name);
      if (value != null && !value.isEmpty()) {
        return value;
      }
    }
    return "";
  }
}
