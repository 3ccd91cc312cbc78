package dev.skeg.registry.azblob;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.stream.Stream;
import reactor.core.publisher.Flux;

/**
 * A response body as a stream; one chunk is asked for at a time. The client gives a silent server
 * up. <b>Threads.</b> One.
 */
final class FluxStream extends InputStream {
  private final Stream<ByteBuffer> chunks;
  private final Iterator<ByteBuffer> iterator;
  private ByteBuffer current = ByteBuffer.allocate(0);

  FluxStream(Flux<ByteBuffer> body) {
    this.chunks = body.toStream(1);
    this.iterator = chunks.iterator();
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    try {
      while (!current.hasRemaining()) {
        if (!iterator.hasNext()) {
          return -1;
        }
        current = iterator.next();
      }
    } catch (RuntimeException e) {
      // What the client throws here is a broken connection or a silence, wrapped.
      throw new IOException(String.valueOf(e.getMessage()), e);
    }
    int count = Math.min(length, current.remaining());
    current.get(target, offset, count);
    return count;
  }

  /** Lets the connection go. */
  @Override
  public void close() {
    chunks.close();
  }
}
