package dev.skeg.registry.testing;

import dev.skeg.registry.Network;
import dev.skeg.registry.Progress;
import dev.skeg.registry.PublishRequest;
import dev.skeg.registry.Published;
import dev.skeg.registry.Publisher;
import dev.skeg.registry.Revision;
import dev.skeg.registry.SizeCaps;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceProvider;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.published.PublishedTree;
import dev.skeg.registry.signature.Verification;
import dev.skeg.registry.store.ArtifactStore;
import dev.skeg.registry.store.Held;
import dev.skeg.registry.store.StoreConfig;
import dev.skeg.registry.testing.Exchange.Request;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A store's server, a {@link FaultyServer} before it, and a model of each test's own. */
public abstract class BucketHarness {
  @TempDir protected Path directory;

  /** Before the server; every request of {@link #settings()} comes through it. */
  protected FaultyServer proxy;

  /** Runs once, before the next write of the pointer tag/prod arrives. */
  protected final AtomicReference<Runnable> beforeProdIsWritten = new AtomicReference<>(() -> {});

  private String model = "";

  /** Returns the source's provider. */
  protected abstract SourceProvider provider();

  /** Returns the URL of the server, without a slash at the end. */
  protected abstract URI server();

  /** Returns the URI of a bucket that exists, without a slash at the end. */
  protected abstract String bucket();

  /** Returns the settings with which a server at that URL lets everybody in who asks here. */
  protected abstract SourceSettings settings(URI endpoint);

  /** Opens the tree that sources and publishers are made of. */
  protected abstract PublishedTree tree(SourceUri uri, SourceSettings settings);

  /** Whether the server can be asked by several writers at once, as the store itself. */
  protected boolean writesConditionallyInOneStep() {
    return true;
  }

  @BeforeEach
  final void startProxy() throws IOException {
    // Of this test alone; the blank has to be encoded.
    model = directory.getFileName() + " x/fraud";
    Forwarder forwarder = new Forwarder(server().resolve("/"));
    proxy =
        FaultyServer.start(request -> {
          if (writesProd(request)) {
            beforeProdIsWritten.getAndSet(() -> {}).run();
          }
          if (writesConditionallyInOneStep() || request.method().equals("GET")) {
            return forwarder.handle(request);
          }
          synchronized (forwarder) {
            return forwarder.handle(request);
          }
        });
  }

  private static boolean writesProd(Request request) {
    return request.method().startsWith("P")
        && (request.path() + new String(request.body(), StandardCharsets.ISO_8859_1))
            .contains("prod");
  }

  @AfterEach
  final void stopProxy() {
    proxy.close();
  }

  /** Returns the URI of this test's model. */
  protected final SourceUri uri() {
    return SourceUri.parse(bucket() + "/" + SourceUri.encode(model, "/"));
  }

  /** Returns settings that lead through the proxy, with patience for a busy machine. */
  protected final SourceSettings settings() {
    return patient(settings(proxy.uri("")), Duration.ofSeconds(20));
  }

  /** Returns settings with another wait for an answer. */
  protected static SourceSettings patient(SourceSettings settings, Duration readTimeout) {
    Network network = settings.network();
    return settings.withNetwork(
        new Network(
            network.connectTimeout(),
            readTimeout,
            network.retries(),
            network.proxy(),
            network.caFile()));
  }

  /** Opens this test's model through the proxy. */
  protected final Source open() {
    return provider().open(uri(), settings());
  }

  /** Publishes files of random bytes through the proxy. */
  protected final Published publish(PublishRequest request, long seed) {
    Path version = Versions.write(directory.resolve("v" + seed), seed, 2, 50_000);
    try (Publisher publisher = provider().publisher(uri(), settings()).orElseThrow()) {
      return publisher.publish(version, request, Progress.NONE);
    }
  }

  /** Fetches into a store of this test's. */
  protected final Held fetch(Source source, Revision revision) {
    return ArtifactStore.open(
            directory.resolve("store"),
            new StoreConfig(Long.MAX_VALUE, SizeCaps.defaults(), SourceFaults.RETRIES))
        .fetch(source, revision, Verification.NONE, Progress.NONE);
  }
}
