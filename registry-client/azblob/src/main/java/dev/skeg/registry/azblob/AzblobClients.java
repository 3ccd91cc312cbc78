package dev.skeg.registry.azblob;

import com.azure.core.http.HttpClient;
import com.azure.core.http.jdk.httpclient.JdkHttpClientBuilder;
import com.azure.core.util.Configuration;
import com.azure.storage.blob.BlobContainerAsyncClient;
import com.azure.storage.blob.BlobContainerClientBuilder;
import com.azure.storage.common.policy.RequestRetryOptions;
import com.azure.storage.common.policy.RetryPolicyType;
import dev.skeg.registry.Network;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.bucket.Connections;
import dev.skeg.registry.transport.HttpTransport;
import java.net.URI;
import java.time.Duration;

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
            .option(uri, AzblobProvider.ENDPOINT)
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
    if (!settings.flag(uri, AzblobProvider.ANONYMOUS, false)) {
      builder.addPolicy(new Login(uri, endpoint, settings, surroundings));
    }
    return builder.buildAsyncClient();
  }

  private static HttpClient client(Network network) {
    return new JdkHttpClientBuilder(HttpTransport.client(network))
        .configuration(Configuration.NONE)
        .connectionTimeout(network.connectTimeout())
        .writeTimeout(network.readTimeout())
        .responseTimeout(network.readTimeout())
        .readTimeout(network.readTimeout())
        .build();
  }
}
