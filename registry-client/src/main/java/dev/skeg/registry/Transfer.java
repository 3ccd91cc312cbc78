package dev.skeg.registry;

import java.io.IOException;
import java.io.InputStream;

/**
 * Bytes of a {@link RemoteFile} on their way. Close it, read to the end or not.
 *
 * @param in the bytes from {@code offset} on
 * @param offset where they begin: what was asked for, or 0 if the source cannot go on there
 * @param totalBytes of the whole file; -1 if unknown
 */
public record Transfer(InputStream in, long offset, long totalBytes) implements AutoCloseable {
  @Override
  public void close() throws IOException {
    in.close();
  }
}
