package dev.skeg.registry.bucket;

import dev.skeg.registry.Network;
import dev.skeg.registry.transport.Certificates;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.util.Locale;
import java.util.Optional;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLSocketFactory;

/**
 * Connections of {@link java.net.URL}s as a {@link Network} describes them, for clients that are
 * built on those. <b>Threads.</b> Immutable; any.
 */
public final class Connections {
  private final Network network;
  private final Proxy proxy;
  private final Optional<SSLSocketFactory> sockets;

  public Connections(Network network) {
    this.network = network;
    this.proxy =
        network.proxy().map(address -> new Proxy(Proxy.Type.HTTP, address)).orElse(Proxy.NO_PROXY);
    this.sockets = network.caFile().map(file -> Certificates.context(file).getSocketFactory());
  }

  /** Returns the proxy; {@link Proxy#NO_PROXY} if there is none. */
  public Proxy proxy() {
    return proxy;
  }

  /** Returns what opens TLS connections; empty for Java's own. */
  public Optional<SSLSocketFactory> sockets() {
    return sockets;
  }

  /** Returns a connection that is set up but not made. */
  public HttpURLConnection open(URI uri) {
    try {
      HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection(proxy);
      connection.setConnectTimeout(Math.toIntExact(network.connectTimeout().toMillis()));
      connection.setReadTimeout(Math.toIntExact(network.readTimeout().toMillis()));
      connection.setInstanceFollowRedirects(false);
      if (connection instanceof HttpsURLConnection tls) {
        sockets.ifPresent(tls::setSSLSocketFactory);
      }
      return connection;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Parses the option {@code endpoint}.
   *
   * @throws IllegalArgumentException if it is no URL of a server
   */
  public static URI requireEndpoint(String value) {
    URI uri = null;
    try {
      uri = URI.create(value);
    } catch (IllegalArgumentException e) {
      // Said below, with what would do.
    }
    String scheme = uri == null ? "" : String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
    if (uri == null
        || uri.getHost() == null
        || uri.getUserInfo() != null
        || uri.getQuery() != null
        || !(scheme.equals("http") || scheme.equals("https"))) {
      throw new IllegalArgumentException(
          "endpoint: "
              + (uri != null && uri.getUserInfo() != null ? "a URL with a password" : value)
              + " (expected: as https://storage.example.org)");
    }
    return uri;
  }
}
