package dev.skeg.runtime.grpc;

import io.grpc.Codec;
import io.grpc.CompressorRegistry;
import io.grpc.DecompressorRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
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
  private Codecs() {}

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
