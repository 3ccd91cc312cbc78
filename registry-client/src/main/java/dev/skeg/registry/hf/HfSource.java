package dev.skeg.registry.hf;

import com.fasterxml.jackson.databind.JsonNode;
import dev.skeg.registry.Packing;
import dev.skeg.registry.Pointer;
import dev.skeg.registry.PublishedLayout;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.RemoteFile;
import dev.skeg.registry.Revision;
import dev.skeg.registry.SafePath;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.Transfer;
import dev.skeg.registry.transport.HttpCall;
import dev.skeg.registry.transport.HttpReply;
import dev.skeg.registry.transport.HttpTransport;
import dev.skeg.registry.transport.JsonReply;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A repository of the Hugging Face Hub as a source. A revision is a commit. <b>Threads.</b> Any,
 * several at once.
 */
final class HfSource implements Source {
  private static final String DEFAULT_ENDPOINT = "https://huggingface.co";
  private static final int MAX_INFO_BYTES = 32 << 20;
  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");
  private static final Pattern REPOSITORY =
      Pattern.compile("[A-Za-z0-9._-]{1,96}(?:/[A-Za-z0-9._-]{1,96})?");

  private final SourceUri uri;
  private final SourceSettings settings;
  private final String repository;
  private final String endpoint;
  private final String directory;
  private final Pattern included;
  private final HttpTransport transport;

  HfSource(SourceUri uri, SourceSettings settings) {
    uri.requireOptions(Set.of("endpoint", "path", "include"));
    this.uri = uri;
    this.settings = settings;
    this.repository = uri.authority().isEmpty() ? uri.path() : uri.authority() + "/" + uri.path();
    if (!REPOSITORY.matcher(repository).matches()) {
      throw new IllegalArgumentException(
          "source: " + uri + " (expected: hf://ORGANISATION/REPOSITORY; a branch is the pointer)");
    }
    this.endpoint = endpoint(settings.option(uri, "endpoint").orElse(DEFAULT_ENDPOINT));
    this.directory = directory(settings.option(uri, "path").orElse(""));
    this.included = patterns(settings.option(uri, "include").orElse("*"));
    this.transport = HttpTransport.open(settings.network());
  }

  private static String endpoint(String text) {
    URI endpoint = URI.create(text);
    if (endpoint.getHost() == null
        || !Set.of("http", "https").contains(endpoint.getScheme())
        || endpoint.getRawQuery() != null
        || endpoint.getRawUserInfo() != null) {
      throw new IllegalArgumentException("endpoint: an http or https URL is expected");
    }
    return text.replaceAll("/+$", "");
  }

  private static String directory(String path) {
    String trimmed = path.replaceAll("^/+|/+$", "");
    return trimmed.isEmpty() ? "" : SafePath.require(trimmed) + "/";
  }

  /** Turns {@code *.onnx,config.json} into a pattern; a star stands for slashes, too. */
  private static Pattern patterns(String globs) {
    StringBuilder regex = new StringBuilder();
    for (String glob : globs.split(",", -1)) {
      regex.append(regex.isEmpty() ? "" : "|");
      for (char c : glob.strip().toCharArray()) {
        regex.append(
            switch (c) {
              case '*' -> ".*";
              case '?' -> ".";
              default -> Pattern.quote(String.valueOf(c));
            });
      }
    }
    return Pattern.compile(regex.toString());
  }

  @Override
  public SourceUri uri() {
    return uri;
  }

  @Override
  public Revision resolve(Pointer pointer, @Nullable Revision known) {
    String name = name(pointer);
    if (known != null && known.revision().equals(name)) {
      return known;
    }
    JsonNode info = info(name, false);
    String commit = info.path("sha").asText();
    if (!COMMIT.matcher(commit).matches()) {
      throw new RegistryException(
          repository + " at " + name + " has no commit (expected: sha of 40 hexadecimal digits)");
    }
    if (known != null && known.revision().equals(commit)) {
      return known;
    }
    Map<String, String> properties = new TreeMap<>();
    Optional.of(info.path("lastModified").asText())
        .filter(text -> !text.isEmpty())
        .ifPresent(text -> properties.put("lastModified", text));
    return new Revision(commit, 0, "", properties);
  }

  private static String name(Pointer pointer) {
    return switch (pointer.kind()) {
      case LATEST -> "main";
      case BRANCH, TAG -> pointer.name();
      case REVISION -> {
        if (!COMMIT.matcher(pointer.name()).matches()) {
          throw unfit(pointer);
        }
        yield pointer.name();
      }
      case VERSION, ALIAS, DIGEST -> throw unfit(pointer);
    };
  }

  private static RegistryException unfit(Pointer pointer) {
    return new RegistryException(
        "pointer "
            + pointer
            + " of an hf source (expected: latest, branch/NAME, tag/NAME, or revision/ and a commit"
            + " of 40 hexadecimal digits)");
  }

