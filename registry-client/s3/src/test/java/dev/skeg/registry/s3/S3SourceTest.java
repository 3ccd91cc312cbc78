package dev.skeg.registry.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.registry.Pointer;
import dev.skeg.registry.Progress;
import dev.skeg.registry.PublishRequest;
import dev.skeg.registry.Published;
import dev.skeg.registry.Publisher;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.RemoteFile;
import dev.skeg.registry.Revision;
import dev.skeg.registry.Secret;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceProvider;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.Transfer;
import dev.skeg.registry.published.PublishedTree;
import dev.skeg.registry.published.PublishedTree.Condition;
import dev.skeg.registry.store.Held;
import dev.skeg.registry.testing.BucketContract;
import dev.skeg.registry.testing.Fault;
import dev.skeg.registry.testing.SourceFaults;
import dev.skeg.registry.testing.Versions;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.BucketVersioningStatus;

/** {@code s3:} against S3Mock. */
@Timeout(120)
final class S3SourceTest extends BucketContract {
  /** The least that S3 takes for a part that is not the last. */
  private static final long PART_BYTES = 5 << 20;

  /** Pages so short that every listing has several. */
  private static final S3Bucket.Sizes SIZES = new S3Bucket.Sizes(PART_BYTES, 2);

  private static final Map<String, Secret> KEYS =
      Map.of("username", Secret.of("AKIATEST"), "password", Secret.of("s3cr3t"));
  private static S3Mock mock;

  @BeforeAll
  static void startMock() {
    mock = S3Mock.start();
    try (S3Client client =
        S3Clients.open(
            SourceUri.parse("s3://models"),
            SourceSettings.defaults()
                .withCredentials(KEYS)
                .withOptions(Map.of("endpoint", mock.http().toString())))) {
      client.createBucket(request -> request.bucket("models"));
      client.createBucket(request -> request.bucket("versioned"));
      client.putBucketVersioning(request ->
          request
              .bucket("versioned")
              .versioningConfiguration(
                  configuration -> configuration.status(BucketVersioningStatus.ENABLED)));
    }
  }

  @AfterAll
  static void stopMock() {
    mock.close();
  }

  @Override
  protected SourceProvider provider() {
    return new S3Provider(SIZES);
  }

  @Override
  protected URI server() {
    return mock.http();
  }

  @Override
  protected String bucket() {
    return "s3://models";
  }

  @Override
  protected SourceSettings settings(URI endpoint) {
    return SourceFaults.SETTINGS
        .withCredentials(KEYS)
        .withOptions(Map.of("endpoint", endpoint.toString()));
  }

  @Override
  protected PublishedTree tree(SourceUri uri, SourceSettings settings) {
    return new S3Provider(SIZES).tree(uri, settings);
  }

  @Test
  void requestsAreSignedAndTheSecretIsInNone() {
    publish(PublishRequest.next(), 1);

    assertThat(proxy.requests())
        .isNotEmpty()
        .allMatch(request ->
            request.header("Authorization").startsWith("AWS4-HMAC-SHA256 Credential=AKIATEST/"))
        .allMatch(request -> !request.toString().contains("s3cr3t"));
  }

  @Test
  void withoutASecretNothingIsSent() {
    SourceSettings half = settings().withCredentials(Map.of("username", Secret.of("AKIATEST")));

    try (Source source = provider().open(uri(), half)) {
      assertThatThrownBy(() -> source.resolve(Pointer.LATEST, null))
          .isInstanceOfSatisfying(
              RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.DENIED))
          .hasMessageContaining("expected: password");
    }
    assertThat(proxy.requests()).isEmpty();
  }

  @Test
  void anonymousRequestsBearNoSignature() {
    publish(PublishRequest.next(), 1);
    int before = proxy.requests().size();

    try (Source source = provider().open(SourceUri.parse(uri() + "?anonymous=true"), settings())) {
      assertThat(source.resolve(Pointer.LATEST, null).number()).isEqualTo(1);
    }
    assertThat(proxy.requests().subList(before, proxy.requests().size()))
        .allMatch(request -> request.header("Authorization").isEmpty());
  }

  @Test
  void aLargeFileIsUploadedInPartsEachOfWhichIsSentAgain() {
    Path version = Versions.write(directory.resolve("large"), 7, 1, (int) (2 * PART_BYTES + 1));
    proxy.onlyFor(request -> request.path().contains("partNumber=2")).then(Fault.status(503));

    Published published;
    try (Publisher publisher = provider().publisher(uri(), settings()).orElseThrow()) {
      published = publisher.publish(version, PublishRequest.next(), Progress.NONE);
    }

    assertThat(proxy.requests().stream().filter(r -> r.path().contains("partNumber="))).hasSize(4);
    try (Source source = open();
        Held held = fetch(source, source.resolve(Pointer.LATEST, null))) {
      assertThat(held.digest()).isEqualTo(published.digest());
    }
  }

  @Test
  void anUploadThatFailsForGoodLeavesNoParts() {
    Path version = Versions.write(directory.resolve("large"), 7, 1, (int) PART_BYTES + 1);
    proxy.onlyFor(request -> request.path().contains("partNumber=1")).then(Fault.status(403));

    try (Publisher publisher = provider().publisher(uri(), settings()).orElseThrow()) {
      assertThatThrownBy(() -> publisher.publish(version, PublishRequest.next(), Progress.NONE))
          .hasMessageContaining("answered 403");
    }
    assertThat(proxy.requests().getLast().method()).isEqualTo("DELETE");
    assertThat(proxy.requests().getLast().path()).contains("uploadId=");
  }

  @Test
  void aReplacedFileIsStillReadAsItWasIfTheBucketKeepsVersions() throws IOException {
    SourceUri uri = SourceUri.parse("s3://versioned/fraud?versioned=true");
    Path version = Versions.write(directory.resolve("v1"), 1, 1, 1000);
    try (Publisher publisher = provider().publisher(uri, settings()).orElseThrow();
        Source source = provider().open(uri, settings());
        PublishedTree tree = tree(uri, settings())) {
      publisher.publish(version, PublishRequest.next(), Progress.NONE);
      Revision revision = source.resolve(Pointer.LATEST, null);
      List<RemoteFile> files = source.files(revision);

      tree.write("1/model.onnx", new byte[] {1, 2, 3}, new Condition.Any());
      try (Transfer replaced = source.open(revision, files.getFirst(), 0)) {
        assertThat(replaced.in().readAllBytes()).hasSize(1000);
      }
      tree.delete("1/model.onnx");
      try (Transfer deleted = source.open(revision, files.getFirst(), 990)) {
        assertThat(deleted.in().readAllBytes()).hasSize(10);
      }
      assertThat(tree.list("1"))
          .extracting(PublishedTree.Entry::key)
          .containsExactly("1/_MANIFEST.json");
    }
  }

  /** S3Mock looks and writes in two steps, which S3 does in one. */
  @Override
  protected boolean writesConditionallyInOneStep() {
    return false;
  }

  @Test
  void aUriWithoutABucketOrWithAPoorEndpointIsRefused() {
    assertThatThrownBy(() -> provider().open(SourceUri.parse("s3:models"), settings()))
        .hasMessageContaining("s3://BUCKET/PATH");
    assertThatThrownBy(() ->
            provider()
                .open(
                    SourceUri.parse("s3://models/m?endpoint=localhost"), SourceSettings.defaults()))
        .hasMessageContaining("endpoint: localhost (expected: as https://");
  }
}
