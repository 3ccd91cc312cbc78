package dev.skeg.registry.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.registry.Pointer;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.testing.Exchange.Answer;
import dev.skeg.registry.testing.Exchange.Request;
import dev.skeg.registry.testing.FaultyServer;
import dev.skeg.registry.testing.SourceFaults;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Where {@code s3:} finds credentials that it was not given, as AWS's tools do. What they read from
 * the environment, a test sets by the system properties that stand for it.
 */
@Timeout(60)
final class LoginTest {
  @TempDir Path directory;

  private final Map<String, String> properties = new HashMap<>();
  private FaultyServer storage;

  @BeforeEach
  void start() throws IOException {
    storage = FaultyServer.start(LoginTest::absent);
    // Nothing of the machine that the test runs on.
    set("aws.sharedCredentialsFile", directory.resolve("no-credentials").toString());
    set("aws.configFile", directory.resolve("no-config").toString());
    set("aws.disableEc2Metadata", "true");
  }

  @AfterEach
  void stop() {
    properties.keySet().forEach(System::clearProperty);
    storage.close();
  }

  private void set(String name, String value) {
    properties.put(name, value);
    System.setProperty(name, value);
  }

  @Test
  void aProfileIsReadFromTheSharedFiles() throws IOException {
    set(
        "aws.sharedCredentialsFile",
        Files.writeString(
                directory.resolve("credentials"),
                """
                [default]
                aws_access_key_id = AKIADEFAULT
                aws_secret_access_key = s3cr3t

                [models]
                aws_access_key_id = ASIAMODELS
                aws_secret_access_key = s3cr3t
                aws_session_token = s3ssion
                """)
            .toString());
    set(
        "aws.configFile",
        Files.writeString(
                directory.resolve("config"),
                """
                [profile models]
                region = eu-central-1
                """)
            .toString());

    ask();
    assertSigned("AKIADEFAULT", "us-east-1", "");
    set("aws.profile", "models");
    ask();
    assertSigned("ASIAMODELS", "eu-central-1", "s3ssion");
  }

  @Test
  void aContainersServiceIsAskedOnceForCredentialsWithTheTokenOfItsFile() throws IOException {
    try (FaultyServer service = FaultyServer.start(request -> containerCredentials())) {
      set("aws.containerCredentialsFullUri", service.uri("/v1/credentials").toString());
      set(
          "aws.containerAuthorizationTokenFile",
          Files.writeString(directory.resolve("token"), "of-the-pod").toString());

      ask();

      assertSigned("ASIACONTAINER", "us-east-1", "s3ssion");
      assertThat(service.requests())
          .singleElement()
          .satisfies(request -> {
            assertThat(request.path()).isEqualTo("/v1/credentials");
            assertThat(request.header("Authorization")).isEqualTo("of-the-pod");
          });
    }
  }

  @Test
  void aRoleOfAKubernetesServiceAccountIsAssumed() throws IOException {
    String credentials =
        "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
            + "<AccessKeyId>ASIATEST</AccessKeyId><SecretAccessKey>s3cr3t</SecretAccessKey>"
            + "<SessionToken>s3ssion</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration>"
            + "</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>";
    try (FaultyServer roles = FaultyServer.start(request -> answer(200, "text/xml", credentials))) {
      set(
          "aws.webIdentityTokenFile",
          Files.writeString(directory.resolve("token"), "of-kubernetes").toString());
      set("aws.roleArn", "arn:aws:iam::1:role/models");
      set("aws.endpointUrlSts", roles.uri("").toString());

      ask();

      assertSigned("ASIATEST", "us-east-1", "s3ssion");
      assertThat(roles.requests()).hasSize(1);
      assertThat(new String(roles.requests().getFirst().body(), StandardCharsets.UTF_8))
          .contains("Action=AssumeRoleWithWebIdentity", "WebIdentityToken=of-kubernetes");
    }
  }

  @Test
  void whereThereAreNoneNothingIsSent() {
    try (Source source = open()) {
      assertThatThrownBy(() -> source.resolve(Pointer.LATEST, null))
          .isInstanceOfSatisfying(
              RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.DENIED))
          .hasMessageContaining("no AWS credentials found (expected: ");
    }
    assertThat(storage.requests()).isEmpty();
  }

  private Source open() {
    SourceSettings settings =
        SourceFaults.SETTINGS.withOptions(Map.of("endpoint", storage.uri("").toString()));
    return new S3Provider().open(SourceUri.parse("s3://models/fraud"), settings);
  }

  /** Asks twice for what is not there. */
  private void ask() {
    try (Source source = open()) {
      for (long number = 1; number <= 2; number++) {
        Pointer pointer = Pointer.version(number);
        assertThatThrownBy(() -> source.resolve(pointer, null))
            .isInstanceOfSatisfying(
                RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.NOT_FOUND));
      }
    }
  }

  private void assertSigned(String key, String region, String session) {
    List<Request> requests = storage.requests();
    assertThat(requests).hasSizeGreaterThanOrEqualTo(2);
    for (Request request : requests.subList(requests.size() - 2, requests.size())) {
      assertThat(request.header("Authorization"))
          .startsWith("AWS4-HMAC-SHA256 Credential=" + key + "/")
          .contains("/" + region + "/s3/aws4_request");
      assertThat(request.header("X-Amz-Security-Token")).isEqualTo(session);
    }
  }

  private static Answer absent(Request request) {
    return answer(
        404,
        "application/xml",
        "<Error><Code>NoSuchKey</Code><Message>It is not there.</Message></Error>");
  }

  private static Answer containerCredentials() {
    return answer(
        200,
        "application/json",
        """
        {"AccessKeyId": "ASIACONTAINER", "SecretAccessKey": "s3cr3t", "Token": "s3ssion",
         "Expiration": "2999-01-01T00:00:00Z"}\
        """);
  }

  private static Answer answer(int status, String type, String body) {
    return new Answer(status, Map.of("Content-Type", type), body.getBytes(StandardCharsets.UTF_8));
  }
}
