package dev.skeg.registry.oci;

import dev.skeg.registry.Packing;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RemoteFile;
import dev.skeg.registry.SafePath;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** What the layers of a manifest mean to a server of models. */
final class Layers {
  /** The name of a layer's file, in ModelPack's two generations. */
  static final String FILE_PATH = "org.cncf.model.filepath";

  /** The directory of an image that holds the model. */
  private static final String MODELS = "models/";

  private static final String OLD_FILE_PATH = "org.cnai.model.filepath";
  private static final String TITLE = "org.opencontainers.image.title";

  /** Says that a layer of an artifact is an archive: ORAS gives single files a tar's type, too. */
  private static final String UNPACK = "io.deis.oras.content.unpack";

  private static final Pattern MODEL_PACK =
      Pattern.compile("application/vnd\\.(?:cncf|cnai)\\.model\\..*");
  private static final Pattern MODEL_KIT =
      Pattern.compile("application/vnd\\.kitops\\.modelkit\\..*");
  private static final Pattern DOCKER_MODEL = Pattern.compile("application/vnd\\.docker\\.ai\\..*");
  private static final Pattern DATASET = Pattern.compile(".*\\.(?:model|modelkit)\\.dataset\\.v.*");
  private static final Pattern TAR = Pattern.compile(".*[./]tar");
  private static final Pattern TAR_GZIP = Pattern.compile(".*[./]tar[.+]gzip");
  private static final Pattern TAR_ZSTD = Pattern.compile(".*[./]tar[.+]zstd");
  private static final Set<String> IMAGES =
      Set.of(
          "application/vnd.oci.image.config.v1+json",
          "application/vnd.docker.container.image.v1+json");

  /** File names of Docker's own types, whose layers need not say them. */
  private static final Map<String, String> DOCKER_NAMES =
      Map.of(
          "application/vnd.docker.ai.gguf.v3", "model.gguf",
          "application/vnd.docker.ai.model.file.v1+gguf", "model.gguf",
          "application/vnd.docker.ai.safetensors", "model.safetensors",
          "application/vnd.docker.ai.mmproj", "model.mmproj",
          "application/vnd.docker.ai.license", "LICENSE",
          "application/vnd.docker.ai.chat.template.jinja", "template.jinja");

  private Layers() {}

  /** Whether an artifact of that type is a model. */
  static boolean isModelType(String type) {
    return MODEL_PACK.matcher(type).matches()
        || MODEL_KIT.matcher(type).matches()
        || DOCKER_MODEL.matcher(type).matches();
  }

  /**
   * Says what to fetch.
   *
   * @param datasets whether data sets are wanted, too
   * @param origin names the manifest in messages
   * @throws RegistryException of kind INVALID if a layer is of no known kind
   */
  static List<RemoteFile> files(Manifest.Image image, boolean datasets, String origin) {
    boolean isImage =
        IMAGES.contains(image.type())
            && image.layers().stream().allMatch(layer -> layer.annotation(TITLE).isEmpty());
    List<RemoteFile> files = new ArrayList<>();
    for (Descriptor layer : image.layers()) {
      if (datasets || !DATASET.matcher(layer.mediaType()).matches()) {
        files.add(isImage ? imageLayer(layer, origin) : fileLayer(layer, origin));
      }
    }
    if (files.isEmpty()) {
      throw new RegistryException(origin + " has no layers (expected: a model's files)");
    }
    return files;
  }

  private static RemoteFile imageLayer(Descriptor layer, String origin) {
    Packing packing = packing(layer.mediaType());
    if (packing == Packing.PLAIN) {
      throw unknown(layer, origin);
    }
    return remote(layer, MODELS, packing);
  }

  private static RemoteFile fileLayer(Descriptor layer, String origin) {
    Packing packing =
        isModelType(layer.mediaType()) || layer.annotation(UNPACK).equals("true")
            ? packing(layer.mediaType())
            : Packing.PLAIN;
    if (packing != Packing.PLAIN) {
      // Paths inside are relative to the model's directory; the annotation only repeats them.
      return remote(layer, "", packing);
    }
    String name = layer.annotation(FILE_PATH, OLD_FILE_PATH, TITLE);
    if (name.isEmpty()) {
      name = DOCKER_NAMES.getOrDefault(layer.mediaType(), "");
    }
    if (name.isEmpty()) {
      throw unknown(layer, origin);
    }
    return remote(layer, SafePath.require(name), packing);
  }

  private static RemoteFile remote(Descriptor layer, String path, Packing packing) {
    return new RemoteFile(path, layer.sizeBytes(), layer.sha256(), packing, layer.digest());
  }

  private static Packing packing(String mediaType) {
    if (TAR.matcher(mediaType).matches()) {
      return Packing.TAR;
    }
    if (TAR_GZIP.matcher(mediaType).matches()) {
      return Packing.TAR_GZIP;
    }
    return TAR_ZSTD.matcher(mediaType).matches() ? Packing.TAR_ZSTD : Packing.PLAIN;
  }

  private static RegistryException unknown(Descriptor layer, String origin) {
    return new RegistryException(
        origin
            + " has a layer of type "
            + layer.mediaType()
            + " without a file name (expected: an image, ModelPack, ModelKit or Docker model, or"
            + " annotation "
            + TITLE
            + ")");
  }
}
