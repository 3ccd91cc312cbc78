package dev.skeg.registry.hf;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * What the Hugging Face Hub does for clients that read: {@code /api/models/…/revision/…}, {@code
 * …/resolve/…} with its headers, errors with {@code X-Error-Code}, large files behind a redirect to
 * another origin whose signed URLs refuse any Authorization, small ones behind a relative redirect.
 *
 * <p>Commits are made by the test; their ids and those of files are computed as Git's are (SHA-1 of
 * header and content), so a client that verifies them verifies something.
 *
 * <p><b>Threads.</b> Any; state is in concurrent maps.
 */
public final class HubServer implements AutoCloseable {
  /** A token that may read everything but gated repositories. */
  static final String TOKEN = "hf_reader";

  /** A token that was granted gated repositories, too. */
  static final String GRANTED_TOKEN = "hf_granted";

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PRESIGNED = "?X-Amz-Signature=c2lnbmVk";

  /** A file of a commit; one in LFS is served from the other origin. */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  public record HubFile(byte[] content, boolean lfs) {
    public static HubFile plain(String content) {
      return new HubFile(content.getBytes(StandardCharsets.UTF_8), false);
    }

    public static HubFile lfs(byte[] content) {
      return new HubFile(content, true);
    }

    String sha256() {
      return hex("SHA-256", content);
    }

    byte[] pointer() {
      return ("version https://git-lfs.github.com/spec/v1\noid sha256:"
              + sha256()
              + "\nsize "
              + content.length
              + "\n")
          .getBytes(StandardCharsets.UTF_8);
    }

    /** Returns what Git calls the blob: of a file in LFS, its pointer's. */
    String blobId() {
      return gitId("blob", lfs ? pointer() : content);
    }
  }

  /** One repository. */
  private static final class Repository {
    final Map<String, String> branches = new ConcurrentHashMap<>();
    final Map<String, Map<String, HubFile>> commits = new ConcurrentHashMap<>();
    volatile boolean isPrivate;
    volatile boolean isGated;
  }

  private final Map<String, Repository> repositories = new ConcurrentHashMap<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final HttpServer hub;
  private final HttpServer store;
  private volatile URI redirect;
  private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();

  public HubServer() {
    hub = start(this::hub);
    store = start(this::store);
    redirect = storeUri();
  }

  private interface Handler {
    void handle(HttpExchange exchange) throws IOException;
  }

