package dev.skeg.registry.transport;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * A server that takes one request's body in quarters of a MiB, each after a while, and then answers
 * or does nothing any more.
 */
final class SlowReader implements AutoCloseable {
  private static final int PIECE_BYTES = 1 << 18;
  private static final int BUFFER_BYTES = 1 << 16;

  private final ServerSocket listener;
  private final AtomicLong taken = new AtomicLong();

  private SlowReader(ServerSocket listener) {
    this.listener = listener;
  }

  static SlowReader start(int pieces, Duration each, boolean answers) throws IOException {
    ServerSocket listener = new ServerSocket();
    listener.setReceiveBufferSize(BUFFER_BYTES); // So that what it has not taken is not here.
    listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    SlowReader server = new SlowReader(listener);
    Thread.ofVirtual().name("slow-reader").start(() -> server.serve(pieces, each, answers));
    return server;
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + listener.getLocalPort() + "/slow");
  }

  long takenBytes() {
    return taken.get();
  }

  private void serve(int pieces, Duration each, boolean answers) {
    try (Socket socket = listener.accept()) {
      InputStream in = new BufferedInputStream(socket.getInputStream());
      for (int ends = 0; ends < 2; ) {
        int next = in.read();
        ends = next == '\n' ? ends + 1 : next == '\r' ? ends : 0;
      }
      byte[] piece = new byte[PIECE_BYTES];
      for (int i = 0; i < pieces; i++) {
        LockSupport.parkNanos(each.toNanos());
        taken.addAndGet(in.readNBytes(piece, 0, PIECE_BYTES));
      }
      if (answers) {
        String ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        socket.getOutputStream().write(ok.getBytes(StandardCharsets.US_ASCII));
      }
      boolean _ = listener.accept() == null; // Open until the server is closed.
    } catch (IOException e) {
      // Closed.
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
  }
}
