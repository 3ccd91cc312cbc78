package dev.skeg.runtime.telemetry;

import java.util.Optional;

/** The metrics port: {@code GET /metrics}. */
public final class MetricsServer implements AutoCloseable {
  private final PlainHttpServer server;

  /** Starts to listen. */
  public MetricsServer(String host, int port, PrometheusExporter exporter) {
    this.server =
        new PlainHttpServer(
            "metrics",
            host,
            port,
            request -> {
              if (!request.path().equals("/metrics")) {
                return Optional.empty();
              }
              if (!request.method().equals("GET")) {
                return Optional.of(PlainHttpServer.Response.notAllowed("GET, HEAD"));
              }
              String type = exporter.contentType(request.header("Accept"));
              return Optional.of(new PlainHttpServer.Response(200, type, exporter.text(type)));
            });
  }

  /** Returns the port bound. */
  public int port() {
    return server.port();
  }

  @Override
  public void close() {
    server.close();
  }
}
