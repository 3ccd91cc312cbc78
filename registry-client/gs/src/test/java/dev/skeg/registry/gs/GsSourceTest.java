package dev.skeg.registry.gs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.registry.Pointer;
import dev.skeg.registry.Progress;
import dev.skeg.registry.PublishRequest;
import dev.skeg.registry.Published;
import dev.skeg.registry.Publisher;
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
import dev.skeg.registry.testing.SourceFaults;
import dev.skeg.registry.testing.Versions;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code gs:} with Google's client against a server of its protocol. */
@Timeout(120)
final class GsSourceTest extends BucketContract {
  /** The smallest chunk there is, and pages so short that every listing has several. */
  private static final GsBucket.Sizes SIZES = new GsBucket.Sizes(256 << 10, 2);

  private static final int CHUNK = SIZES.chunkBytes();

  private static GsServer server;

  @BeforeAll
  static void startServer() throws IOException {
    server = new GsServer();
  }

  @AfterAll
  static void stopServer() {
    server.close();
  }

  @Override
  protected SourceProvider provider() {
    return new GsProvider(SIZES);
  }

  @Override
  protected URI server() {
    return server.uri();
  }

  @Override
  protected String bucket() {
    return "gs://models";
  }

  @Override
  protected SourceSettings settings(URI endpoint) {
    return SourceFaults.SETTINGS
        .withCredentials(Map.of("token", Secret.of(GsServer.TOKEN)))
        .withOptions(Map.of("endpoint", endpoint.toString()));
  }

  @Override
  protected PublishedTree tree(SourceUri uri, SourceSettings settings) {
    return new GsProvider(SIZES).tree(uri, settings);
  }

  @Test
  void aLargeFileIsUploadedInChunks() {
    Path version = Versions.write(directory.resolve("large"), 7, 1, 2 * CHUNK + 1);
    List<Long> done = new ArrayList<>();

    Published published;
    try (Publisher publisher = provider().publisher(uri(), settings()).orElseThrow()) {
      published =
          publisher.publish(
              version, PublishRequest.next(), (path, doneBytes, total) -> done.add(doneBytes));
    }

    assertThat(done).contains((long) CHUNK, 2L * CHUNK, 2L * CHUNK + 1);
    try (Source source = open();
        Held held = fetch(source, source.resolve(Pointer.LATEST, null))) {
      assertThat(held.digest()).isEqualTo(published.digest());
    }
  }

  @Test
  void aReplacedFileIsStillReadAsItWasIfTheBucketKeepsVersions() throws IOException {
    SourceUri uri = SourceUri.parse("gs://versioned/fraud?versioned=true");
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
    }
  }

  @Test
  void aUriWithoutABucketIsRefused() {
    assertThatThrownBy(() -> provider().open(SourceUri.parse("gs:models"), settings()))
        .hasMessageContaining("gs://BUCKET/PATH");
  }
}
