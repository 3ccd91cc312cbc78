package dev.skeg.runtime.grpc;

import io.grpc.Status;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/**
 * The one message of a call as gRPC frames it: a byte that says whether it is compressed, its
 * length in four bytes, and as many bytes. Here is what is read of messages that come in one frame,
 * and an object is a message that comes in several.
 *
 * <p>Memory is not taken for a length that a client merely claims: the buffer grows with what has
 * come.
 *
 * <p><b>Threads.</b> One at a time.
 */
final class InferMessage {
  static final int PREFIX_BYTES = 5;

  private static final int FIRST_BYTES = 64 << 10;
  private static final int GROWTH = 4;

  private final int maxBytes;
  private final ByteBuf buffer;
  private boolean isChecked; // That the prefix is as it should be.

  /**
   * @param maxBytes of the message
   */
  InferMessage(ByteBufAllocator allocator, int maxBytes) {
    this.maxBytes = maxBytes;
    this.buffer = allocator.ioBuffer(1 << 10);
  }

  /** Returns whether a frame holds exactly one message. */
  static boolean isWhole(ByteBuf frame) {
    int size = frame.readableBytes();
    return size >= PREFIX_BYTES
        && frame.getUnsignedInt(frame.readerIndex() + 1) == size - PREFIX_BYTES
        && frame.nioBufferCount() == 1;
  }

  static boolean isCompressed(ByteBuf frame) {
    return frame.getByte(frame.readerIndex()) != 0;
  }

  /**
   * Looks at a message's prefix.
   *
   * @throws MessageException if it is not one, or announces more than is allowed
   */
  static void check(ByteBuf frame, int maxBytes) throws MessageException {
    int flag = frame.getUnsignedByte(frame.readerIndex());
    if (flag > 1) {
      throw refused(
          Status.INTERNAL,
          "gRPC message begins with byte " + flag + " (expected: 0, or 1 if it is compressed)");
    }
    long length = frame.getUnsignedInt(frame.readerIndex() + 1);
    if (length > maxBytes) {
      throw refused(
          Status.RESOURCE_EXHAUSTED,
          "ModelInferRequest has " + length + " bytes (expected: at most " + maxBytes + ")");
    }
  }

  static MessageException missing() {
    return refused(Status.INVALID_ARGUMENT, "ModelInfer takes one message, got 0");
  }

  private static MessageException refused(Status code, String description) {
    return new MessageException(code, description);
  }

  /** Returns how many bytes have come. */
  int size() {
    return buffer.readableBytes();
  }

  /**
   * Takes what a frame brings.
   *
   * @throws MessageException if that is not one message
   */
  void add(ByteBuf frame) throws MessageException {
    int needed = buffer.readableBytes() + frame.readableBytes();
    if (!isChecked && needed >= PREFIX_BYTES) {
      int missing = Math.max(0, PREFIX_BYTES - buffer.readableBytes());
      buffer.writeBytes(frame, missing);
      check(buffer, maxBytes);
      isChecked = true;
    }
    if (isChecked) {
      long whole = PREFIX_BYTES + buffer.getUnsignedInt(1);
      if (needed > whole) {
        throw refused(Status.INVALID_ARGUMENT, "ModelInfer takes one message, got more");
      }
      if (needed > buffer.capacity()) {
        long grown = Math.max(FIRST_BYTES, (long) GROWTH * buffer.capacity());
        buffer.capacity((int) Math.min(whole, Math.max(needed, grown)));
      }
    }
    buffer.writeBytes(frame);
  }

  boolean isCompressed() {
    return buffer.isReadable() && isCompressed(buffer);
  }

  /**
   * Returns the message with its prefix; the caller's.
   *
   * @throws MessageException if it has not come to its end; it is released
   */
  ByteBuf take() throws MessageException {
    int size = buffer.readableBytes();
    if (size == 0) {
      buffer.release();
      throw missing();
    }
    if (!isChecked || size < PREFIX_BYTES + buffer.getUnsignedInt(1)) {
      buffer.release();
      throw refused(
          Status.INVALID_ARGUMENT,
          "ModelInferRequest ends after "
              + size
              + " bytes (expected: as many as its prefix announces)");
    }
    return buffer;
  }

  void release() {
    buffer.release();
  }
}
