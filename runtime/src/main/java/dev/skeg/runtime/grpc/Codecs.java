package dev.skeg.runtime.grpc;

import io.grpc.Codec;
import io.grpc.Compressor;
import io.grpc.CompressorRegistry;
import io.grpc.Decompressor;
import io.grpc.DecompressorRegistry;
import io.grpc.Status;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufInputStream;
import io.netty.buffer.ByteBufOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.InflaterInputStream;

/**
 * The compressions of messages: gzip, and deflate, which is zlib's format (RFC 1950) and not in
 * gRPC-Java.
 *
 * <p>Both look at the data only once it is read: what is wrong with it is then the marshaller's to
 * tell, while an exception here would end the call with {@code UNKNOWN}. The size of what comes out
 * is limited by gRPC, around the stream.
 */
final class Codecs {
  private static final int MAX_ARRAY = Integer.MAX_VALUE - 8;

  private Codecs() {}

  private static final CompressorRegistry COMPRESSORS = compressors();
  private static final DecompressorRegistry DECOMPRESSORS = decompressors();

  static boolean isKnown(String encoding) {
    return COMPRESSORS.lookupCompressor(encoding) != null;
  }

  /**
   * Decompresses a message.
   *
   * @param bytes from {@code offset} to their end
   * @param maxBytes of what comes out
   */
  static ByteBuffer decompress(String encoding, ByteBuf bytes, int offset, int maxBytes)
      throws MessageException {
    Decompressor decompressor = DECOMPRESSORS.lookupDecompressor(encoding);
    if (decompressor == null || encoding.equals(InferHead.IDENTITY)) {
      throw new MessageException(
          Status.INTERNAL,
          "the message is compressed, but grpc-encoding is '"
              + encoding
              + "' (expected: gzip or deflate)");
    }
    ByteBuf compressed = bytes.slice(offset, bytes.writerIndex() - offset);
    try (InputStream plain = decompressor.decompress(new ByteBufInputStream(compressed))) {
      byte[] message = plain.readNBytes(Math.min(maxBytes, MAX_ARRAY - 1) + 1);
      if (message.length > maxBytes) {
        throw new MessageException(
            Status.RESOURCE_EXHAUSTED,
            "ModelInferRequest has more bytes once decompressed than allowed (expected: at most "
                + maxBytes
                + ")");
      }
      return ByteBuffer.wrap(message);
    } catch (IOException e) {
      throw new MessageException(
          Status.INVALID_ARGUMENT, "ModelInferRequest cannot be decompressed: " + e.getMessage());
    }
  }

  /**
   * Writes a message in compressed form.
   *
   * @param encoding one that is known
   */
  static void compress(String encoding, ByteBuf message, ByteBuf target) {
    Compressor compressor = COMPRESSORS.lookupCompressor(encoding);
    if (compressor == null) {
      throw new IllegalArgumentException("encoding: " + encoding + " (expected: a known one)");
    }
    try (OutputStream out = compressor.compress(new ByteBufOutputStream(target))) {
      message.readBytes(out, message.readableBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e); // A buffer in memory; it has no reason to.
    }
  }

  static CompressorRegistry compressors() {
    CompressorRegistry registry = CompressorRegistry.newEmptyInstance();
    registry.register(Codec.Identity.NONE);
    registry.register(new Gzip());
    registry.register(new Deflate());
    return registry;
  }

  static DecompressorRegistry decompressors() {
    return DecompressorRegistry.emptyInstance()
        .with(Codec.Identity.NONE, false)
        .with(new Gzip(), true)
        .with(new Deflate(), true);
  }

  private static final class Gzip implements Codec {
    @Override
    public String getMessageEncoding() {
      return "gzip";
    }

    @Override
    public OutputStream compress(OutputStream out) throws IOException {
      return new GZIPOutputStream(out);
    }

    @Override
    public InputStream decompress(InputStream in) {
      return new LazyGzip(in);
    }
  }

  private static final class Deflate implements Codec {
    @Override
    public String getMessageEncoding() {
      return "deflate";
    }

    @Override
    public OutputStream compress(OutputStream out) {
      return new DeflaterOutputStream(out);
    }

    @Override
    public InputStream decompress(InputStream in) {
      return new InflaterInputStream(in);
    }
  }

  /** Reads gzip's header with the first byte wanted, not before. */
  private static final class LazyGzip extends InputStream {
    private final InputStream compressed;
    private InputStream plain = InputStream.nullInputStream();
    private boolean opened;

    LazyGzip(InputStream compressed) {
      this.compressed = compressed;
    }

    private InputStream plain() throws IOException {
      if (!opened) {
        opened = true;
        plain = new GZIPInputStream(compressed);
      }
      return plain;
    }

    @Override
    public int read() throws IOException {
      return plain().read();
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      return plain().read(target, offset, length);
    }

    @Override
    public void close() throws IOException {
      plain.close(); // Frees the inflater.
      compressed.close();
    }
  }
}
