package dev.skeg.runtime.server;

import dev.skeg.registry.Digests;
import dev.skeg.registry.oci.DockerRegistry;
import dev.skeg.registry.testing.Fault;
import dev.skeg.registry.testing.FaultyServer;
import dev.skeg.registry.testing.Forwarder;
import dev.skeg.registry.testing.Objects;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where a model's versions come from, whose pointer moves, and which can be out of reach. */
interface MovingSource extends AutoCloseable {
  String uri();

  String pointer();

  /** Lets the next transfer of a version's model go no further than so many bytes, once. */
  void stall(int number, byte[] model, int afterBytes);

  /** Lets every transfer go on to its end again, if none has stalled. */
  void flow();

  /** Makes it out of reach. */
  void down() throws IOException;

  void up() throws IOException;

  @Override
  void close();

  /** A directory; it cannot stall. */
  static MovingSource file(Path directory) {
    Path root = directory.resolve("m");
    return new MovingSource() {
      @Override
      public String uri() {
        return "file://" + root;
      }

      @Override
      public String pointer() {
        return "alias/prod";
      }

      @Override
      public void stall(int number, byte[] model, int afterBytes) {}

      @Override
      public void flow() {}

      @Override
      public void down() throws IOException {
        Files.move(root, directory.resolve("away"));
      }

      @Override
      public void up() throws IOException {
        Files.move(directory.resolve("away"), root);
      }

      @Override
      public void close() {}
    };
  }

  /** A web server. */
  static MovingSource http() throws IOException {
    return new Proxied(FaultyServer.start(new Objects()), () -> {}) {
      @Override
      public String uri() {
        return "http://" + server.authority() + "/m";
      }

      @Override
      public String pointer() {
        return "alias/prod";
      }

      @Override
      String path(int number, byte[] model) {
        return "/" + number + "/model.onnx";
      }
    };
  }

  /** Debian's registry behind a proxy. */
  static MovingSource oci(Path directory) throws IOException {
    DockerRegistry registry = DockerRegistry.startBehindProxy(directory);
    Forwarder forwarder = new Forwarder(URI.create("http://" + registry.authority()));
    return new Proxied(FaultyServer.start(forwarder), registry::close) {
      @Override
      public String uri() {
        return "oci://" + server.authority() + "/team/m";
      }

      @Override
      public String pointer() {
        return "tag/prod";
      }

      @Override
      String path(int number, byte[] model) {
        return "/blobs/sha256:" + Digests.sha256Hex(model);
      }
    };
  }

  /** A source behind a server that can break its answers. */
  abstract class Proxied implements MovingSource {
    final FaultyServer server;
    private final Runnable closing;

    private Proxied(FaultyServer server, Runnable closing) {
      this.server = server;
      this.closing = closing;
    }

    /** Returns what the path ends with under which a version's model is fetched. */
    abstract String path(int number, byte[] model);

    @Override
    public void stall(int number, byte[] model, int afterBytes) {
      String path = path(number, model);
      server
          .onlyFor(request -> request.method().equals("GET") && request.path().endsWith(path))
          .then(new Fault.Stall(afterBytes));
    }

    @Override
    public void flow() {
      server.clear();
    }

    @Override
    public void down() {
      server.down();
    }

    @Override
    public void up() {
      server.up();
    }

    @Override
    public void close() {
      server.close();
      closing.run();
    }
  }
}
