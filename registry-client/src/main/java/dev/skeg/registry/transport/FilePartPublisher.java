package dev.skeg.registry.transport;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;

/** Sends a part of a file with its length known, so that no server has to take it in chunks. */
final class FilePartPublisher {
  private FilePartPublisher() {}

  static BodyPublisher of(HttpCall.Body.FilePart part) throws IOException {
    if (part.offset() == 0 && part.length() == Files.size(part.file())) {
      return BodyPublishers.ofFile(part.file());
    }
    BodyPublisher stream = BodyPublishers.ofInputStream(() -> open(part));
    return part.length() == 0
        ? BodyPublishers.noBody()
        : BodyPublishers.fromPublisher(stream, part.length());
  }

  private static InputStream open(HttpCall.Body.FilePart part) {
    try {
      FileChannel channel = FileChannel.open(part.file());
      channel.position(part.offset());
      return new BoundedStream(Channels.newInputStream(channel), part.length());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The first bytes of a stream. */
  private static final class BoundedStream extends InputStream {
    private final InputStream in;
    private long left;

    BoundedStream(InputStream in, long length) {
      this.in = in;
      this.left = length;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      if (left == 0) {
        return -1;
      }
      int count = in.read(target, offset, (int) Math.min(length, left));
      left -= Math.max(count, 0);
      return count;
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }
}
