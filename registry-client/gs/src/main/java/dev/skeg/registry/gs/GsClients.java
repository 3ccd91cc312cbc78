package dev.skeg.registry.gs;

import com.google.api.client.http.HttpHeaders;
import com.google.api.client.http.HttpRequest;
import com.google.api.client.http.HttpRequestInitializer;
import com.google.api.client.http.javanet.NetHttpTransport;
import com.google.api.client.json.gson.GsonFactory;
import com.google.api.services.storage.Storage;
import dev.skeg.registry.Network;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.bucket.BucketProvider;
import dev.skeg.registry.bucket.Connections;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Optional;

/** Sets Google's client up as the settings say. */
final class GsClients {
  private GsClients() {}

  static Storage open(SourceUri uri, SourceSettings settings) {
    Optional<URI> endpoint =
        settings.option(uri, BucketProvider.ENDPOINT).map(Connections::requireEndpoint);
    NetHttpTransport transport = transport(settings.network());
    Optional<Login> login =
        settings.flag(uri, BucketProvider.ANONYMOUS, false)
            ? Optional.empty()
            : Optional.of(new Login(uri, settings, transport));
    Storage.Builder builder =
        new Storage.Builder(
            transport,
            GsonFactory.getDefaultInstance(),
            new Initializer(settings.network(), login));
    endpoint.ifPresent(url -> builder.setRootUrl(url.toString().replaceFirst("/*$", "/")));
    return builder.setApplicationName("skeg").build();
  }

  private static NetHttpTransport transport(Network network) {
    Connections connections = new Connections(network);
    NetHttpTransport.Builder builder = new NetHttpTransport.Builder().setProxy(connections.proxy());
    connections.sockets().ifPresent(builder::setSslSocketFactory);
    return builder.build();
  }

  /** Sets every request up. Nothing is sent again here: that is decided in one place. */
  private record Initializer(Network network, Optional<Login> login)
      implements HttpRequestInitializer {
    @Override
    public void initialize(HttpRequest request) throws IOException {
      request.setConnectTimeout(Math.toIntExact(network.connectTimeout().toMillis()));
      request.setReadTimeout(Math.toIntExact(network.readTimeout().toMillis()));
      request.setNumberOfRetries(0);
      HttpHeaders headers = request.getHeaders();
      // Bytes as they are stored: a digest is of those.
      headers.setAcceptEncoding(null);
      if (login.isPresent()) {
        login
            .get()
            .headers(request.getUrl().toURI())
            .forEach((name, values) ->
                headers.set(name, values.size() == 1 ? values.getFirst() : List.copyOf(values)));
      }
    }
  }
}
