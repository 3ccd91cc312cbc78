package dev.skeg.runtime.server;

import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.runtime.admin.AdminPages;
import dev.skeg.runtime.admin.AdminServer;
import dev.skeg.runtime.backend.Backend;
import dev.skeg.runtime.backend.onnx.OnnxRuntimeBackend;
import dev.skeg.runtime.config.ServerConfig;
import dev.skeg.runtime.config.SourceConfig;
import dev.skeg.runtime.config.Version;
import dev.skeg.runtime.control.ModelControl;
import dev.skeg.runtime.control.ModelPlan;
import dev.skeg.runtime.endpoint.Endpoint;
import dev.skeg.runtime.endpoint.EndpointTable;
import dev.skeg.runtime.endpoint.IndexEntry;
import dev.skeg.runtime.endpoint.ServerIdentity;
import dev.skeg.runtime.endpoint.ServerState;
import dev.skeg.runtime.endpoint.ServerState.Phase;
import dev.skeg.runtime.grpc.GrpcConfig;
import dev.skeg.runtime.grpc.GrpcServer;
import dev.skeg.runtime.http.HttpConfig;
import dev.skeg.runtime.http.HttpServer;
import dev.skeg.runtime.monitoring.Monitors;
import dev.skeg.runtime.servable.Loader;
import dev.skeg.runtime.socket.Transport;
import dev.skeg.runtime.source.ModelSources;
import dev.skeg.runtime.source.Plans;
import dev.skeg.runtime.state.JudgeStates;
import dev.skeg.runtime.state.SqliteAlertStore;
import dev.skeg.runtime.state.StateDatabase;
import dev.skeg.runtime.state.WindowArchive;
import dev.skeg.runtime.tap.MonitorDrain;
import dev.skeg.runtime.telemetry.InferenceMetrics;
import dev.skeg.runtime.telemetry.MetricsServer;
import dev.skeg.runtime.telemetry.PrometheusExporter;
import dev.skeg.runtime.telemetry.PrometheusExporter.ModelState;
import dev.skeg.runtime.telemetry.PrometheusExporter.SourceState;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The whole server in one object.
 *
 * <p><b>Start.</b> The ports open first and say that the server lives but is not ready; the models
 * load; when every version has been tried, the server is ready. <b>Stop.</b> Readiness goes off;
 * for the drain delay requests are still taken as before; then connections are told to end,
 * requests in flight are answered, and the models are freed, within 10 s and the drain delay in
 * all.
 *
 * <p><b>Threads.</b> Started by one thread; {@link #stop} may be called by any, and more than once.
 */
public final class SkegServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SkegServer.class);

  /** Parts of the protocol beyond its core that work. */
  private static final List<String> EXTENSIONS =
      List.of("model_repository", "model_configuration", "binary_tensor_data", "parameters");

  /** For requests in flight at a stop; what is left of 10 s is for freeing the models. */
  private static final Duration IN_FLIGHT = Duration.ofSeconds(6);

  /** Of each version, arm and segment: five weeks of hours. */
  private static final int KEPT_WINDOWS = 35 * 24;

  private static final long KEPT_WINDOW_BYTES = 256L << 20;

  /** Of all versions, arms and segments of a model, those that are gone too. */
  private static final long KEPT_MODEL_BYTES = 1L << 30;

  private final ServerConfig config;
  private final Function<Monitors, WindowJudge> judges;
  private final ServerState state = new ServerState();
  private final Map<String, String> addresses = new TreeMap<>();
  private final Deque<AutoCloseable> parts = new ArrayDeque<>();
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final CountDownLatch stopAsked = new CountDownLatch(1);
  private @Nullable HttpServer http;
  private @Nullable GrpcServer grpc;

  private SkegServer(ServerConfig config, Function<Monitors, WindowJudge> judges) {
    this.config = config;
    this.judges = judges;
  }

  /**
   * Starts a server; returns when every version has been tried.
   *
   * @throws RuntimeException whose message says what is wrong and what would do; nothing is left
   *     running
   */
  public static SkegServer start(ServerConfig config) throws InterruptedException {
    return start(config, JudgedWindows::new);
  }

  /**
   * Starts a server, as {@link #start(ServerConfig)} does.
   *
   * @param judges says what becomes of windows that have closed
   */
  static SkegServer start(ServerConfig config, Function<Monitors, WindowJudge> judges)
      throws InterruptedException {
    SkegServer server = new SkegServer(config, judges);
    try {
      server.open();
      return server;
    } catch (RuntimeException | Error | InterruptedException e) {
      server.closeTransports();
      server.closeParts();
      throw e;
    }
  }

  private void open() throws InterruptedException {
    ModelSources sources = ModelSources.open(config, Clock.systemUTC());
    LOG.atInfo().addKeyValue("config", config.describe()).log("Starting");
    InferenceMetrics metrics = new InferenceMetrics();
    EndpointTable endpoints = new EndpointTable(metrics);
    ServerIdentity identity = new ServerIdentity(config.id(), Version.current().skeg(), EXTENSIONS);
    Monitors monitors = monitors();
    openPorts(endpoints, identity, metrics, sources, monitors);

    Backend backend = new OnnxRuntimeBackend(nativeDirectory());
    parts.push(backend);
    MonitorDrain drain = new MonitorDrain(Clock.systemUTC());
    parts.push(drain);
    int processors = Runtime.getRuntime().availableProcessors();
    ModelControl control =
        new ModelControl(
            new Loader(backend),
            endpoints,
            metrics,
            Clock.systemUTC(),
            new VersionMonitor(drain, judges.apply(monitors)));
    parts.push(control);
    parts.push(sources); // Closed first: nothing is planned any more when the versions go.
    control.starting(processors);
    sources.start(plans(control, endpoints));
    control.started();
    state.advance(Phase.READY);
    LOG.atInfo().log("Ready");
  }

  /** Opens no file: that is for the first window, or for who asks first. */
  private Monitors monitors() {
    StateDatabase database =
        new StateDatabase(config.dataDirectory(), config.dataDirectory().resolve("native"));
    parts.push(database);
    Monitors monitors =
        new Monitors(
            new SqliteAlertStore(database),
            new JudgeStates(database),
            new WindowArchive(
                config.dataDirectory().resolve("profiles"),
                KEPT_WINDOWS,
                KEPT_WINDOW_BYTES,
                KEPT_MODEL_BYTES),
            Clock.systemUTC());
    parts.push(monitors);
    return monitors;
  }

  private static Plans plans(ModelControl control, EndpointTable endpoints) {
    return new Plans() {
      @Override
      public CompletableFuture<Endpoint> apply(ModelPlan plan) {
        return control.apply(plan);
      }

      @Override
      public Optional<Endpoint> endpoint(String model) {
        return endpoints.endpoint(model);
      }

      @Override
      public CompletableFuture<@Nullable Void> forget(String model) {
        return control.forget(model);
      }
    };
  }

  private void openPorts(
      EndpointTable endpoints,
      ServerIdentity identity,
      InferenceMetrics metrics,
      ModelSources sources,
      Monitors monitors) {
    Transport transport = transport();
    GrpcServer grpcServer =
        new GrpcServer(
            GrpcConfig.of(config.host(), config.grpc().port())
                .withMaxMessageBytes(config.limits().maxMessageBytes())
                .withSocket(config.grpc().socket())
                .withTransport(transport),
            identity,
            endpoints,
            sources,
            state);
    grpc = grpcServer;
    note("grpc", config.host(), grpcServer.start());
    HttpServer httpServer =
        new HttpServer(
            HttpConfig.of(config.host(), config.http().port())
                .withMaxMessageBytes(config.limits().maxMessageBytes())
                .withSocket(config.http().socket())
                .withTransport(transport),
            identity,
            endpoints,
            sources,
            state);
    http = httpServer;
    note("http", config.host(), httpServer.start());
    MetricsServer metricsServer =
        new MetricsServer(
            config.host(),
            config.metrics().port(),
            new PrometheusExporter(
                metrics,
                () -> states(endpoints),
                () -> states(sources),
                monitors::metrics,
                identity.version()));
    parts.push(metricsServer);
    note("metrics", config.host(), metricsServer.port());
    AdminServer admin =
        new AdminServer(
            config.admin().host(),
            config.admin().port(),
            config.admin().tokenFile(),
            new AdminPages(
                identity,
                state,
                endpoints,
                sources,
                () -> Map.copyOf(addresses),
                Clock.systemUTC()),
            sources,
            monitors,
            Clock.systemUTC());
    parts.push(admin);
    note("admin", config.admin().host(), admin.port());
  }

  private Transport transport() {
    return switch (config.transport()) {
      case AUTO -> Transport.chosen();
      case EPOLL -> Transport.EPOLL.required();
      case IO_URING -> Transport.IO_URING.required();
      case NIO -> Transport.NIO.required();
    };
  }

  private void note(String name, String host, int port) {
    addresses.put(name, (host.contains(":") ? "[" + host + "]" : host) + ":" + port);
  }

  private static List<SourceState> states(ModelSources sources) {
    List<SourceState> states = new ArrayList<>();
    for (SourceConfig source : sources.sources()) {
      sources
          .status(source.model())
          .ifPresent(status -> {
            Map<String, Boolean> failing = new TreeMap<>();
            for (Kind kind : Kind.values()) {
              failing.put(kind.name(), status.kind().filter(kind::equals).isPresent());
            }
            double lastSuccess =
                status.lastSuccess().map(time -> time.toEpochMilli() / 1000.0).orElse(Double.NaN);
            states.add(new SourceState(source.model(), failing, lastSuccess));
          });
    }
    return states;
  }

  private static List<ModelState> states(EndpointTable endpoints) {
    List<IndexEntry> index = endpoints.index(false);
    return index.stream()
        .map(entry -> new ModelState(entry.model(), entry.version(), entry.state()))
        .toList();
  }

  /** The launcher unpacks the library once, at build time; without it the data directory has it. */
  private Path nativeDirectory() {
    String unpacked = System.getProperty("skeg.native-dir", "");
    return unpacked.isEmpty() ? config.dataDirectory().resolve("native") : Path.of(unpacked);
  }

  /** Returns where a port listens: {@code http}, {@code grpc}, {@code metrics} or {@code admin}. */
  public String address(String name) {
    String address = addresses.get(name);
    if (address == null) {
      throw new IllegalArgumentException(
          "name: " + name + " (expected: http, grpc, metrics or admin)");
    }
    return address;
  }

  /** Returns the port of that name. */
  public int port(String name) {
    String address = address(name);
    return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
  }

  /** Waits until the server has stopped. */
  public void awaitStopped() throws InterruptedException {
    stopped.await();
  }

  /** Stops the server and returns when it has. */
  public void stop() {
    synchronized (stopAsked) {
      if (stopAsked.getCount() == 0) {
        return;
      }
      stopAsked.countDown();
    }
    LOG.atInfo().log("Stopping");
    state.advance(Phase.DRAINING);
    try {
      // Load balancers look at readiness; until they have, requests keep coming and are answered.
      if (!config.drainDelay().isZero()) {
        TimeUnit.NANOSECONDS.sleep(config.drainDelay().toNanos());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    state.advance(Phase.STOPPING);
    closeTransports();
    closeParts();
    LOG.atInfo().log("Stopped");
    stopped.countDown();
  }

  private void closeTransports() {
    GrpcServer grpcServer = grpc;
    HttpServer httpServer = http;
    Thread grpcStop =
        Thread.ofVirtual()
            .start(() -> {
              if (grpcServer != null) {
                grpcServer.stop(IN_FLIGHT);
              }
            });
    if (httpServer != null) {
      httpServer.stop(IN_FLIGHT);
    }
    try {
      grpcStop.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void closeParts() {
    while (!parts.isEmpty()) {
      AutoCloseable part = parts.pop();
      try {
        part.close();
      } catch (Exception e) {
        LOG.atWarn().setCause(e).log("A part of the server could not be closed");
      }
    }
  }

  @Override
  public void close() {
    stop();
  }
}