  private JsonNode info(String revision, boolean blobs) {
    URI target =
        URI.create(
            endpoint
                + "/api/models/"
                + repository
                + "/revision/"
                + SourceUri.encode(revision, "")
                + (blobs ? "?blobs=true" : ""));
    HttpReply reply =
        transport.send(authorized(HttpCall.get(target)).answering(400, 401, 403, 404));
    if (reply.status() != 200) {
      throw refused(reply, repository + " at " + revision);
    }
    return JsonReply.read(reply, MAX_INFO_BYTES);
  }

  private HttpCall authorized(HttpCall call) {
    return settings.credential("token").map(call::withBearer).orElse(call);
  }

  private RegistryException refused(HttpReply reply, String what) {
    int status = reply.status();
    String code = reply.header("x-error-code");
    String said = JsonReply.shown(reply.header("x-error-message"));
    reply.close();
    boolean hasToken = settings.credentials().containsKey("token");
    String remedy =
        switch (code) {
          case "GatedRepo" ->
              "expected: a token of somebody whom its authors have let in on its page";
          case "RepoNotFound" ->
              hasToken
                  ? "expected: ORGANISATION/REPOSITORY that exists and the token may read"
                  : "expected: ORGANISATION/REPOSITORY that exists; if it is private, a token";
          case "RevisionNotFound" -> "expected: a branch, tag or commit that exists";
          case "EntryNotFound" -> "expected: a file that exists at that commit";
          case "DisabledRepo" -> "expected: a repository that the Hub has not disabled";
          default -> "expected: 200";
        };
    Kind kind =
        switch (status) {
          case 401, 403 -> Kind.DENIED;
          case 404 -> Kind.NOT_FOUND;
          default -> Kind.INVALID;
        };
    return new RegistryException(
        kind,
        "hf: "
            + what
            + " answered "
            + status
            + (code.isEmpty() ? "" : " " + JsonReply.shown(code))
            + (said.isEmpty() ? "" : ", " + said)
            + " ("
            + remedy
            + ")");
  }

  @Override
  public List<RemoteFile> files(Revision revision) {
    String commit = revision.revision();
    JsonNode info = info(commit, true);
    if (!info.path("sha").asText().equals(commit)) {
      throw new RegistryException(
          repository + " answered another commit than " + commit + " (expected: that one)");
    }
    List<RemoteFile> files = new ArrayList<>();
    for (JsonNode sibling : info.path("siblings")) {
      String name = sibling.path("rfilename").asText();
      String path = name.startsWith(directory) ? name.substring(directory.length()) : "";
      if (!path.isEmpty()
          && (PublishedLayout.isContent(path) || path.equals(PublishedLayout.SIGNATURE))
          && included.matcher(path).matches()) {
        files.add(file(sibling, name, SafePath.require(path)));
      }
    }
    if (files.isEmpty()) {
      throw new RegistryException(
          repository
              + " has no files in '"
              + directory
              + "' at "
              + commit
              + " (expected: some; options path and include say which)");
    }
    return files;
  }

  private RemoteFile file(JsonNode sibling, String name, String path) {
    JsonNode lfs = sibling.path("lfs");
    if (lfs.isObject()) {
      return new RemoteFile(
          path, lfs.path("size").asLong(-1), lfs.path("sha256").asText(), Packing.PLAIN, name);
    }
    String blob = sibling.path("blobId").asText();
    if (!COMMIT.matcher(blob).matches() || !sibling.path("size").isIntegralNumber()) {
      throw new RegistryException(
          repository + " says neither sha256 nor blobId and size of " + name + " (expected: one)");
    }
    return new RemoteFile(
        path, sibling.path("size").asLong(), "", Packing.PLAIN, blob + ":" + name);
  }

  @Override
  public Transfer open(Revision revision, RemoteFile file, long offset) {
    boolean isLfs = !file.sha256().isEmpty();
    String name = isLfs ? file.key() : file.key().substring(41);
    URI target =
        URI.create(
            endpoint
                + "/"
                + repository
                + "/resolve/"
                + revision.revision()
                + "/"
                + SourceUri.encode(name, "/"));
    if (isLfs) {
      return open(target, name, offset);
    }
    // Git's id covers the whole file, so a small one is always read from its beginning.
    Transfer whole = open(target, name, 0);
    String blob = file.key().substring(0, 40);
    return new Transfer(
        new GitBlobStream(whole.in(), name, blob, file.sizeBytes()), 0, file.sizeBytes());
  }

  private Transfer open(URI target, String name, long offset) {
    try {
      return transport.open(authorized(HttpCall.get(target)), offset, "");
    } catch (RegistryException e) {
      if (e.kind() == Kind.DENIED || e.kind() == Kind.NOT_FOUND) {
        HttpCall why = authorized(HttpCall.head(target)).answering(302, 307, 401, 403, 404);
        HttpReply reply = transport.send(why);
        if (reply.status() >= 400) {
          throw refused(reply, repository + "/" + name);
        }
        reply.close();
      }
      throw e;
    }
  }

  @Override
  public void close() {
    transport.close();
  }
}
