package dev.skeg.registry.transport;

import dev.skeg.registry.RegistryException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpHeaders;

/**
 * An answer whose body is still on its way. Close it, read or not.
 *
 * @param uri that answered, after redirects; not to be shown, its query may be a signature
 * @param body fails when it ends before its Content-Length, or is silent for too long
 */
public record HttpReply(int status, HttpHeaders headers, URI uri, InputStream body)
    implements AutoCloseable {
  /** Returns the first value of a header; empty if there is none. */
  public String header(String name) {
    return headers.firstValue(name).orElse("");
  }

  /** Returns the Content-Length; -1 if there is none. */
  public long contentLength() {
    return headers.firstValueAsLong("content-length").orElse(-1);
  }

  /**
   * Reads the body whole and closes it.
   *
   * @throws RegistryException of kind INVALID if it is longer than {@code maxBytes}, TRANSIENT if
   *     it does not come whole
   */
  public byte[] bytes(int maxBytes) {
    try {
      return wholeBody(maxBytes);
    } catch (IOException e) {
      throw new RegistryException(
          RegistryException.Kind.TRANSIENT,
          HttpCall.shown(uri) + " broke off: " + e.getMessage(),
          e);
    }
  }

  byte[] wholeBody(int maxBytes) throws IOException {
    try (body) {
      byte[] bytes = body.readNBytes(maxBytes + 1);
      if (bytes.length > maxBytes) {
        throw new RegistryException(
            HttpCall.shown(uri) + " answered more than " + maxBytes + " bytes (expected: less)");
      }
      return bytes;
    }
  }

  @Override
  public void close() {
    try {
      body.close();
    } catch (IOException e) {
      // The connection is given up; nobody waits for the rest.
      throw new UncheckedIOException(e);
    }
  }
}
