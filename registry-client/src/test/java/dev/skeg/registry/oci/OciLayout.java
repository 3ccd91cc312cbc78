package dev.skeg.registry.oci;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skeg.registry.Digests;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/** An OCI image layout on disk, from which {@link Skopeo} pushes. */
final class OciLayout {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";

  /** A layer to be. */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record Layer(String mediaType, byte[] content, Map<String, String> annotations) {
    static Layer of(String mediaType, byte[] content) {
      return new Layer(mediaType, content, Map.of());
    }

    static Layer named(String mediaType, String annotation, String path, String content) {
      return new Layer(mediaType, text(content), Map.of(annotation, path));
    }
  }

  private final Path directory;

  OciLayout(Path directory) {
    this.directory = directory;
    try {
      Files.createDirectories(directory.resolve("blobs/sha256"));
      Files.writeString(directory.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns how skopeo calls it. */
  String reference() {
    return "oci:" + directory;
  }

  /** Adds a manifest and returns its descriptor. */
  ObjectNode manifest(String artifactType, String configType, String config, List<Layer> layers) {
    ObjectNode root = JSON.createObjectNode().put("schemaVersion", 2).put("mediaType", MANIFEST);
    if (!artifactType.isEmpty()) {
      root.put("artifactType", artifactType);
    }
    root.set("config", blob(configType, text(config)));
    for (Layer layer : layers) {
      ObjectNode descriptor = blob(layer.mediaType(), layer.content());
      if (!layer.annotations().isEmpty()) {
        ObjectNode annotations = descriptor.putObject("annotations");
        new TreeMap<>(layer.annotations()).forEach(annotations::put);
      }
      root.withArray("layers").add(descriptor);
    }
    return blob(MANIFEST, json(root));
  }

  /** Adds an index of manifests and returns its descriptor. */
  ObjectNode index(List<ObjectNode> manifests) {
    String type = "application/vnd.oci.image.index.v1+json";
    ObjectNode root = JSON.createObjectNode().put("schemaVersion", 2).put("mediaType", type);
    manifests.forEach(root.withArray("manifests")::add);
    return blob(type, json(root));
  }

  /** Makes that what the layout holds. */
  void top(ObjectNode descriptor) {
    ObjectNode root = JSON.createObjectNode().put("schemaVersion", 2);
    root.withArray("manifests").add(descriptor);
    write(directory.resolve("index.json"), json(root));
  }

  /** A configuration of an image with these uncompressed layers. */
  static String imageConfig(List<byte[]> tars) {
    ObjectNode root = JSON.createObjectNode().put("architecture", "amd64").put("os", "linux");
    root.putObject("config");
    ObjectNode rootfs = root.putObject("rootfs").put("type", "layers");
    tars.forEach(tar -> rootfs.withArray("diff_ids").add("sha256:" + Digests.sha256Hex(tar)));
    return root.toString();
  }

  private ObjectNode blob(String mediaType, byte[] content) {
    String sha256 = Digests.sha256Hex(content);
    write(directory.resolve("blobs/sha256").resolve(sha256), content);
    return JSON.createObjectNode()
        .put("mediaType", mediaType)
        .put("digest", "sha256:" + sha256)
        .put("size", content.length);
  }

  static byte[] tar(Map<String, String> files) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
      for (Map.Entry<String, String> file : new TreeMap<>(files).entrySet()) {
        byte[] content = text(file.getValue());
        TarArchiveEntry entry = new TarArchiveEntry(file.getKey());
        entry.setSize(content.length);
        entry.setModTime(0);
        tar.putArchiveEntry(entry);
        tar.write(content);
        tar.closeArchiveEntry();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  static byte[] gzip(byte[] content) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static byte[] json(ObjectNode node) {
    return text(node.toString());
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static void write(Path file, byte[] content) {
    try {
      Files.write(file, content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
