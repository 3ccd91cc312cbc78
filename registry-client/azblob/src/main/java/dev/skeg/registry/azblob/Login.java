package dev.skeg.registry.azblob;

import com.azure.core.http.HttpHeaderName;
import com.azure.core.http.HttpPipelineCallContext;
import com.azure.core.http.HttpPipelineNextPolicy;
import com.azure.core.http.HttpPipelineNextSyncPolicy;
import com.azure.core.http.HttpPipelinePosition;
import com.azure.core.http.HttpRequest;
import com.azure.core.http.HttpResponse;
import com.azure.core.http.policy.HttpPipelinePolicy;
import com.azure.storage.common.StorageSharedKeyCredential;
import com.azure.storage.common.policy.StorageSharedKeyCredentialPolicy;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import java.net.URI;
import java.util.Optional;
import reactor.core.publisher.Mono;

/**
 * Proves to Azure who asks, with credentials that are read for each request. <b>Threads.</b> Any;
 * it blocks while an identity is asked for.
 */
final class Login implements HttpPipelinePolicy {
  private final SourceUri uri;
  private final URI endpoint;
  private final SourceSettings settings;
  private final ManagedIdentity identity;

  Login(
      SourceUri uri,
      URI endpoint,
      SourceSettings settings,
      ManagedIdentity.Surroundings surroundings) {
    this.uri = uri;
    this.endpoint = endpoint;
    this.settings = settings;
    this.identity =
        new ManagedIdentity(
            surroundings, settings.option(uri, AzblobProvider.CLIENT_ID), settings.network());
  }

  @Override
  public HttpPipelinePosition getPipelinePosition() {
    return HttpPipelinePosition.PER_RETRY;
  }

  @Override
  public Mono<HttpResponse> process(HttpPipelineCallContext context, HttpPipelineNextPolicy next) {
    return Mono.defer(() -> {
      Optional<StorageSharedKeyCredentialPolicy> key = authorize(context.getHttpRequest());
      return key.isPresent() ? key.get().process(context, next) : next.process();
    });
  }

  @Override
  public HttpResponse processSync(
      HttpPipelineCallContext context, HttpPipelineNextSyncPolicy next) {
    Optional<StorageSharedKeyCredentialPolicy> key = authorize(context.getHttpRequest());
    return key.isPresent() ? key.get().processSync(context, next) : next.processSync();
  }

  /** Authorizes a request; or returns what has to sign it. */
  private Optional<StorageSharedKeyCredentialPolicy> authorize(HttpRequest request) {
    Optional<String> signature = settings.credential("token");
    if (signature.isPresent()) {
      String url = request.getUrl().toString();
      String query = signature.get().replaceFirst("^\\?", "");
      request.setUrl(url + (url.indexOf('?') < 0 ? "?" : "&") + query);
      return Optional.empty();
    }
    Optional<String> key = settings.credential("password");
    if (key.isPresent()) {
      return Optional.of(new StorageSharedKeyCredentialPolicy(sharedKey(key.get())));
    }
    String host = String.valueOf(endpoint.getHost());
    if (!endpoint.getScheme().equalsIgnoreCase("https")
        && !host.equals("localhost")
        && !host.startsWith("127.")) {
      throw new RegistryException(
          Kind.DENIED,
          uri + ": an identity's token is not sent to " + endpoint + " (expected: https)");
    }
    request.setHeader(HttpHeaderName.AUTHORIZATION, "Bearer " + identity.token());
    return Optional.empty();
  }

  private StorageSharedKeyCredential sharedKey(String key) {
    try {
      return new StorageSharedKeyCredential(uri.authority(), key);
    } catch (IllegalArgumentException e) {
      // Not the cause: it may quote the key.
      throw new RegistryException(
          Kind.DENIED, uri + ": credential password is no key (expected: base64)");
    }
  }
}
