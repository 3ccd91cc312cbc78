package dev.skeg.runtime.config;

import dev.skeg.runtime.config.ServerConfig.LogFormat;
import dev.skeg.runtime.config.ServerConfig.LogLevel;
import dev.skeg.runtime.config.ServerConfig.ModelControlMode;
import dev.skeg.runtime.config.ServerConfig.Transport;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The table of the server's keys. Files, environment variables, command line options and the
 * reference are all made from it.
 */
public final class ServerKeys {
  static final Duration MAX_DRAIN_DELAY = Duration.ofMinutes(10);

  static final String MODELS_DIRECTORY = "models-dir";

  /** Keys that will come, or that people look for, with what to say of them. */
  static final Map<String, String> REFUSED =
      Map.of("public-url", "not supported by this version: nothing calls the server back yet");

  static final Key<String> ID =
      key(
          "id",
          ValueType.text("a name", 128),
          "skeg",
          List.of("--id"),
          "The server's name in its metadata.",
          ServerConfig::id);

  /** The directory of models. */
  public static final Key<Path> MODELS =
      key(
          MODELS_DIRECTORY,
          ValueType.path("a directory that holds <model>/<version>/model.onnx"),
          "",
          List.of("--models", "--model-repository", "--model-store"),
          "The directory of models, in Triton's layout. The option also takes `NAME=URI`, as"
              + " `fraud=oci://host/team/fraud#tag/prod`, any number of times: a model with a source"
              + " of its own.",
          config -> config.modelsDirectory().map(Path::toString).orElse(""));

  static final Key<ModelControlMode> MODEL_CONTROL_MODE =
      key(
          "model-control-mode",
          ValueType.choice(ModelControlMode.class),
          "poll",
          List.of("--model-control-mode"),
          "Who decides what is loaded: `poll` follows directories and pointers as they change,"
              + " `none` takes them as they are at the start, `explicit` loads what it is asked to"
              + " over the API.",
          config -> ValueType.lowerCase(config.modelControl().mode()));

  /** Models to begin with. */
  public static final Key<String> LOAD_MODELS =
      key(
          "load-models",
          ValueType.text("names of models with commas between them, or *", 4096),
          "",
          List.of("--load-model"),
          "With the mode `explicit`: models that are loaded at the start; `*` for all. The option may"
              + " come several times.",
          config -> String.join(",", new TreeSet<>(config.modelControl().startWith())));

  static final Key<Integer> REPOSITORY_POLL_SECS =
      key(
          "repository-poll-secs",
          ValueType.integer(0, 86_400),
          "15",
          List.of("--repository-poll-secs"),
          "How often directories and pointers are looked at, in seconds, when nothing hints at a"
              + " change; 0 is the mode `none`.",
          config -> Integer.toString(config.modelControl().pollSeconds()));
  static final Key<Long> STORE_MAX_SIZE =
      key(
          "store.max-size",
          ValueType.bytes(1L << 20, 1L << 50),
          "",
          List.of(),
          "How much disk the fetched versions may take; no limit if it is not set. What is least"
              + " recently used goes first, what is loaded never.",
          config -> config.storeMaxBytes().map(ValueType::size).orElse(""));

