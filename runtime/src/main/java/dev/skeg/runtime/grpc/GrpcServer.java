package dev.skeg.runtime.grpc;

import dev.skeg.runtime.endpoint.Endpoints;
import dev.skeg.runtime.endpoint.ModelRepository;
import dev.skeg.runtime.endpoint.ServerIdentity;
import dev.skeg.runtime.endpoint.ServerState;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.socket.SocketFile;
import dev.skeg.runtime.socket.Transport;
import inference.GRPCInferenceServiceGrpc;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The gRPC port: the inference service, health and reflection.
 *
 * <p>Calls run on the event loops themselves, since nothing that they do blocks. Clients may ping
 * as often as every ten seconds, also while they have no call: more than gRPC allows by default, as
 * clients written for other servers do.
 *
 * <p><b>Threads.</b> {@link #start} once, then {@link #stop}; of further stops nothing comes.
 */
public final class GrpcServer {
  /** Of one connection, at once; a client keeps what goes beyond to itself until there is room. */
  static final int MAX_CALLS = 1024;

  /**
   * Resets by a connection's client in {@link #RESET_SECONDS}: a client whose calls have deadlines
   * resets all it has at once when they are over, and may do so again and again.
   */
  static final int MAX_RESETS = 16 * MAX_CALLS;

  private static final int RESET_SECONDS = 10;

  private static final long MIN_PING_SECONDS = 10;
  private static final long FLUSH_MILLIS = 500; // For the last words to calls that are cut off.

  /**
   * Warns, with a stack trace, of every message that exceeds the limit: a client's mistake, which
   * the client is told. Held here, or the setting would be lost with the logger.
   */
  private static final Logger DEFRAMER_LOG = Logger.getLogger("io.grpc.netty.NettyServerStream");

  /** The same of every stream on which a client breaks the protocol, which the reset tells it. */
  private static final Logger STREAM_LOG = Logger.getLogger("io.grpc.netty.NettyServerHandler");

  static {
    DEFRAMER_LOG.setLevel(Level.SEVERE);
    STREAM_LOG.setFilter(record ->
        !(record.getThrown() instanceof Http2Exception broken)
            || broken.error() == Http2Error.INTERNAL_ERROR);
  }

  private final GrpcConfig config;
  private final ServerState state;
  private final HealthStatusManager health = new HealthStatusManager();
  private final InferLoops inFlight;
  private final OpenCalls streams = new OpenCalls(); // Last until their client ends them.
  private final EventLoopGroup eventLoops;
  private final Server server;
  private final @Nullable Server socketServer; // On the Unix domain socket, if there is one.

  public GrpcServer(
      GrpcConfig config,
      ServerIdentity identity,
      Endpoints endpoints,
      ModelRepository repository,
      ServerState state) {
    this.config = config;
    this.state = state;
    this.inFlight = new InferLoops(endpoints, config.maxMessageBytes(), config.messageTimeout());
    Transport transport = config.transport();
    this.eventLoops = transport.eventLoops("grpc", config.eventLoops());
    InetSocketAddress address = new InetSocketAddress(config.host(), config.port());
    InferenceService service = new InferenceService(endpoints, repository, state, identity);
    this.server = build(address, transport.tcpChannel(), service);
    this.socketServer =
        config
            .socket()
            .map(socket -> build(transport.unixAddress(socket), transport.unixChannel(), service))
            .orElse(null);
  }

  private Server build(
      SocketAddress address, Class<? extends ServerChannel> channel, InferenceService service) {
    return NettyServerBuilder.forAddress(address)
        .protocolNegotiator(new InferNegotiator(inFlight))
        .channelType(channel)
        .bossEventLoopGroup(eventLoops)
        .workerEventLoopGroup(eventLoops)
        .directExecutor()
        .maxInboundMessageSize(config.maxMessageBytes())
        .maxConcurrentCallsPerConnection(MAX_CALLS)
        .maxRstFramesPerWindow(MAX_RESETS, RESET_SECONDS)
        .handshakeTimeout(config.settingsTimeout().toNanos(), TimeUnit.NANOSECONDS)
        .permitKeepAliveTime(MIN_PING_SECONDS, TimeUnit.SECONDS)
        .permitKeepAliveWithoutCalls(true)
        .compressorRegistry(Codecs.compressors())
        .decompressorRegistry(Codecs.decompressors())
        .addService(service.definition())
        .addService(ServerInterceptors.intercept(health.getHealthService(), streams))
        .addService(ServerInterceptors.intercept(ProtoReflectionServiceV1.newInstance(), streams))
        .addService(ServerInterceptors.intercept(reflectionV1Alpha(), streams))
        .build();
  }

  /** The older name of the same service, which many tools still ask for. */
  @SuppressWarnings("deprecation")
  private static io.grpc.BindableService reflectionV1Alpha() {
    return io.grpc.protobuf.services.ProtoReflectionService.newInstance();
  }

  /**
   * Starts to listen.
   *
   * @return the port bound
   * @throws ServingException if the address cannot be bound
   */
  public int start() {
    state.onChange(this::publishHealth);
    publishHealth();
    try {
      server.start();
    } catch (IOException e) {
      closeEventLoops();
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new ServingException(
          ErrorCode.UNAVAILABLE,
          "gRPC cannot listen on "
              + config.host()
              + ":"
              + config.port()
              + ": "
              + cause.getMessage()
              + " (expected: an address of this machine and a free port, or port 0)",
          e);
    }
    startOnSocket();
    return server.getPort();
  }

  private void startOnSocket() {
    if (socketServer == null) {
      return;
    }
    Path socket = config.socket().orElseThrow();
    try {
      SocketFile.prepare(socket);
      socketServer.start();
    } catch (IOException | ServingException e) {
      server.shutdownNow();
      closeEventLoops();
      throw e instanceof ServingException refused
          ? refused
          : new ServingException(
              ErrorCode.UNAVAILABLE,
              "gRPC cannot listen on socket " + socket + ": " + e.getMessage(),
              e);
    }
  }

  private void publishHealth() {
    ServingStatus status = state.isReady() ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
    health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, status);
    health.setStatus(GRPCInferenceServiceGrpc.SERVICE_NAME, status);
  }

  /**
   * Stops: accepts no more connections, tells the clients of those there are to send no more
   * (GOAWAY), waits for the calls in flight, then closes all.
   *
   * @param deadline how long to wait at most; calls that take longer end in {@code UNAVAILABLE},
   *     half a second later at the most
   * @return whether every call was answered
   */
  public boolean stop(Duration deadline) {
    if (server.isShutdown()) {
      return true;
    }
    health.enterTerminalState();
    List<Server> all = socketServer == null ? List.of(server) : List.of(server, socketServer);
    all.forEach(Server::shutdown);
    streams.endAll();
    boolean answered = false;
    try {
      answered = awaitAll(all, deadline);
      if (!answered) {
        inFlight.endAll();
        var _ = awaitAll(all, Duration.ofMillis(FLUSH_MILLIS));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    all.forEach(Server::shutdownNow);
    config.socket().ifPresent(SocketFile::remove);
    closeEventLoops();
    return answered;
  }

  private static boolean awaitAll(List<Server> servers, Duration deadline)
      throws InterruptedException {
    long end = System.nanoTime() + deadline.toNanos();
    for (Server each : servers) {
      if (!each.awaitTermination(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS)) {
        return false;
      }
    }
    return true;
  }

  private void closeEventLoops() {
    eventLoops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
  }
}
