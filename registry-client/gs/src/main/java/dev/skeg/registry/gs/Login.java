package dev.skeg.registry.gs;

import com.google.api.client.http.HttpTransport;
import com.google.auth.oauth2.AccessToken;
import com.google.auth.oauth2.GoogleCredentials;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Proves to Google who asks. Nothing is looked for before the first request, since the default
 * credentials may be behind a server of their own. A key is parsed again only when it is another,
 * so that its access token serves until it expires.
 *
 * <p><b>Threads.</b> Any.
 */
final class Login {
  private static final String SCOPE = "https://www.googleapis.com/auth/devstorage.read_write";

  /** Credentials and the JSON that they come from; empty for the default ones. */
  private record Known(String json, GoogleCredentials credentials) {}

  private final SourceUri uri;
  private final SourceSettings settings;
  private final HttpTransport transport;
  private @Nullable Known known;

  Login(SourceUri uri, SourceSettings settings, HttpTransport transport) {
    this.uri = uri;
    this.settings = settings;
    this.transport = transport;
  }

  /** Returns the headers that prove it. */
  Map<String, List<String>> headers(URI request) throws IOException {
    Optional<String> token = settings.credential("token");
    return token.isPresent()
        ? GoogleCredentials.create(new AccessToken(token.get(), null)).getRequestMetadata(request)
        : credentials(settings.credential("password").orElse("")).getRequestMetadata(request);
  }

  private synchronized GoogleCredentials credentials(String json) {
    if (known == null || !known.json().equals(json)) {
      known = new Known(json, json.isEmpty() ? byDefault() : parsed(json));
    }
    return known.credentials();
  }

  private GoogleCredentials parsed(String json) {
    try {
      return GoogleCredentials.fromStream(
              new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)), () -> transport)
          .createScoped(SCOPE);
    } catch (IOException | IllegalArgumentException e) {
      // Not the cause: it may quote what it read.
      throw new RegistryException(
          Kind.DENIED,
          uri
              + ": credential password is no key ("
              + e.getClass().getSimpleName()
              + "; expected: the JSON of a service account's key or of a workload identity)");
    }
  }

  private GoogleCredentials byDefault() {
    try {
      return GoogleCredentials.getApplicationDefault(() -> transport).createScoped(SCOPE);
    } catch (IOException e) {
      throw new RegistryException(
          Kind.DENIED,
          uri
              + ": no Google credentials found (expected: token, password, the variable"
              + " GOOGLE_APPLICATION_CREDENTIALS, a workload identity, or anonymous=true)",
          e);
    }
  }
}
