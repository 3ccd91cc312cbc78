package dev.skeg.registry.transport;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** The bytes of a part of a file. <b>Threads.</b> One. */
public final class FilePartStream extends InputStream {
  private final InputStream in;
  private long left;

  private FilePartStream(InputStream in, long length) {
    this.in = in;
    this.left = length;
  }

  /** Opens {@code length} bytes from {@code offset} on, or what there is of them. */
  public static InputStream open(Path file, long offset, long length) throws IOException {
    FileChannel channel = FileChannel.open(file);
    channel.position(offset);
    return new FilePartStream(Channels.newInputStream(channel), length);
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
