package dev.skeg.runtime.http;

import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledDirectByteBuf;
import io.netty.buffer.UnpooledHeapByteBuf;
import java.util.ArrayList;
import java.util.List;

/** Has memory for so many direct buffers, then for none. */
final class ScarceAllocator extends AbstractByteBufAllocator {
  /** All direct buffers that were given out. */
  final List<ByteBuf> made = new ArrayList<>();

  /** So many more are given out. */
  int left = Integer.MAX_VALUE;

  ScarceAllocator() {
    super(true);
  }

  @Override
  protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
    return new UnpooledHeapByteBuf(this, initialCapacity, maxCapacity);
  }

  @Override
  protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
    if (left == 0) {
      throw new OutOfMemoryError("no direct memory, says the test");
    }
    left--;
    ByteBuf buffer = new UnpooledDirectByteBuf(this, initialCapacity, maxCapacity);
    made.add(buffer);
    return buffer;
  }

  @Override
  public boolean isDirectBufferPooled() {
    return false;
  }
}
