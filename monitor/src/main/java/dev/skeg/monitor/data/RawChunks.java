package dev.skeg.monitor.data;

import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;

/**
 * Cuts a text file, gzipped or not, into chunks at the ends of records.
 *
 * <p>A record ends at a line feed, in CSV only outside quotes. Since a chunk begins where a record
 * does, and quotes come in pairs, counting them tells inside from outside.
 *
 * <p><b>Threads.</b> Any; one at a time is served.
 */
final class RawChunks implements AutoCloseable {
  static final int SIZE = 1 << 20;
  static final int LONGEST_RECORD = 64 << 20;

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long ONES = 0x0101010101010101L;
  private static final long TOPS = 0x8080808080808080L;
  private static final long QUOTES = '"' * ONES;
  private static final long FEEDS = '\n' * ONES;

  private final Path path;
  private final FileChannel channel;
  private final InputStream in;
  private final boolean quoted;

  // Guarded by this.
  private byte[] rest = {}; // The beginning of a record.
  private int restLength;
  private long offset;
  private boolean ended;

  /**
   * @param from where in the text the first record begins
   * @param quoted whether a line feed between quotes is no end
   */
  RawChunks(Path path, long from, boolean quoted) {
    this.path = path;
    this.quoted = quoted;
    this.offset = from;
    try {
      channel = FileChannel.open(path);
      in = text(channel);
      in.skipNBytes(from);
    } catch (IOException e) {
      throw DataException.unreadable(path, e);
    }
  }

  /** Returns a file's text, uncompressed. */
  static InputStream text(FileChannel channel) throws IOException {
    ByteBuffer magic = ByteBuffer.allocate(2);
    channel.read(magic, 0);
    boolean isGzip = magic.get(0) == 0x1F && magic.get(1) == (byte) 0x8B;
    InputStream bytes = Channels.newInputStream(channel);
    return isGzip ? new GZIPInputStream(bytes, 1 << 16) : bytes;
  }

  long bytesRead() {
    try {
      return channel.position();
    } catch (IOException e) {
      throw DataException.unreadable(path, e);
    }
  }

  synchronized void stop() {
    ended = true;
    restLength = 0;
  }

  /** Replaces a chunk by the next one; returns false if there is none any more. */
  synchronized boolean next(RawChunk chunk) {
    if (ended && restLength == 0) {
      return false;
    }
    int length = restLength;
    ensureSize(chunk, length);
    System.arraycopy(rest, 0, chunk.bytes, 0, length);
    restLength = 0;
    while (true) {
      length = fill(chunk, length);
      int end = length == 0 ? 0 : endOfRecords(chunk, length);
      if (ended && end < length) {
        end = finish(chunk, length, end);
        length = end;
      }
      if (end > 0 || ended) {
        return hand(chunk, end, length);
      }
      if (length >= LONGEST_RECORD) {
        throw new DataException(
            TextPlace.of(path, offset)
                + ": a record of more than "
                + (LONGEST_RECORD >> 20)
                + " MiB (expected: less; is a quote never closed?)");
      }
      ensureSize(chunk, Math.max(SIZE, 2 * length));
    }
  }

  private boolean hand(RawChunk chunk, int end, int length) {
    restLength = length - end;
    if (rest.length < restLength) {
      rest = new byte[restLength];
    }
    System.arraycopy(chunk.bytes, end, rest, 0, restLength);
    chunk.offset = offset;
    chunk.length = end;
    chunk.at = 0;
    offset += end;
    return end > 0;
  }

  private static void ensureSize(RawChunk chunk, int size) {
    if (chunk.bytes.length - RawChunk.PADDING < size) {
      chunk.bytes = Arrays.copyOf(chunk.bytes, size + RawChunk.PADDING);
    }
  }

  private int fill(RawChunk chunk, int from) {
    int room = chunk.bytes.length - RawChunk.PADDING;
    try {
      int read = in.readNBytes(chunk.bytes, from, room - from);
      ended |= read < room - from;
      return from + read;
    } catch (IOException e) {
      throw DataException.unreadable(path, e);
    }
  }

  /** Gives the last record of the file an end of its own. */
  private int finish(RawChunk chunk, int length, int end) {
    if (quoted && oddQuotes(chunk.bytes, end, length)) {
      throw new DataException(
          TextPlace.of(path, offset + end) + ": a quote is opened and never closed");
    }
    chunk.bytes[length] = '\n'; // In the padding at worst.
    return length + 1;
  }

  private static boolean oddQuotes(byte[] bytes, int from, int to) {
    boolean odd = false;
    for (int i = from; i < to; i++) {
      odd ^= bytes[i] == '"';
    }
    return odd;
  }

  /** Returns where the last whole record ends, 0 if there is none. */
  private int endOfRecords(RawChunk chunk, int length) {
    byte[] bytes = chunk.bytes;
    chunk.hasQuotes = quoted && hasQuote(bytes, length);
    if (!chunk.hasQuotes) {
      int at = length;
      while (at > 0 && bytes[at - 1] != '\n') {
        at--;
      }
      return at;
    }
    int end = 0;
    boolean inside = false;
    for (int i = 0; i < length; i++) {
      byte one = bytes[i];
      if (one == '"') {
        inside = !inside;
      } else if (one == '\n' && !inside) {
        end = i + 1;
      }
    }
    return end;
  }

  private static boolean hasQuote(byte[] bytes, int length) {
    long found = 0;
    int at = 0;
    for (; at + 8 <= length; at += 8) {
      found |= zeros((long) LONGS.get(bytes, at) ^ QUOTES);
    }
    for (; at < length; at++) {
      found |= bytes[at] == '"' ? 1 : 0;
    }
    return found != 0;
  }

  /** Returns the index of the first line feed from an index on; there must be one. */
  static int lineFeed(byte[] bytes, int from) {
    int at = from;
    while (at + 8 <= bytes.length) {
      long found = zeros((long) LONGS.get(bytes, at) ^ FEEDS);
      if (found != 0) {
        return at + (Long.numberOfTrailingZeros(found) >>> 3);
      }
      at += 8;
    }
    while (bytes[at] != '\n') {
      at++;
    }
    return at;
  }

  /** Returns a word whose lowest bit is the top of the first byte that is 0; 0 if none is. */
  private static long zeros(long word) {
    return word - ONES & ~word & TOPS;
  }

  @Override
  public void close() {
    try {
      in.close();
    } catch (IOException e) {
      throw DataException.unreadable(path, e);
    }
  }
}
