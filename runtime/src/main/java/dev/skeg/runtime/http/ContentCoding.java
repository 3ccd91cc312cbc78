package dev.skeg.runtime.http;

import dev.skeg.runtime.model.Text;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufInputStream;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import java.util.zip.InflaterInputStream;
import java.util.zip.ZipException;

/**
 * The compressions of HTTP bodies: {@code gzip} (RFC 1952) and {@code deflate}, which is the zlib
 * format (RFC 1950).
 */
enum ContentCoding {
  IDENTITY,
  GZIP,
  DEFLATE;

  /** What this server decompresses, as Accept-Encoding says it. */
  private static final String SUPPORTED = "gzip, deflate";

  private static final int GZIP_MAGIC = 0x1f8b;
  private static final int CHUNK_BYTES = 16 << 10;

  /**
   * Returns the coding of a request's body.
   *
   * @param values of the header Content-Encoding
   * @throws HttpError 501 if this server does not know it
   */
  static ContentCoding ofRequest(List<String> values) {
    ContentCoding coding = IDENTITY;
    for (String value : values) {
      for (String part : value.split(",", -1)) {
        String name = part.strip().toLowerCase(Locale.ROOT);
        if (name.isEmpty() || name.equals("identity")) {
          continue;
        }
        ContentCoding next =
            switch (name) {
              case "gzip", "x-gzip" -> GZIP;
              case "deflate" -> DEFLATE;
              default -> throw unsupported(String.join(", ", values));
            };
        if (coding != IDENTITY) {
          throw unsupported(String.join(", ", values)); // One over another.
        }
        coding = next;
      }
    }
    return coding;
  }

  private static HttpError unsupported(String value) {
    return new HttpError(
        HttpResponseStatus.NOT_IMPLEMENTED,
        "Unsupported compression type: Content-Encoding '"
            + Text.excerpt(value)
            + "' (expected: one of gzip, deflate, identity)",
        HttpHeaderNames.ACCEPT_ENCODING,
        SUPPORTED);
  }

  /**
   * Returns the coding that the client likes best; of equals the one named first. What cannot be
   * understood counts as not said.
   *
   * @param values of the header Accept-Encoding
   */
  static ContentCoding ofResponse(List<String> values) {
    if (values.isEmpty()) {
      return IDENTITY;
    }
    double best = 0;
    ContentCoding coding = IDENTITY;
    double gzip = -1;
    double any = -1;
    for (String value : values) {
      for (String part : value.split(",", -1)) {
        int semicolon = part.indexOf(';');
        String name =
            (semicolon < 0 ? part : part.substring(0, semicolon)).strip().toLowerCase(Locale.ROOT);
        double quality = semicolon < 0 ? 1 : quality(part.substring(semicolon + 1));
        switch (name) {
          case "gzip", "x-gzip" -> {
            gzip = quality;
            if (quality > best) {
              best = quality;
              coding = GZIP;
            }
          }
          case "deflate" -> {
            if (quality > best) {
              best = quality;
              coding = DEFLATE;
            }
          }
          case "identity" -> {
            if (quality > best) {
              best = quality;
              coding = IDENTITY;
            }
          }
          case "*" -> any = quality;
          default -> {}
        }
      }
    }
    return any > best && gzip < 0 ? GZIP : coding;
  }

  private static double quality(String parameters) {
    for (String parameter : parameters.split(";", -1)) {
      String text = parameter.strip().toLowerCase(Locale.ROOT);
      if (text.startsWith("q=")) {
        try {
          return Math.clamp(Double.parseDouble(text.substring(2).strip()), 0, 1);
        } catch (NumberFormatException notANumber) {
          return 0;
        }
      }
    }
    return 1;
  }

  /** Returns the name in Content-Encoding. */
  String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Decompresses a body, whose format is told by its first bytes whatever the header said.
   *
   * @param compressed released in any case
   * @param maxBytes of the result
   * @throws HttpError 413 if it is larger, 400 if it is broken
   */
  ByteBuf decompress(ByteBufAllocator allocator, ByteBuf compressed, int maxBytes) {
    ByteBuf plain = null;
    boolean done = false;
    try (InputStream in = decompressing(compressed)) {
      plain = allocator.directBuffer(initialBytes(compressed.readableBytes(), maxBytes));
      byte[] chunk = new byte[CHUNK_BYTES];
      int read = in.read(chunk);
      while (read >= 0) {
        if (read > maxBytes - plain.readableBytes()) {
          throw new HttpError(
              HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE,
              "request body is larger than "
                  + maxBytes
                  + " bytes once decompressed (the server's limit)");
        }
        plain.writeBytes(chunk, 0, read);
        read = in.read(chunk);
      }
      done = true;
      return plain;
    } catch (EOFException truncated) {
      throw HttpError.badRequest(
          "request body is truncated: its " + wireName() + " data ends too early");
    } catch (IOException broken) {
      throw HttpError.badRequest(
          "request body is not valid "
              + wireName()
              + " data: "
              + String.valueOf(broken.getMessage()));
    } finally {
      compressed.release();
      if (!done && plain != null) {
        plain.release();
      }
    }
  }

  private static InputStream decompressing(ByteBuf compressed) throws IOException {
    if (compressed.readableBytes() < 2) {
      throw new EOFException();
    }
    int magic = compressed.getUnsignedShort(compressed.readerIndex());
    InputStream in = new ByteBufInputStream(compressed);
    if (magic == GZIP_MAGIC) {
      return new GZIPInputStream(in, CHUNK_BYTES);
    }
    if ((magic >> 8 & 0x0f) == Deflater.DEFLATED && magic % 31 == 0) {
      return new InflaterInputStream(in);
    }
    throw new ZipException("it starts with neither a gzip nor a zlib header");
  }

  private static int initialBytes(int compressedBytes, int maxBytes) {
    return Math.clamp(compressedBytes * 4L, 256, Math.max(256, Math.min(maxBytes, 4 << 20)));
  }

  /**
   * Compresses a body.
   *
   * @param plain left as it is
   */
  ByteBuf compress(ByteBufAllocator allocator, ByteBuf plain) {
    if (this == IDENTITY) {
      throw new IllegalStateException("identity compresses nothing");
    }
    boolean gzip = this == GZIP;
    CRC32 checksum = new CRC32();
    ByteBuf out = null;
    Deflater deflater = new Deflater(Deflater.BEST_SPEED, gzip);
    boolean done = false;
    try {
      out = allocator.ioBuffer(Math.max(128, plain.readableBytes() / 2));
      if (gzip) {
        out.writeShort(GZIP_MAGIC).writeByte(Deflater.DEFLATED).writeZero(6).writeByte(0xff);
      }
      for (ByteBuffer part : plain.nioBuffers()) {
        if (gzip) {
          checksum.update(part.duplicate());
        }
        deflater.setInput(part);
        while (!deflater.needsInput()) {
          drain(deflater, out);
        }
      }
      deflater.finish();
      while (!deflater.finished()) {
        drain(deflater, out);
      }
      if (gzip) {
        out.writeIntLE((int) checksum.getValue()).writeIntLE(plain.readableBytes());
      }
      done = true;
      return out;
    } finally {
      deflater.end();
      if (!done && out != null) {
        out.release();
      }
    }
  }

  private static void drain(Deflater deflater, ByteBuf out) {
    out.ensureWritable(CHUNK_BYTES);
    ByteBuffer space = out.nioBuffer(out.writerIndex(), out.writableBytes());
    int written = deflater.deflate(space);
    out.writerIndex(out.writerIndex() + written);
  }
}
