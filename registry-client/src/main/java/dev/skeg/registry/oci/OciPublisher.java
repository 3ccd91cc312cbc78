package dev.skeg.registry.oci;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skeg.registry.Artifact;
import dev.skeg.registry.ArtifactFile;
import dev.skeg.registry.Digests;
import dev.skeg.registry.Pointer;
import dev.skeg.registry.Progress;
import dev.skeg.registry.PublishRequest;
import dev.skeg.registry.Published;
import dev.skeg.registry.PublishedLayout;
import dev.skeg.registry.Publisher;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.transport.HttpCall;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Publishes versions as ModelPack artifacts: one raw layer a file, so that versions share what they
 * have in common. The same files and number give the same digest, whenever and wherever pushed.
 *
 * <p>Blobs go first, then the manifest under its number as a tag, then the tags that point to it,
 * {@code latest} last. <b>Threads.</b> One at a time.
 */
final class OciPublisher implements Publisher {
  private static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";
  private static final String ARTIFACT = "application/vnd.cncf.model.manifest.v1+json";
  private static final String CONFIG = "application/vnd.cncf.model.config.v1+json";
  private static final long DEFAULT_CHUNK_BYTES = 64L << 20;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final OciRegistry registry;
  private final long chunkBytes;

  OciPublisher(OciReference reference, SourceSettings settings) {
    this(reference, settings, DEFAULT_CHUNK_BYTES);
  }

  OciPublisher(OciReference reference, SourceSettings settings, long chunkBytes) {
    this.registry = new OciRegistry(reference, settings, OciRegistry.PUSH);
    this.chunkBytes = chunkBytes;
  }

  @Override
  public Published publish(Path versionDirectory, PublishRequest request, Progress progress) {
    requireTags(request.pointers());
    List<ArtifactFile> files = Artifact.published(versionDirectory);
    long highest = highest();
    long number = request.number() == 0 ? highest + 1 : request.number();
    byte[] config = config(number, files);
    String contentDigest = Artifact.ofFiles(files).digest();
    byte[] manifest = manifest(number, files, config, contentDigest);
    String digest = "sha256:" + Digests.sha256Hex(manifest);
    requireFree(number, digest, request.force());
    OciUpload upload = new OciUpload(registry, chunkBytes, progress);
    for (ArtifactFile file : files) {
      upload.upload(
          versionDirectory.resolve(file.path()),
          file.path(),
          file.sizeBytes(),
          "sha256:" + file.sha256());
    }
    upload.upload(config, "sha256:" + Digests.sha256Hex(config));
    List<Pointer> moved = new ArrayList<>(List.of(Pointer.version(number)));
    moved.addAll(request.pointers().stream().filter(each -> !each.equals(Pointer.LATEST)).toList());
    if (number >= highest) {
      moved.add(Pointer.LATEST);
    }
    for (Pointer pointer : moved) {
      tag(OciSource.name(pointer), manifest);
    }
    return new Published(number, digest, contentDigest, moved);
  }

  private static void requireTags(List<Pointer> pointers) {
    for (Pointer pointer : pointers) {
      if (pointer.kind() != Pointer.Kind.TAG && pointer.kind() != Pointer.Kind.LATEST) {
        throw new IllegalArgumentException(
            "pointer: " + pointer + " (expected: tag/NAME to publish to a registry)");
      }
      OciSource.name(pointer);
    }
  }

  private long highest() {
    return registry.tags().stream().mapToLong(PublishedLayout::versionNumber).max().orElse(0);
  }

  private void requireFree(long number, String digest, boolean force) {
    Optional<String> taken =
        force ? Optional.empty() : registry.lookIfPresent(Long.toString(number));
    if (taken.isPresent() && !taken.get().equals(digest)) {
      throw new RegistryException(
          Kind.CONFLICT,
          registry.reference()
              + " has another version "
              + number
              + ", "
              + taken.get()
              + " (expected: a free number, or force)");
    }
  }

  private void tag(String tag, byte[] manifest) {
    HttpCall call =
        HttpCall.put(registry.reference().uri("manifests/" + tag), manifest)
            .withHeader("Content-Type", MANIFEST);
    registry.send(call).close();
  }

  private byte[] config(long number, List<ArtifactFile> files) {
    String repository = registry.reference().repository();
    ObjectNode root = JSON.createObjectNode();
    root.putObject("descriptor")
        .put("name", repository.substring(repository.lastIndexOf('/') + 1))
        .put("version", Long.toString(number));
    ObjectNode config = root.putObject("config");
    if (files.stream().anyMatch(file -> extension(file.path()).equals("onnx"))) {
      config.put("format", "onnx");
    }
    ObjectNode modelfs = root.putObject("modelfs").put("type", "layers");
    ArrayNode layers = modelfs.putArray("diffIds");
    files.forEach(file -> layers.add("sha256:" + file.sha256()));
    return bytes(root);
  }

  private static byte[] manifest(
      long number, List<ArtifactFile> files, byte[] config, String contentDigest) {
    ObjectNode root = JSON.createObjectNode().put("schemaVersion", 2).put("mediaType", MANIFEST);
    root.put("artifactType", ARTIFACT);
    root.putObject("config")
        .put("mediaType", CONFIG)
        .put("digest", "sha256:" + Digests.sha256Hex(config))
        .put("size", config.length);
    ArrayNode layers = root.putArray("layers");
    for (ArtifactFile file : files) {
      ObjectNode layer = layers.addObject();
      layer
          .put("mediaType", "application/vnd.cncf.model." + role(file.path()) + ".v1.raw")
          .put("digest", "sha256:" + file.sha256())
          .put("size", file.sizeBytes());
      layer.putObject("annotations").put(Layers.FILE_PATH, file.path());
    }
    root.putObject("annotations")
        .put(OciSource.VERSION, Long.toString(number))
        .put("dev.skeg.content.digest", contentDigest);
    return bytes(root);
  }

  /** Returns ModelPack's word for what a file is. */
  private static String role(String path) {
    return switch (extension(path)) {
      case "json", "jsonl", "pbtxt", "yaml", "yml", "toml", "txt", "sig", "cfg" -> "weight.config";
      case "md", "pdf" -> "doc";
      case "py", "java", "sh" -> "code";
      default -> "weight";
    };
  }

  private static String extension(String path) {
    return path.substring(path.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
  }

  private static byte[] bytes(ObjectNode node) {
    try {
      return JSON.writeValueAsBytes(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
  }

  @Override
  public void close() {
    registry.close();
  }
}