  private HttpServer start(Handler handler) {
    try {
      HttpServer server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.createContext(
          "/",
          exchange -> {
            try (exchange) {
              handler.handle(exchange);
            }
          });
      server.setExecutor(executor);
      server.start();
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public URI uri() {
    return URI.create("http://127.0.0.1:" + hub.getAddress().getPort());
  }

  /** Returns where large files are. */
  URI storeUri() {
    return URI.create("http://127.0.0.1:" + store.getAddress().getPort());
  }

  /** Names another host for large files: a proxy before the store. */
  void redirectTo(URI proxy) {
    redirect = proxy;
  }

  /** Returns method, path and query of the requests so far, in order. */
  List<String> requests() {
    return List.copyOf(requests);
  }

  /**
   * Commits files to a branch; both come to be if they are not there yet.
   *
   * @return the commit's id
   */
  public String commit(String repository, String branch, Map<String, HubFile> files) {
    Repository target = repositories.computeIfAbsent(repository, name -> new Repository());
    StringBuilder content = new StringBuilder("parent " + target.branches.get(branch) + "\n");
    new TreeMap<>(files).forEach((path, file) -> content.append(path + " " + file.blobId() + "\n"));
    String id = gitId("commit", content.toString().getBytes(StandardCharsets.UTF_8));
    target.commits.put(id, Map.copyOf(files));
    target.branches.put(branch, id);
    return id;
  }

  void makePrivate(String repository) {
    repository(repository).isPrivate = true;
  }

  void makeGated(String repository) {
    repository(repository).isGated = true;
  }

  private Repository repository(String name) {
    Repository repository = repositories.get(name);
    if (repository == null) {
      throw new IllegalArgumentException(name);
    }
    return repository;
  }

  private void hub(HttpExchange exchange) throws IOException {
    URI target = exchange.getRequestURI();
    requests.add(exchange.getRequestMethod() + " " + target);
    String[] parts = target.getRawPath().substring(1).split("/", -1);
    if (parts.length == 6 && target.getRawPath().startsWith("/api/models/")) {
      Repository repository = open(exchange, decode(parts[2]) + "/" + decode(parts[3]));
      if (repository != null && parts[4].equals("revision")) {
        info(exchange, repository, decode(parts[2]) + "/" + decode(parts[3]), decode(parts[5]));
      }
    } else if (parts.length >= 5 && parts[2].equals("resolve")) {
      Repository repository = open(exchange, decode(parts[0]) + "/" + decode(parts[1]));
      if (repository != null) {
        resolve(exchange, repository, parts);
      }
    } else if (parts.length >= 7 && target.getRawPath().startsWith("/api/resolve-cache/models/")) {
      // The URL that a small file redirects to: it names the commit, so caches may keep it.
      Repository repository = open(exchange, decode(parts[3]) + "/" + decode(parts[4]));
      if (repository != null) {
        HubFile file = file(repository, decode(parts[5]), join(parts, 6));
        if (file == null) {
          fail(exchange, 404, "EntryNotFound", "Entry not found");
        } else {
          exchange.getResponseHeaders().set("ETag", "\"" + file.blobId() + "\"");
          send(exchange, file.content());
        }
      }
    } else {
      fail(exchange, 404, "", "Sorry, we can't find the page you are looking for.");
    }
  }

  /** Returns the repository if the caller may read it; else answers and returns null. */
  private @Nullable Repository open(HttpExchange exchange, String name) throws IOException {
    Repository repository = repositories.get(name);
    String authorization = exchange.getRequestHeaders().getFirst("Authorization");
    boolean known =
        List.of("Bearer " + TOKEN, "Bearer " + GRANTED_TOKEN).contains(authorization + "");
    if (authorization != null && !known) {
      fail(exchange, 401, "", "Invalid credentials in Authorization header");
      return null;
    }
    if (repository == null || (repository.isPrivate && !known)) {
      fail(
          exchange,
          known ? 404 : 401,
          "RepoNotFound",
          known ? "Repository not found" : "Invalid username or password.");
      return null;
    }
    boolean isInfo = exchange.getRequestURI().getPath().startsWith("/api/models/");
    if (repository.isGated && !isInfo && !("Bearer " + GRANTED_TOKEN).equals(authorization)) {
      fail(
          exchange,
          known ? 403 : 401,
          "GatedRepo",
          "Access to model " + name + " is restricted. You must have access to it");
      return null;
    }
    return repository;
  }

  private static void info(HttpExchange exchange, Repository repository, String name, String rev)
      throws IOException {
    String commit = repository.branches.getOrDefault(rev, rev);
    Map<String, HubFile> files = repository.commits.get(commit);
    if (files == null) {
      fail(exchange, 404, "RevisionNotFound", "Invalid rev id: " + rev);
      return;
    }
    boolean blobs = (exchange.getRequestURI().getQuery() + "").contains("blobs=true");
    ObjectNode answer = JSON.createObjectNode();
    answer.put("_id", "621ffdc136468d709f17ea1a").put("id", name).put("modelId", name);
    answer.put("sha", commit).put("lastModified", "2026-01-01T00:00:00.000Z");
    answer.put("private", repository.isPrivate).put("disabled", false);
    if (repository.isGated) {
      answer.put("gated", "auto");
    } else {
      answer.put("gated", false);
    }
    ArrayNode siblings = answer.putArray("siblings");
    for (Map.Entry<String, HubFile> entry : new TreeMap<>(files).entrySet()) {
      ObjectNode sibling = siblings.addObject().put("rfilename", entry.getKey());
      HubFile file = entry.getValue();
      if (blobs) {
        sibling.put("blobId", file.blobId()).put("size", file.content().length);
        if (file.lfs()) {
          sibling
              .putObject("lfs")
              .put("sha256", file.sha256())
              .put("size", file.content().length)
              .put("pointerSize", file.pointer().length);
        }
      }
    }
    exchange.getResponseHeaders().set("Content-Type", "application/json; charset=utf-8");
    send(exchange, JSON.writeValueAsBytes(answer));
  }

  private void resolve(HttpExchange exchange, Repository repository, String[] parts)
      throws IOException {
    String name = decode(parts[3]);
    String commit = repository.branches.getOrDefault(name, name);
    if (!repository.commits.containsKey(commit)) {
      fail(exchange, 404, "RevisionNotFound", "Invalid rev id: " + name);
      return;
    }
    HubFile file = file(repository, commit, join(parts, 4));
    exchange.getResponseHeaders().set("X-Repo-Commit", commit);
    if (file == null) {
      fail(exchange, 404, "EntryNotFound", "Entry not found");
      return;
    }
    exchange.getResponseHeaders().set("X-Linked-Size", Integer.toString(file.content().length));
    String location;
    if (file.lfs()) {
      exchange.getResponseHeaders().set("X-Linked-Etag", "\"" + file.sha256() + "\"");
      location =
          redirect
              + "/"
              + parts[0]
              + "/"
              + parts[1]
              + "/"
              + commit
              + "/"
              + URLEncoder.encode(join(parts, 4), StandardCharsets.UTF_8)
              + PRESIGNED;
    } else {
      exchange.getResponseHeaders().set("ETag", "\"" + file.blobId() + "\"");
      location =
          "/api/resolve-cache/models/"
              + parts[0]
              + "/"
              + parts[1]
              + "/"
              + commit
              + "/"
              + String.join("/", Arrays.asList(parts).subList(4, parts.length));
    }
    exchange.getResponseHeaders().set("Location", location);
    exchange.sendResponseHeaders(file.lfs() ? 302 : 307, -1);
  }

  /** The other origin, as of an object store: no Authorization beside a signature. */
  private void store(HttpExchange exchange) throws IOException {
    requests.add("STORE " + exchange.getRequestMethod() + " " + exchange.getRequestURI());
    if (exchange.getRequestHeaders().containsKey("Authorization")) {
      fail(exchange, 400, "", "Only one auth mechanism allowed");
      return;
    }
    if (!exchange.getRequestURI().toString().endsWith(PRESIGNED)) {
      fail(exchange, 403, "", "AccessDenied");
      return;
    }
    String[] parts = exchange.getRequestURI().getRawPath().substring(1).split("/", -1);
    HubFile file =
        file(repository(decode(parts[0]) + "/" + decode(parts[1])), parts[2], decode(parts[3]));
    if (file == null) {
      fail(exchange, 404, "", "NoSuchKey");
      return;
    }
    String range = exchange.getRequestHeaders().getFirst("Range");
    int total = file.content().length;
    if (range == null) {
      send(exchange, file.content());
      return;
    }
    int from = Integer.parseInt(range.substring("bytes=".length(), range.indexOf('-')));
    if (from >= total) {
      exchange.getResponseHeaders().set("Content-Range", "bytes */" + total);
      exchange.sendResponseHeaders(416, -1);
      return;
    }
    exchange
        .getResponseHeaders()
        .set("Content-Range", "bytes " + from + "-" + (total - 1) + "/" + total);
    exchange.sendResponseHeaders(206, total - from);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(file.content(), from, total - from);
    }
  }

  private static @Nullable HubFile file(Repository repository, String commit, String path) {
    Map<String, HubFile> files = repository.commits.get(commit);
    return files == null ? null : files.get(path);
  }

  private static void fail(HttpExchange exchange, int status, String code, String message)
      throws IOException {
    if (!code.isEmpty()) {
      exchange.getResponseHeaders().set("X-Error-Code", code);
    }
    exchange.getResponseHeaders().set("X-Error-Message", message);
    byte[] body = JSON.writeValueAsBytes(JSON.createObjectNode().put("error", message));
    boolean hasBody = !exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(status, hasBody ? body.length : -1);
    if (hasBody) {
      exchange.getResponseBody().write(body);
    }
  }

  private static void send(HttpExchange exchange, byte[] body) throws IOException {
    boolean hasBody = !exchange.getRequestMethod().equals("HEAD") && body.length > 0;
    exchange.sendResponseHeaders(200, hasBody ? body.length : -1);
    if (hasBody) {
      exchange.getResponseBody().write(body);
    }
  }

  private static String join(String[] parts, int from) {
    return decode(String.join("/", Arrays.asList(parts).subList(from, parts.length)));
  }

  private static String decode(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  private static String gitId(String type, byte[] content) {
    byte[] header = (type + " " + content.length + "\0").getBytes(StandardCharsets.UTF_8);
    byte[] all = Arrays.copyOf(header, header.length + content.length);
    System.arraycopy(content, 0, all, header.length, content.length);
    return hex("SHA-1", all);
  }

  private static String hex(String algorithm, byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    hub.stop(0);
    store.stop(0);
    executor.close();
  }
}
