package dev.skeg.registry.oci;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skeg.registry.RegistryException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** A manifest, or an index of manifests, as a registry keeps it. */
sealed interface Manifest {
  /** Media types of manifests and indexes that are asked for. */
  String ACCEPT =
      "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json,"
          + " application/vnd.docker.distribution.manifest.v2+json,"
          + " application/vnd.docker.distribution.manifest.list.v2+json";

  Map<String, String> annotations();

  /**
   * Layers of one image or artifact.
   *
   * @param type its artifactType, else its configuration's media type: what kind of thing it is
   */
  record Image(String type, List<Descriptor> layers, Map<String, String> annotations)
      implements Manifest {
    public Image {
      layers = List.copyOf(layers);
      annotations = Map.copyOf(annotations);
    }
  }

  /** Several manifests under one name. */
  record Index(List<Descriptor> manifests, Map<String, String> annotations) implements Manifest {
    public Index {
      manifests = List.copyOf(manifests);
      annotations = Map.copyOf(annotations);
    }

    /**
     * Chooses the one to serve: a model's, else one for no platform, else that for Linux on this
     * machine's processor, else the only one.
     *
     * @throws RegistryException if there is none of these
     */
    Descriptor choose(String origin) {
      List<Descriptor> candidates =
          manifests.stream()
              .filter(each -> each.annotation("vnd.docker.reference.type").isEmpty())
              .toList();
      return candidates.stream()
          .filter(each -> Layers.isModelType(each.artifactType()))
          .findFirst()
          .or(() -> candidates.stream().filter(Index::isForNoPlatform).findFirst())
          .or(() ->
              candidates.stream()
                  .filter(each -> each.platform().equals(thisPlatform()))
                  .findFirst())
          .or(() -> candidates.size() == 1 ? candidates.stream().findFirst() : none())
          .orElseThrow(() ->
              new RegistryException(
                  origin
                      + " is an index for "
                      + candidates.stream().map(Descriptor::platform).toList()
                      + " (expected: a model, no platform, or "
                      + thisPlatform()
                      + ")"));
    }

    private static java.util.Optional<Descriptor> none() {
      return java.util.Optional.empty();
    }

    private static boolean isForNoPlatform(Descriptor each) {
      return Set.of("", "/", "unknown/unknown").contains(each.platform());
    }

    private static String thisPlatform() {
      String processor = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
      return "linux/"
          + switch (processor) {
            case "x86_64" -> "amd64";
            case "aarch64" -> "arm64";
            default -> processor;
          };
    }
  }

  /**
   * Reads one.
   *
   * @param origin names it in messages
   * @throws RegistryException of kind INVALID if it is none
   */
  static Manifest parse(byte[] bytes, String origin) {
    JsonNode root;
    try {
      root = new ObjectMapper().readTree(bytes);
    } catch (JsonProcessingException e) {
      // Not the cause: it quotes the text, which may be an error page with anything in it.
      throw new RegistryException(origin + " is no manifest (expected: JSON)");
    } catch (IOException e) {
      throw new IllegalStateException("reading from memory failed", e);
    }
    if (root.path("manifests").isArray()) {
      return new Index(descriptors(root.path("manifests"), origin), Descriptor.annotations(root));
    }
    if (!root.path("layers").isArray() || !root.path("config").isObject()) {
      throw new RegistryException(
          origin
              + " has neither config and layers nor manifests (expected: an OCI or Docker v2"
              + " manifest or index)");
    }
    String artifactType = root.path("artifactType").asText();
    String configType = root.path("config").path("mediaType").asText();
    return new Image(
        artifactType.isEmpty() ? configType : artifactType,
        descriptors(root.path("layers"), origin),
        Descriptor.annotations(root));
  }

  private static List<Descriptor> descriptors(JsonNode array, String origin) {
    List<Descriptor> descriptors = new ArrayList<>();
    for (JsonNode node : array) {
      descriptors.add(Descriptor.parse(node, origin));
    }
    return descriptors;
  }
}