  static final Key<Path> DATA_DIRECTORY =
      key(
          "data-dir",
          ValueType.path("a directory that the server may write to; it is made if need be"),
          "./.skeg",
          List.of("--data-dir"),
          "Where the server keeps what must outlive it.",
          config -> config.dataDirectory().toString());
  static final Key<String> HOST =
      key(
          "host",
          ValueType.host(),
          "127.0.0.1",
          List.of("--host"),
          "The address that the REST, gRPC and metrics ports listen on; the admin port has its own.",
          ServerConfig::host);
  static final Key<Integer> HTTP_PORT =
      key(
          "http.port",
          ValueType.port(),
          "8000",
          List.of("--http-port"),
          "The REST port.",
          config -> Integer.toString(config.http().port()));
  static final Key<Integer> GRPC_PORT =
      key(
          "grpc.port",
          ValueType.port(),
          "8001",
          List.of("--grpc-port"),
          "The gRPC port.",
          config -> Integer.toString(config.grpc().port()));
  static final Key<Path> HTTP_SOCKET =
      key(
          "http.socket",
          ValueType.path(
              "a path of at most 107 bytes, in a directory that the server may write to"),
          "",
          List.of("--http-socket"),
          "A Unix domain socket that REST is served on as well; none if it is not set.",
          config -> config.http().socket().map(Path::toString).orElse(""));
  static final Key<Path> GRPC_SOCKET =
      key(
          "grpc.socket",
          ValueType.path(
              "a path of at most 107 bytes, in a directory that the server may write to"),
          "",
          List.of("--grpc-socket"),
          "A Unix domain socket that gRPC is served on as well; none if it is not set.",
          config -> config.grpc().socket().map(Path::toString).orElse(""));
  static final Key<Integer> METRICS_PORT =
      key(
          "metrics.port",
          ValueType.port(),
          "8002",
          List.of("--metrics-port"),
          "The port of the metrics page.",
          config -> Integer.toString(config.metrics().port()));
  static final Key<Integer> ADMIN_PORT =
      key(
          "admin.port",
          ValueType.port(),
          "8003",
          List.of("--admin-port"),
          "The admin port.",
          config -> Integer.toString(config.admin().port()));
  static final Key<String> ADMIN_HOST =
      key(
          "admin.host",
          ValueType.host(),
          "127.0.0.1",
          List.of("--admin-host"),
          "The address that the admin port listens on; another than this machine's own loopback"
              + " needs `admin.token-file`.",
          config -> config.admin().host());

  /** The file with the admin port's token. */
  public static final Key<Path> ADMIN_TOKEN_FILE =
      key(
          "admin.token-file",
          ValueType.path("a file"),
          "",
          List.of("--admin-token-file"),
          "A file with the token that the admin port asks for (`Authorization: Bearer …`), printable"
              + " characters without spaces; read anew for each request. Without it the port asks"
              + " for none.",
          config -> config.admin().tokenFile().map(Path::toString).orElse(""));

  static final Key<Transport> TRANSPORT =
      key(
          "transport",
          ValueType.choice(Transport.class),
          "auto",
          List.of("--transport"),
          "How the event loops of REST and gRPC wait for the kernel. One that is named and that this"
              + " system does not offer is an error; auto is epoll, or nio where there is no epoll.",
          config -> ValueType.lowerCase(config.transport()));
  static final Key<Duration> DRAIN_DELAY =
      key(
          "drain-delay",
          ValueType.duration(Duration.ZERO, MAX_DRAIN_DELAY),
          "0s",
          List.of("--drain-delay"),
          "How long requests are still taken after a stop was asked for and readiness went off.",
          config -> ValueType.duration(config.drainDelay()));
  static final Key<Lanes> LANES =
      key(
          "execution.lanes",
          ValueType.lanes(),
          "auto",
          List.of("--lanes"),
          "How many batches of one model may run at once; auto is the processor time"
              + " that the process may use (its cpuset, and the quota of its control group) divided"
              + " by the threads of a run, at least 1. A model's instance_group or model.yaml may say"
              + " otherwise for it.",
          config -> config.execution().lanes().toString());
  static final Key<Integer> INTRA_OP_THREADS =
      key(
          "execution.intra-op-threads",
          ValueType.integer(1, ExecutionConfig.MAX_INTRA_OP_THREADS),
          "1",
          List.of(),
          "How many threads one run may use. A model.yaml may say otherwise for its model.",
          config -> Integer.toString(config.execution().intraOpThreads()));
  static final Key<Integer> MAX_QUEUED =
      key(
          "execution.max-queued",
          ValueType.integer(1, ExecutionConfig.MAX_QUEUED),
          "1024",
          List.of(),
          "How many requests may wait for one version; one more is refused at once. A model's"
              + " config.pbtxt may allow fewer.",
          config -> Integer.toString(config.execution().maxQueued()));
  static final Key<Integer> MAX_MESSAGE_SIZE =
      key(
          "limits.max-message-size",
          ValueType.size(
              ServerConfig.Limits.MIN_MESSAGE_BYTES, ServerConfig.Limits.MAX_MESSAGE_BYTES),
          "64MiB",
          List.of("--max-message-size"),
          "The largest request on REST and gRPC, on the wire and decompressed; larger ones are"
              + " refused.",
          config -> ValueType.size(config.limits().maxMessageBytes()));
  static final Key<LogLevel> LOG_LEVEL =
      key(
          "log.level",
          ValueType.choice(LogLevel.class),
          "info",
          List.of("--log-level"),
          "The least important lines that are logged; nothing is logged per request above debug.",
          config -> ValueType.lowerCase(config.log().level()));
  static final Key<LogFormat> LOG_FORMAT =
      key(
          "log.format",
          ValueType.choice(LogFormat.class),
          "json",
          List.of("--log-format"),
          "How a line is written: one JSON object, or text for people.",
          config -> ValueType.lowerCase(config.log().format()));

