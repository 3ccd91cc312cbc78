package dev.skeg.registry.oci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.registry.Network;
import dev.skeg.registry.Pointer;
import dev.skeg.registry.Progress;
import dev.skeg.registry.PublishRequest;
import dev.skeg.registry.Publisher;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.Secret;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.testing.TestCertificate;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How the {@code oci:} source logs in, against Debian's registry. */
@Timeout(120)
final class OciLoginTest {
  private static final OciProvider PROVIDER = new OciProvider();

  @TempDir Path directory;
  private Path version;

  @BeforeEach
  void writeVersion() throws IOException {
    version = Files.createDirectories(directory.resolve("version"));
    Files.writeString(version.resolve("model.onnx"), "weights");
  }

  @Test
  void answersABasicChallengeWithUserAndPassword() throws IOException {
    try (DockerRegistry registry = basicRegistry()) {
      SourceSettings settings = password(DockerRegistry.PASSWORD);

      assertThat(pushAndPull(uri(registry), settings)).containsOnlyKeys("model.onnx");
    }
  }

  @Test
  void takesUserAndPasswordFromADockerConfigAndReadsItAnew() throws IOException {
    try (DockerRegistry registry = basicRegistry()) {
      Path config = directory.resolve("config.json");
      dockerConfig(config, registry.authority(), "{\"auth\":\"" + pair("out of date") + "\"}");
      SourceSettings settings =
          SourceSettings.defaults().withOptions(Map.of("docker-config", config.toString()));
      assertDenied(registry, settings, "answered 401");

      dockerConfig(
          config, registry.authority(), "{\"auth\":\"" + pair(DockerRegistry.PASSWORD) + "\"}");

      assertThat(pushAndPull(uri(registry), settings)).containsOnlyKeys("model.onnx");
    }
  }

  @Test
  void deniesWithoutCredentialsWithWrongOnesAndWithAHelperAndNeverShowsThem() throws IOException {
    try (DockerRegistry registry = basicRegistry()) {
      assertDenied(registry, SourceSettings.defaults(), "asks for a user and password");
      assertDenied(registry, password("wrong-secret"), "answered 401");
      Path config = directory.resolve("config.json");
      Files.writeString(
          config, "{\"credHelpers\":{\"" + registry.authority() + "\":\"ecr-login\"}}");
      assertDenied(
          registry,
          SourceSettings.defaults().withOptions(Map.of("docker-config", config.toString())),
          "helper program");
    }
  }

  @Test
  void fetchesATokenForEachScopeFromTheTokenService() throws Exception {
    TestCertificate certificate = TestCertificate.make(directory);
    try (TokenService tokens = new TokenService(certificate);
        DockerRegistry registry =
            DockerRegistry.start(registryDirectory(), tokens.registrySetting())) {
      assertThat(pushAndPull(uri(registry), password(DockerRegistry.PASSWORD)))
          .containsOnlyKeys("model.onnx");

      assertThat(tokens.scopes())
          .contains("repository:team/fraud:pull")
          .anyMatch(scope -> scope.contains("push"));
      assertDenied(registry, password("wrong-secret"), "credentials that it knows");
      assertDenied(registry, SourceSettings.defaults(), "none are configured");
    }
  }

  @Test
  void changesAnIdentityTokenForAShortLivedOne() throws Exception {
    TestCertificate certificate = TestCertificate.make(directory);
    try (TokenService tokens = new TokenService(certificate);
        DockerRegistry registry =
            DockerRegistry.start(registryDirectory(), tokens.registrySetting())) {
      Path config = directory.resolve("config.json");
      dockerConfig(
          config, registry.authority(), "{\"identitytoken\":\"" + TokenService.IDENTITY + "\"}");
      SourceSettings settings =
          SourceSettings.defaults().withOptions(Map.of("docker-config", config.toString()));

      assertThat(pushAndPull(uri(registry), settings)).containsOnlyKeys("model.onnx");
    }
  }

  @Test
  void speaksTlsWithACertificateOfTheTeamsOwn() throws Exception {
    TestCertificate certificate = TestCertificate.make(directory);
    try (DockerRegistry registry =
        DockerRegistry.startTls(
            registryDirectory(), certificate.certificateFile(), certificate.keyFile())) {
      SourceUri uri =
          SourceUri.parse("oci://" + registry.authority() + "/team/fraud?insecure=false");
      Network network = Network.defaults();
      Network trusting =
          new Network(
              network.connectTimeout(),
              network.readTimeout(),
              network.retries(),
              Optional.empty(),
              Optional.of(certificate.certificateFile()));

      assertThat(pushAndPull(uri, SourceSettings.defaults().withNetwork(trusting)))
          .containsOnlyKeys("model.onnx");
    }
  }

  @Test
  void keepsToTlsForEveryHostButLoopback() {
    assertThat(base("oci://registry.example.org/team/fraud"))
        .isEqualTo("https://registry.example.org/v2/");
    assertThat(base("oci://registry.example.org/team/fraud?insecure=true"))
        .isEqualTo("http://registry.example.org/v2/");
    assertThat(base("oci://127.0.0.1:5000/team/fraud")).isEqualTo("http://127.0.0.1:5000/v2/");
    assertThat(base("oci://localhost:5000/fraud?insecure=false"))
        .isEqualTo("https://localhost:5000/v2/");
    assertThat(base("oci://docker.io/team/fraud")).isEqualTo("https://registry-1.docker.io/v2/");
    assertThatThrownBy(() -> base("oci://127.evil.example/x?insecure=maybe"))
        .hasMessage("insecure: maybe (expected: true or false)");
  }

  private static String base(String uri) {
    return OciReference.of(SourceUri.parse(uri), SourceSettings.defaults()).base().toString();
  }

  private void assertDenied(DockerRegistry registry, SourceSettings settings, String message) {
    try (Source source = PROVIDER.open(uri(registry), settings)) {
      assertThatThrownBy(() -> source.resolve(Pointer.LATEST, null))
          .isInstanceOfSatisfying(
              RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.DENIED))
          .hasMessageContaining(message)
          .message()
          .doesNotContain("wrong-secret", pair("wrong-secret"));
    }
  }

  private Map<String, byte[]> pushAndPull(SourceUri uri, SourceSettings settings) {
    try (Publisher publisher = PROVIDER.publisher(uri, settings).orElseThrow();
        Source source = PROVIDER.open(uri, settings)) {
      publisher.publish(version, PublishRequest.next(), Progress.NONE);
      return Pulled.all(source, Pointer.LATEST);
    }
  }

  private DockerRegistry basicRegistry() throws IOException {
    Path users = Files.writeString(directory.resolve("htpasswd"), DockerRegistry.HTPASSWD);
    return DockerRegistry.start(
        registryDirectory(), "auth: {htpasswd: {realm: test, path: " + users + "}}");
  }

  private Path registryDirectory() throws IOException {
    return Files.createDirectories(directory.resolve("registry"));
  }

  private static SourceUri uri(DockerRegistry registry) {
    return SourceUri.parse("oci://" + registry.authority() + "/team/fraud");
  }

  private static SourceSettings password(String password) {
    return SourceSettings.defaults()
        .withCredentials(
            Map.of("username", Secret.of(DockerRegistry.USER), "password", Secret.of(password)));
  }

  private static String pair(String password) {
    return Base64.getEncoder()
        .encodeToString((DockerRegistry.USER + ":" + password).getBytes(StandardCharsets.UTF_8));
  }

  private static void dockerConfig(Path file, String registry, String entry) throws IOException {
    Files.writeString(file, "{\"auths\":{\"" + registry + "\":" + entry + "}}");
  }
}
