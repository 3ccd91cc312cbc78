package dev.skeg.registry.azblob;

import com.azure.core.http.HttpClient;
import com.azure.core.http.HttpHeaderName;
import com.azure.core.http.HttpRequest;
import com.azure.core.http.HttpResponse;
import com.azure.core.http.jdk.httpclient.JdkHttpClientBuilder;
import com.azure.core.util.Configuration;
import com.azure.core.util.Context;
import com.azure.storage.blob.BlobContainerAsyncClient;
import com.azure.storage.blob.BlobContainerClientBuilder;
import com.azure.storage.common.policy.RequestRetryOptions;
import com.azure.storage.common.policy.RetryPolicyType;
import dev.skeg.registry.Network;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.bucket.BucketProvider;
import dev.skeg.registry.bucket.Connections;
import dev.skeg.registry.transport.HttpTransport;
import java.net.URI;
import java.time.Duration;
import reactor.core.publisher.Mono;

/** Sets Azure's client up as the settings say. */
final class AzblobClients {
  private AzblobClients() {}

  static BlobContainerAsyncClient open(
      SourceUri uri,
      String container,
      SourceSettings settings,
      ManagedIdentity.Surroundings surroundings) {
    URI endpoint =
        settings
            .option(uri, BucketProvider.ENDPOINT)
            .map(Connections::requireEndpoint)
            .orElseGet(() -> URI.create("https://" + uri.authority() + ".blob.core.windows.net"));
    BlobContainerClientBuilder builder =
        new BlobContainerClientBuilder()
            .endpoint(endpoint.toString())
            .containerName(container)
            .configuration(Configuration.NONE)
            .httpClient(client(settings.network()))
            // Nothing is sent again here: that is decided in one place.
            .retryOptions(
                new RequestRetryOptions(
                    RetryPolicyType.FIXED,
                    1,
                    (Duration) null,
                    (Duration) null,
                    (Duration) null,
                    null))
            .setAnonymousAccess();
    if (!settings.flag(uri, BucketProvider.ANONYMOUS, false)) {
      builder.addPolicy(new Login(uri, endpoint, settings, surroundings));
    }
    return builder.buildAsyncClient();
  }

  private static HttpClient client(Network network) {
    return new WithoutEmptyLength(
        new JdkHttpClientBuilder(HttpTransport.client(network))
            .configuration(Configuration.NONE)
            .connectionTimeout(network.connectTimeout())
            .writeTimeout(network.readTimeout())
            .responseTimeout(network.readTimeout())
            .readTimeout(network.readTimeout())
            .build());
  }

  /** Takes the length of bodies that there are not away, about which Azure's client would warn. */
  private record WithoutEmptyLength(HttpClient client) implements HttpClient {
    @Override
    public Mono<HttpResponse> send(HttpRequest request) {
      return client.send(stripped(request));
    }

    @Override
    public Mono<HttpResponse> send(HttpRequest request, Context context) {
      return client.send(stripped(request), context);
    }

    @Override
    public HttpResponse sendSync(HttpRequest request, Context context) {
      return client.sendSync(stripped(request), context);
    }

    private static HttpRequest stripped(HttpRequest request) {
      if (request.getBodyAsBinaryData() == null) {
        request.getHeaders().remove(HttpHeaderName.CONTENT_LENGTH);
      }
      return request;
    }
  }
}
