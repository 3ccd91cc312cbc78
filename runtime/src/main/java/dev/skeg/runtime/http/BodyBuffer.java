package dev.skeg.runtime.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/**
 * Gathers a request's body into one piece. A body that came in one read is not copied; a longer one
 * is copied into a buffer that grows with what has really come, not with what was announced.
 *
 * <p><b>Threads.</b> The connection's event loop.
 */
final class BodyBuffer {
  private static final int FIRST_BYTES = 128 << 10;

  /** So many times what has come is believed of what was announced: that saves copies. */
  private static final int ANNOUNCED_GROWTH = 8;

  private final ByteBufAllocator allocator;
  private final long announcedBytes;
  private @Nullable ByteBuf content;
  private boolean ours; // Whether content is a buffer of this class, which may be appended to.

  /**
   * @param announcedBytes the Content-Length, or -1
   */
  BodyBuffer(ByteBufAllocator allocator, long announcedBytes) {
    this.allocator = allocator;
    this.announcedBytes = announcedBytes;
  }

  long sizeBytes() {
    return content == null ? 0 : content.readableBytes();
  }

  /** Appends; {@code piece} is taken over. */
  void add(ByteBuf piece) {
    if (!piece.isReadable()) {
      piece.release();
      return;
    }
    if (content == null) {
      content = piece;
      return;
    }
    try {
      int needed = content.readableBytes() + piece.readableBytes();
      if (!ours || content.writableBytes() < piece.readableBytes()) {
        grow(content, needed);
      }
      content.writeBytes(piece);
    } finally {
      piece.release();
    }
  }

  private void grow(ByteBuf old, int needed) {
    boolean isAnnounced = announcedBytes >= needed;
    long capacity = Math.max(FIRST_BYTES, (isAnnounced ? ANNOUNCED_GROWTH : 2L) * needed);
    if (isAnnounced) {
      capacity = Math.min(capacity, announcedBytes);
    }
    ByteBuf larger = allocator.directBuffer((int) Math.min(capacity, Integer.MAX_VALUE - 64));
    larger.writeBytes(old);
    old.release();
    content = larger;
    ours = true;
  }

  /** Returns the body, in one piece, which becomes the caller's. */
  ByteBuf take() {
    ByteBuf taken = content == null ? Unpooled.EMPTY_BUFFER : content;
    content = null;
    return taken;
  }

  /** Frees what has been gathered. */
  void release() {
    take().release();
  }
}