  /** Every key, in the order of the reference. */
  public static final List<Key<?>> ALL =
      List.of(
          MODELS,
          MODEL_CONTROL_MODE,
          LOAD_MODELS,
          REPOSITORY_POLL_SECS,
          HOST,
          HTTP_PORT,
          HTTP_SOCKET,
          GRPC_PORT,
          GRPC_SOCKET,
          METRICS_PORT,
          ADMIN_HOST,
          ADMIN_PORT,
          ADMIN_TOKEN_FILE,
          TRANSPORT,
          ID,
          DRAIN_DELAY,
          DATA_DIRECTORY,
          STORE_MAX_SIZE,
          LANES,
          INTRA_OP_THREADS,
          MAX_QUEUED,
          MAX_MESSAGE_SIZE,
          LOG_LEVEL,
          LOG_FORMAT);

  private static final Map<String, Key<?>> BY_PATH = new LinkedHashMap<>();

  static {
    ALL.forEach(key -> BY_PATH.put(key.path(), key));
  }

  private ServerKeys() {}

  /** Returns the key of that path; empty if there is none. */
  static Optional<Key<?>> of(String path) {
    return Optional.ofNullable(BY_PATH.get(path));
  }

  /** Returns the paths of all keys. */
  static Set<String> paths() {
    return BY_PATH.keySet();
  }

  /**
   * Puts the configuration together.
   *
   * @param texts by path; what is missing has its default
   */
  static ServerConfig build(Map<String, String> texts, List<SourceConfig> sources) {
    return new ServerConfig(
        value(ID, texts),
        optional(MODELS, texts),
        sources,
        new ServerConfig.ModelControl(
            value(MODEL_CONTROL_MODE, texts),
            value(REPOSITORY_POLL_SECS, texts),
            names(optional(LOAD_MODELS, texts).orElse(""))),
        optional(STORE_MAX_SIZE, texts),
        value(DATA_DIRECTORY, texts),
        value(HOST, texts),
        new ServerConfig.Http(value(HTTP_PORT, texts), optional(HTTP_SOCKET, texts)),
        new ServerConfig.Grpc(value(GRPC_PORT, texts), optional(GRPC_SOCKET, texts)),
        new ServerConfig.Metrics(value(METRICS_PORT, texts)),
        new ServerConfig.Admin(
            value(ADMIN_HOST, texts), value(ADMIN_PORT, texts), optional(ADMIN_TOKEN_FILE, texts)),
        value(TRANSPORT, texts),
        value(DRAIN_DELAY, texts),
        new ExecutionConfig(
            value(LANES, texts), value(INTRA_OP_THREADS, texts), value(MAX_QUEUED, texts)),
        new ServerConfig.Limits(value(MAX_MESSAGE_SIZE, texts)),
        new ServerConfig.Log(value(LOG_LEVEL, texts), value(LOG_FORMAT, texts)));
  }

  private static Set<String> names(String list) {
    return Stream.of(list.split(","))
        .map(String::strip)
        .filter(name -> !name.isEmpty())
        .collect(Collectors.toSet());
  }

  private static <T> Optional<T> optional(Key<T> key, Map<String, String> texts) {
    return texts.containsKey(key.path()) ? Optional.of(value(key, texts)) : Optional.empty();
  }

  private static <T> T value(Key<T> key, Map<String, String> texts) {
    return key.type().parse(texts.getOrDefault(key.path(), key.defaultText()));
  }

  private static <T> Key<T> key(
      String path,
      ValueType<T> type,
      String defaultText,
      List<String> options,
      String summary,
      Function<ServerConfig, String> shower) {
    return new Key<>(path, type, defaultText, options, summary, shower);
  }
}
