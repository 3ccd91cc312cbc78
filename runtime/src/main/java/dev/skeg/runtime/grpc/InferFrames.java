package dev.skeg.runtime.grpc;

import dev.skeg.runtime.model.InferenceOutputs;
import io.grpc.Status;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.ReadOnlyHttp2Headers;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;

/**
 * What an answer of {@code ModelInfer} looks like on the wire: HEADERS, the message in DATA, and
 * HEADERS again with how it ended (gRPC over HTTP2; RFC 9113, section 4.1; RFC 7541, section 6).
 *
 * <p><b>Threads.</b> Any.
 */
final class InferFrames {
  private static final AsciiString STATUS_200 = AsciiString.cached("200");
  private static final AsciiString CONTENT_TYPE = AsciiString.cached("content-type");
  private static final AsciiString GRPC = AsciiString.cached("application/grpc");
  private static final AsciiString GRPC_STATUS = AsciiString.cached("grpc-status");
  private static final AsciiString GRPC_MESSAGE = AsciiString.cached("grpc-message");
  private static final AsciiString GRPC_ENCODING = AsciiString.cached("grpc-encoding");

  /** When a client may try again, in milliseconds: gRPC's retry policies go by it. */
  private static final AsciiString PUSHBACK = AsciiString.cached("grpc-retry-pushback-ms");

  private static final byte DATA = 0;
  private static final byte HEADERS = 1;
  private static final byte END_STREAM = 1;
  private static final byte END_HEADERS = 4;
  private static final int FRAME_HEAD_BYTES = 9;

  /**
   * The first head: {@code :status 200} as it stands in HPACK's static table, then a literal that
   * is not to be indexed, so that the tables of neither side change.
   */
  private static final byte[] HEAD_BLOCK = headBlock();

  private static final byte[] TAIL_BLOCK = tailBlock();

  /** Bytes of a whole answer beside its message. */
  static final int AROUND_BYTES =
      3 * FRAME_HEAD_BYTES + HEAD_BLOCK.length + InferMessage.PREFIX_BYTES + TAIL_BLOCK.length;

  private static final Http2Headers HEAD =
      ReadOnlyHttp2Headers.serverHeaders(false, STATUS_200, CONTENT_TYPE, GRPC);

  private static final Http2Headers TAIL =
      ReadOnlyHttp2Headers.trailers(false, GRPC_STATUS, AsciiString.cached("0"));

  private InferFrames() {}

  private static byte[] headBlock() {
    byte[] block = new byte[4 + GRPC.length()];
    block[0] = (byte) 0x88; // Indexed: entry 8.
    block[1] = 0x0f; // Literal, not indexed; its name is entry 31, content-type:
    block[2] = 31 - 15; // in a prefix of four bits and the rest.
    block[3] = (byte) GRPC.length();
    System.arraycopy(GRPC.toByteArray(), 0, block, 4, GRPC.length());
    return block;
  }

  private static byte[] tailBlock() {
    byte[] block = new byte[4 + GRPC_STATUS.length()];
    block[0] = 0; // Literal, not indexed, with a name of its own.
    block[1] = (byte) GRPC_STATUS.length();
    System.arraycopy(GRPC_STATUS.toByteArray(), 0, block, 2, GRPC_STATUS.length());
    block[block.length - 2] = 1;
    block[block.length - 1] = '0';
    return block;
  }

  /**
   * Returns an answer whole, in one buffer.
   *
   * @param reply begun
   * @param size of the message
   */
  static ByteBuf answer(
      ByteBufAllocator allocator,
      int streamId,
      InferReply reply,
      int size,
      InferenceOutputs outputs) {
    ByteBuf frames = allocator.ioBuffer(AROUND_BYTES + size);
    try {
      frameHead(frames, HEAD_BLOCK.length, HEADERS, END_HEADERS, streamId);
      frames.writeBytes(HEAD_BLOCK);
      frameHead(frames, InferMessage.PREFIX_BYTES + size, DATA, (byte) 0, streamId);
      message(frames, reply, size, outputs);
      frameHead(frames, TAIL_BLOCK.length, HEADERS, (byte) (END_HEADERS | END_STREAM), streamId);
      return frames.writeBytes(TAIL_BLOCK);
    } catch (RuntimeException | Error e) {
      frames.release();
      throw e;
    }
  }

  private static void frameHead(ByteBuf target, int length, byte type, byte flags, int streamId) {
    target.writeMedium(length).writeByte(type).writeByte(flags).writeInt(streamId);
  }

  /** Writes a message with its prefix. */
  static void message(ByteBuf target, InferReply reply, int size, InferenceOutputs outputs) {
    target.writeByte(0).writeInt(size);
    reply.writeTo(target, outputs);
  }

  /** Returns the first head of an answer. */
  static Http2Headers head(String encoding) {
    return encoding.equals(InferHead.IDENTITY)
        ? HEAD
        : new DefaultHttp2Headers(false)
            .status(STATUS_200)
            .set(CONTENT_TYPE, GRPC)
            .set(GRPC_ENCODING, encoding);
  }

  /**
   * Returns the last head of an answer.
   *
   * @param timing empty if it was not asked for
   */
  static Http2Headers tail(String timing) {
    return timing.isEmpty()
        ? TAIL
        : new DefaultHttp2Headers(false).set(GRPC_STATUS, "0").set(ServerTiming.TRAILER, timing);
  }

  /** Returns the only head of a call that is not answered. */
  static Http2Headers refusal(Status status, long retryAfterNanos) {
    Http2Headers headers =
        new DefaultHttp2Headers(false)
            .status(STATUS_200)
            .set(CONTENT_TYPE, GRPC)
            .set(GRPC_STATUS, Integer.toString(status.getCode().value()));
    if (status.getDescription() != null) {
      headers.set(GRPC_MESSAGE, percentEncoded(status.getDescription()));
    }
    if (retryAfterNanos > 0) {
      headers.set(PUSHBACK, Long.toString((retryAfterNanos - 1) / 1_000_000 + 1));
    }
    return headers;
  }

  /** As the protocol has it: UTF-8, of which only printable ASCII but {@code %} stands as it is. */
  private static CharSequence percentEncoded(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    StringBuilder encoded = new StringBuilder(utf8.length);
    for (byte b : utf8) {
      if (b >= ' ' && b <= '~' && b != '%') {
        encoded.append((char) b);
      } else {
        encoded
            .append('%')
            .append(Character.toUpperCase(Character.forDigit(b >> 4 & 0xf, 16)))
            .append(Character.toUpperCase(Character.forDigit(b & 0xf, 16)));
      }
    }
    return AsciiString.of(encoded);
  }
}
