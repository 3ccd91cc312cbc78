package dev.skeg.registry.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import dev.skeg.registry.Digests;
import dev.skeg.registry.Packing;
import dev.skeg.registry.PublishedLayout;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.RemoteFile;
import dev.skeg.registry.SafePath;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.Transfer;
import dev.skeg.registry.transport.HttpCall;
import dev.skeg.registry.transport.HttpReply;
import dev.skeg.registry.transport.JsonReply;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The files of versions, through MLflow's artifact proxy. Paths are relative to its root.
 *
 * <p>A file comes from the object store directly, by a presigned URL, where MLflow can make one,
 * since only that can go on after a break; else through the proxy. <b>Threads.</b> Any.
 */
final class MlflowArtifacts {
  /**
   * A list of SHA-256 digests, as {@code sha256sum} prints it, that our own uploads have; so its
   * own SHA-256 is the version's content digest. Others' uploads have none, and MLflow keeps none.
   */
  static final String SUMS = ".sha256sums";

  private static final String FILES = "mlflow-artifacts/artifacts";
  private static final String PRESIGNED = "mlflow-artifacts/presigned/";
  private static final int MAX_SUMS_BYTES = 4 << 20;
  private static final int MAX_ANSWER_BYTES = 1 << 20;
  private static final Pattern LOCATION =
      Pattern.compile("(mlflow-artifacts|https?):(?://([^/]*))?(/[^?#]*)");
  private static final Pattern SUM = Pattern.compile("([0-9a-f]{64}) [ *](.+)");

  /**
   * Files below a directory.
   *
   * @param files ordered by path; their keys are paths below the root
   * @param fingerprint changes whenever names, sizes or known digests do
   */
  record Listing(List<RemoteFile> files, String fingerprint) {
    Listing {
      files = List.copyOf(files);
    }
  }

  private final MlflowApi api;
  private final int maxFiles;

  /** Set once the server has said that it makes no presigned URLs. */
  private volatile boolean proxiedOnly;

  MlflowArtifacts(MlflowApi api, int maxFiles) {
    this.api = api;
    this.maxFiles = maxFiles;
  }

  /**
   * Returns where a version's files are, relative to the root.
   *
   * @throws RegistryException of kind INVALID if they are not behind MLflow's proxy
   */
  String locate(long version) {
    JsonNode answer =
        api.get(
            "mlflow/model-versions/get-download-uri",
            List.of("name", api.model(), "version", Long.toString(version)));
    String uri = answer.path("artifact_uri").asText();
    if (uri.startsWith("models:/m-")) {
      String id = uri.substring("models:/".length());
      uri =
          api.get("mlflow/logged-models/" + SourceUri.encode(id, ""), List.of())
              .path("model")
              .path("info")
              .path("artifact_uri")
              .asText();
    }
    return relative(uri, version);
  }

  private String relative(String uri, long version) {
    Matcher matcher = LOCATION.matcher(uri);
    String proxy = api.uri(FILES + "/").getPath();
    if (matcher.matches() && isHere(matcher.group(2))) {
      boolean isProxied = matcher.group(1).equals("mlflow-artifacts");
      String path = decoded(matcher.group(3));
      if (isProxied || path.startsWith(proxy)) {
        String relative = isProxied ? path : path.substring(proxy.length());
        return SafePath.require(relative.replaceAll("^/+|/+$", ""));
      }
    }
    int query = uri.indexOf('?');
    throw new RegistryException(
        "model "
            + api.model()
            + " version "
            + version
            + " is at "
            + JsonReply.shown(query < 0 ? uri : uri.substring(0, query))
            + " (expected: mlflow-artifacts: of this server; start it with --serve-artifacts, or name"
            + " that store as the source)");
  }

