package dev.skeg.registry.s3;

import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.bucket.BucketProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProviderChain;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.ContainerCredentialsProvider;
import software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider;
import software.amazon.awssdk.auth.credentials.InstanceProfileCredentialsProvider;
import software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider;
import software.amazon.awssdk.auth.credentials.SystemPropertyCredentialsProvider;
import software.amazon.awssdk.core.SdkSystemSetting;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.auth.StsWebIdentityTokenFileCredentialsProvider;

/** Where the credentials come from by which requests are signed. */
final class Login {
  private Login() {}

  /**
   * Returns what supplies them; nothing is looked for before the first request.
   *
   * @param http reaches the service that lends roles to Kubernetes service accounts
   */
  static AwsCredentialsProvider provider(
      SourceUri uri, SourceSettings settings, SdkHttpClient http, Region region) {
    if (settings.flag(uri, BucketProvider.ANONYMOUS, false)) {
      return AnonymousCredentialsProvider.create();
    }
    if (settings.credentials().containsKey("username")) {
      return () -> given(settings);
    }
    AwsCredentialsProvider chain = chain(http, region);
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

  /** AWS's default chain in its order; put together here, so that roles come by our network. */
  private static AwsCredentialsProvider chain(SdkHttpClient http, Region region) {
    List<AwsCredentialsProvider> providers = new ArrayList<>();
    providers.add(SystemPropertyCredentialsProvider.create());
    providers.add(EnvironmentVariableCredentialsProvider.create());
    if (SdkSystemSetting.AWS_WEB_IDENTITY_TOKEN_FILE.getStringValue().isPresent()) {
      providers.add(
          StsWebIdentityTokenFileCredentialsProvider.builder()
              .stsClient(
                  StsClient.builder()
                      .httpClient(http)
                      .region(region)
                      .credentialsProvider(AnonymousCredentialsProvider.create())
                      .build())
              .build());
    }
    providers.add(ProfileCredentialsProvider.create());
    providers.add(ContainerCredentialsProvider.create());
    providers.add(InstanceProfileCredentialsProvider.create());
    return AwsCredentialsProviderChain.builder().credentialsProviders(providers).build();
  }

  private static AwsCredentials given(SourceSettings settings) {
    String id = settings.credential("username").orElseThrow();
    String secret =
        settings
            .credential("password")
            .orElseThrow(() ->
                new RegistryException(
                    Kind.DENIED,
                    "credential username stands alone (expected: password, the secret access key,"
                        + " too)"));
    Optional<String> token = settings.credential("token");
    return token.isPresent()
        ? AwsSessionCredentials.create(id, secret, token.get())
        : AwsBasicCredentials.create(id, secret);
  }
}
