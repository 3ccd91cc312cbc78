package dev.skeg.registry.s3;

import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.bucket.BucketProvider;
import dev.skeg.registry.bucket.Connections;
import java.net.URI;
import java.util.Optional;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.http.SdkHttpClient;
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
        settings.option(uri, BucketProvider.ENDPOINT).map(Connections::requireEndpoint);
    Connections connections = new Connections(settings.network());
    SdkHttpClient http = UrlConnectionHttpClient.create(connections::open);
    Region region = region(uri, settings);
    S3ClientBuilder builder =
        S3Client.builder()
            .httpClient(http)
            .credentialsProvider(Login.provider(uri, settings, http, region))
            .region(region)
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
}
