package dev.skeg.registry.s3;

import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.bucket.Connections;
import java.net.URI;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.regions.providers.AwsProfileRegionProvider;
import software.amazon.awssdk.regions.providers.AwsRegionProviderChain;
import software.amazon.awssdk.regions.providers.SystemSettingsRegionProvider;
import software.amazon.awssdk.retries.DefaultRetryStrategy;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;

/** Sets Amazon's client up as the settings say. */
final class S3Clients {
  private S3Clients() {}

  static S3Client open(SourceUri uri, SourceSettings settings) {
    Optional<URI> endpoint =
        settings.option(uri, S3Provider.ENDPOINT).map(Connections::requireEndpoint);
    Connections connections = new Connections(settings.network());
    S3ClientBuilder builder =
        S3Client.builder()
            .httpClient(UrlConnectionHttpClient.create(connections::open))
            .credentialsProvider(credentials(uri, settings))
            .region(region(uri, settings))
            // A bucket of another region than we guess is found; elsewhere there are no regions.
            .crossRegionAccessEnabled(endpoint.isEmpty())
            .forcePathStyle(settings.flag(uri, S3Provider.PATH_STYLE, endpoint.isPresent()))
            // Every byte is checked against the manifest; compatible stores lack these headers.
            .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
            .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
            .serviceConfiguration(configuration ->
                configuration.chunkedEncodingEnabled(false).expectContinueEnabled(false))
            .overrideConfiguration(
                configuration -> configuration.retryStrategy(DefaultRetryStrategy.doNotRetry()));
    endpoint.ifPresent(builder::endpointOverride);
    return builder.build();
  }

  private static Region region(SourceUri uri, SourceSettings settings) {
    return settings
        .option(uri, S3Provider.REGION)
        .map(Region::of)
        .or(S3Clients::configuredRegion)
        .orElse(Region.US_EAST_1);
  }

  private static Optional<Region> configuredRegion() {
    try {
      return Optional.of(
          new AwsRegionProviderChain(
                  new SystemSettingsRegionProvider(), new AwsProfileRegionProvider())
              .getRegion());
    } catch (SdkClientException e) {
      return Optional.empty(); // Neither says one.
    }
  }

  private static AwsCredentialsProvider credentials(SourceUri uri, SourceSettings settings) {
    if (settings.flag(uri, S3Provider.ANONYMOUS, false)) {
      return AnonymousCredentialsProvider.create();
    }
    if (settings.credentials().containsKey("username")) {
      return () -> given(settings);
    }
    AwsCredentialsProvider chain = DefaultCredentialsProvider.builder().build();
    return () -> {
      try {
        return chain.resolveCredentials();
      } catch (SdkClientException e) {
        throw new RegistryException(
            Kind.DENIED,
            uri
                + ": no AWS credentials found (expected: username and password of an access key,"
                + " AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, a role, or"
                + " anonymous=true)",
            e);
      }
    };
  }

  private static AwsCredentials given(SourceSettings settings) {
    String id = settings.credential("username").orElseThrow();
    String secret =
        settings
            .credential("password")
            .orElseThrow(() ->
                new RegistryException(
                    Kind.DENIED,
                    "credential username stands alone (expected: password, the secret access key, too)"));
    Optional<String> token = settings.credential("token");
    return token.isPresent()
        ? AwsSessionCredentials.create(id, secret, token.get())
        : AwsBasicCredentials.create(id, secret);
  }
}