  /** Some clients write such URIs percent-encoded, others do not. */
  private static String decoded(String path) {
    try {
      return URLDecoder.decode(path.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return path;
    }
  }

  private boolean isHere(@Nullable String authority) {
    return authority == null
        || authority.isEmpty()
        || authority.equalsIgnoreCase(api.uri().authority());
  }

  /** Lists all files below a directory, without hidden ones. */
  Listing list(String directory) {
    Map<String, Long> sizes = new TreeMap<>();
    ArrayDeque<String> open = new ArrayDeque<>(List.of(""));
    while (!open.isEmpty()) {
      String prefix = open.remove();
      JsonNode answer =
          api.get(FILES, List.of("path", (directory + "/" + prefix).replaceAll("/$", "")));
      for (JsonNode entry : answer.path("files")) {
        String path = SafePath.require(prefix + entry.path("path").asText());
        if (entry.path("is_dir").asBoolean()) {
          open.add(path + "/");
        } else {
          sizes.put(path, entry.path("file_size").asLong(-1));
        }
        if (sizes.size() + open.size() > maxFiles) {
          throw new RegistryException(
              directory + " has more than " + maxFiles + " files (expected: one version)");
        }
      }
    }
    return listing(directory, sizes);
  }

  private Listing listing(String directory, Map<String, Long> sizes) {
    StringBuilder lines = new StringBuilder(directory).append('\n');
    Map<String, String> sums = Map.of();
    if (sizes.containsKey(SUMS)) {
      byte[] bytes = read(directory + "/" + SUMS);
      sums = sums(bytes, directory);
      lines.append(Digests.sha256Hex(bytes)).append('\n');
    }
    List<RemoteFile> files = new ArrayList<>();
    for (Map.Entry<String, Long> entry : sizes.entrySet()) {
      String path = entry.getKey();
      boolean isSignature = path.equals(PublishedLayout.SIGNATURE);
      if (isSignature || PublishedLayout.isContent(path)) {
        lines.append(entry.getValue()).append(' ').append(path).append('\n');
        String sha256 = sums.getOrDefault(path, "");
        if (sha256.isEmpty() && !sums.isEmpty() && !isSignature) {
          throw new RegistryException(
              directory + "/" + path + " is not in " + SUMS + " (expected: every file)");
        }
        files.add(
            new RemoteFile(path, entry.getValue(), sha256, Packing.PLAIN, directory + "/" + path));
      }
    }
    for (String path : sums.keySet()) {
      if (!sizes.containsKey(path)) {
        throw new RegistryException(
            directory + "/" + path + " is in " + SUMS + " but not there (expected: every file)");
      }
    }
    files.sort(Comparator.comparing(RemoteFile::path));
    return new Listing(files, Digests.sha256Hex(lines.toString().getBytes(StandardCharsets.UTF_8)));
  }

  private static Map<String, String> sums(byte[] bytes, String directory) {
    Map<String, String> sums = new TreeMap<>();
    for (String line : new String(bytes, StandardCharsets.UTF_8).lines().toList()) {
      Matcher matcher = SUM.matcher(line);
      if (!matcher.matches()) {
        throw new RegistryException(
            directory + "/" + SUMS + " is malformed (expected: lines as sha256sum prints them)");
      }
      sums.put(matcher.group(2), matcher.group(1));
    }
    return sums;
  }

  private byte[] read(String path) {
    HttpReply reply = api.transport().send(api.authorized(HttpCall.get(file(path))));
    return reply.bytes(MAX_SUMS_BYTES);
  }

  /** Begins to read a file, by its path below the root. */
  Transfer open(String path, long offset) {
    Optional<HttpCall> direct = presigned(path);
    if (direct.isPresent()) {
      try {
        return api.transport().open(direct.get(), offset, "");
      } catch (RegistryException e) {
        // The store may be out of reach from here, or the URL too old: the proxy knows better.
        return proxied(path, offset, e);
      }
    }
    return api.transport().open(api.authorized(HttpCall.get(file(path))), offset, "");
  }

  private Transfer proxied(String path, long offset, RegistryException first) {
    try {
      return api.transport().open(api.authorized(HttpCall.get(file(path))), offset, "");
    } catch (RegistryException e) {
      e.addSuppressed(first);
      throw e;
    }
  }

  private Optional<HttpCall> presigned(String path) {
    if (proxiedOnly) {
      return Optional.empty();
    }
    HttpCall call = HttpCall.get(api.uri(PRESIGNED + SourceUri.encode(path, "/")));
    HttpReply reply =
        api.transport().send(api.authorized(call).answering(400, 401, 403, 404, 405, 501));
    if (reply.status() / 100 != 2) {
      proxiedOnly = isUnsupported(reply.status(), JsonReply.error(reply));
      return Optional.empty();
    }
    JsonNode answer = JsonReply.read(reply, MAX_ANSWER_BYTES);
    try {
      URI target = URI.create(answer.path("url").asText());
      HttpCall direct = HttpCall.get(target);
      for (Map.Entry<String, JsonNode> header : answer.path("headers").properties()) {
        direct = direct.withHeader(header.getKey(), header.getValue().asText());
      }
      boolean isPlain = "http".equals(target.getScheme());
      boolean mayBePlain = api.uri("").getScheme().equals("http");
      return target.getHost() != null && (mayBePlain || !isPlain)
          ? Optional.of(direct)
          : Optional.empty();
    } catch (IllegalArgumentException e) {
      // No URL, or a header that cannot be sent: the proxy will do.
      return Optional.empty();
    }
  }

  private static boolean isUnsupported(int status, JsonNode error) {
    return status == 501
        || status == 405
        || (status == 404 && !error.path("error_code").asText().equals("RESOURCE_DOES_NOT_EXIST"));
  }

  /** Uploads a file through the proxy. */
  void upload(String path, Path file, long sizeBytes) {
    send(HttpCall.put(file(path), file, sizeBytes));
  }

  /** Uploads bytes through the proxy. */
  void upload(String path, byte[] content) {
    send(HttpCall.put(file(path), content));
  }

  private void send(HttpCall call) {
    HttpCall put = call.withHeader("Content-Type", "application/octet-stream");
    HttpReply reply = api.transport().send(api.authorized(put).answering(400, 401, 403, 404, 501));
    if (reply.status() / 100 != 2) {
      throw MlflowApi.refused(call, reply);
    }
    reply.close();
  }

  private URI file(String path) {
    return api.uri(FILES + "/" + SourceUri.encode(path, "/"));
  }

  /** Whether that directory holds a file of that name and content. */
  boolean has(String directory, String name, byte[] content) {
    try {
      return Arrays.equals(read(directory + "/" + name), content);
    } catch (RegistryException e) {
      if (e.kind() == Kind.DENIED) {
        throw e;
      }
      // Absent; a proxy of a local disk says that with 500.
      return false;
    }
  }
}
