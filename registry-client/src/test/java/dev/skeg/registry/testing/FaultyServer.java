package dev.skeg.registry.testing;

import dev.skeg.registry.testing.Exchange.Answer;
import dev.skeg.registry.testing.Exchange.Request;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.function.Predicate;
import javax.net.ssl.SSLContext;

/**
 * An HTTP server on a free loopback port that breaks its answers in scripted order: the next fault
 * of the script goes to the next request that the script is for.
 *
 * <p>It speaks HTTP/1.1 on plain sockets, one request a connection, so that it can do what no
 * library would: end in the middle, reset, fall silent. Before it stands a handler: {@link Objects}
 * in memory, or a {@link Forwarder} to a real server.
 *
 * <p><b>Threads.</b> A virtual thread for each connection; the script and the log are concurrent
 * queues.
 */
public final class FaultyServer implements AutoCloseable {
  private final Exchange.Handler handler;
  private final InetSocketAddress address;
  private final Optional<SSLContext> tls;
  private final ConcurrentLinkedQueue<Fault> script = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<Request> log = new ConcurrentLinkedQueue<>();
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private volatile ServerSocket listener;
  private volatile Predicate<Request> concerned = request -> true;

  private FaultyServer(Exchange.Handler handler, Optional<SSLContext> tls, ServerSocket listener) {
    this.handler = handler;
    this.tls = tls;
    this.listener = listener;
    this.address = new InetSocketAddress(InetAddress.getLoopbackAddress(), listener.getLocalPort());
  }

  /** Starts a server before a handler. */
  public static FaultyServer start(Exchange.Handler handler) throws IOException {
    return start(handler, Optional.empty());
  }

  /** Starts a server that speaks TLS. */
  public static FaultyServer start(Exchange.Handler handler, TestCertificate certificate)
      throws IOException, GeneralSecurityException {
    return start(handler, Optional.of(certificate.context()));
  }

  private static FaultyServer start(Exchange.Handler handler, Optional<SSLContext> tls)
      throws IOException {
    ServerSocket listener = listener(tls, 0);
    FaultyServer server = new FaultyServer(handler, tls, listener);
    server.listen(listener);
    return server;
  }

  private static ServerSocket listener(Optional<SSLContext> tls, int port) throws IOException {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    return tls.isPresent()
        ? tls.get().getServerSocketFactory().createServerSocket(port, 50, loopback)
        : new ServerSocket(port, 50, loopback);
  }

  private void listen(ServerSocket now) {
    listener = now;
    Thread.ofVirtual().name("faulty-server").start(() -> accept(now));
  }

  /** Refuses connections from now on; those that are open end. */
  public void down() {
    close();
  }

  /** Takes connections again, at the same port. */
  public void up() {
    try {
      listen(listener(tls, address.getPort()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns host and port. */
  public String authority() {
    return "127.0.0.1:" + address.getPort();
  }

  /** Returns host and port, as of a proxy. */
  public InetSocketAddress address() {
    return address;
  }

  /** Returns the URL of a path. */
  public URI uri(String path) {
    return URI.create((tls.isPresent() ? "https://" : "http://") + authority() + path);
  }

  /** Appends to the script. */
  public FaultyServer then(Fault... faults) {
    script.addAll(List.of(faults));
    return this;
  }

  /** Lets the script count for some requests only; the others are answered as they should be. */
  public FaultyServer onlyFor(Predicate<Request> requests) {
    concerned = requests;
    return this;
  }

  /** Forgets what of the script has not happened yet. */
  public void clear() {
    script.clear();
  }

  /** Returns the requests so far, in the order they came. */
  public List<Request> requests() {
    return List.copyOf(log);
  }

  /** Whether every fault of the script has happened. */
  public boolean isScriptDone() {
    return script.isEmpty();
  }

  private void accept(ServerSocket from) {
    while (!from.isClosed()) {
      Socket socket;
      try {
        socket = from.accept();
      } catch (IOException e) {
        return; // Closed.
      }
      open.add(socket);
      Thread.ofVirtual().name("faulty-connection").start(() -> serve(socket));
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      Request request = read(new BufferedInputStream(socket.getInputStream()));
      log.add(request);
      Fault next = concerned.test(request) ? script.poll() : null;
      Fault fault = next == null ? new Fault.None() : next;
      Answer answer =
          fault instanceof Fault.Status(int code, Map<String, String> headers)
              ? new Answer(code, headers, new byte[0])
              : handler.handle(request);
      write(socket, request, answer, fault);
    } catch (IOException e) {
      // The client left, which tests make it do.
      return;
    } catch (Exception e) {
      throw new IllegalStateException("handler failed", e);
    } finally {
      open.remove(socket);
    }
  }

  private static Request read(InputStream in) throws IOException {
    String[] start = line(in).split(" ", 3);
    if (start.length != 3) {
      throw new IOException("no request");
    }
    Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    for (String line = line(in); !line.isEmpty(); line = line(in)) {
      int colon = line.indexOf(':');
      headers.put(line.substring(0, colon).strip(), line.substring(colon + 1).strip());
    }
    byte[] body =
        "chunked".equalsIgnoreCase(headers.get("Transfer-Encoding"))
            ? chunks(in)
            : in.readNBytes(Integer.parseInt(headers.getOrDefault("Content-Length", "0")));
    return new Request(start[0], start[1], headers, body);
  }

  private static byte[] chunks(InputStream in) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    for (int size = size(in); size > 0; size = size(in)) {
      body.write(in.readNBytes(size));
      line(in);
    }
    line(in);
    return body.toByteArray();
  }

  private static int size(InputStream in) throws IOException {
    return Integer.parseInt(line(in).strip(), 16);
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }

  private static void write(Socket socket, Request request, Answer answer, Fault fault)
      throws IOException, InterruptedException {
    OutputStream out = socket.getOutputStream();
    StringBuilder head = new StringBuilder("HTTP/1.1 " + answer.status() + " Scripted\r\n");
    answer.headers().forEach((name, value) -> head.append(name + ": " + value + "\r\n"));
    if (answer.status() != 304 && answer.status() != 204) {
      head.append("Content-Length: " + answer.body().length + "\r\n");
    }
    head.append("Connection: close\r\n\r\n");
    out.write(head.toString().getBytes(StandardCharsets.ISO_8859_1));
    byte[] body = request.method().equals("HEAD") ? new byte[0] : answer.body().clone();
    switch (fault) {
      case Fault.None none -> out.write(body);
      case Fault.Status status -> out.write(body);
      case Fault.Corrupt(int index) -> {
        if (body.length > 0) {
          body[Math.min(index, body.length - 1)] ^= 1;
        }
        out.write(body);
      }
      case Fault.Truncate(int afterBytes) -> out.write(body, 0, Math.min(afterBytes, body.length));
      case Fault.Reset(int afterBytes) -> {
        out.write(body, 0, Math.min(afterBytes, body.length));
        out.flush();
        socket.setSoLinger(true, 0);
      }
      case Fault.Wait(int afterBytes, CountDownLatch until) -> {
        int first = Math.min(afterBytes, body.length);
        out.write(body, 0, first);
        out.flush();
        until.await();
        out.write(body, first, body.length - first);
      }
      case Fault.Stall(int afterBytes) -> {
        out.write(body, 0, Math.min(afterBytes, body.length));
        out.flush();
        // Until the client leaves, or the server is closed.
        if (socket.getInputStream().read() >= 0) {
          throw new IOException("the client went on talking");
        }
      }
    }
    out.flush();
  }

  @Override
  public void close() {
    try {
      listener.close();
      for (Socket socket : open) {
        socket.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
