package dev.skeg.runtime.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;
import java.time.Duration;

/** Whether a client takes what is written to it. <b>Threads.</b> The connection's event loop. */
final class WriteProgress {
  private final Channel channel;
  private long mark;
  private long markNanos;

  WriteProgress(Channel channel) {
    this.channel = channel;
  }

  /** Notes that something was written, so that the time begins anew. */
  void wrote(long nowNanos) {
    markNanos = nowNanos;
  }

  /** Returns whether something waits of which the client has not taken a byte for too long. */
  boolean isStuck(long nowNanos, Duration limit) {
    ChannelOutboundBuffer buffer = channel.unsafe().outboundBuffer();
    long pending = buffer == null ? 0 : buffer.totalPendingWriteBytes();
    long now = buffer == null ? 0 : pending * 31 + buffer.currentProgress();
    if (pending == 0 || now != mark) {
      mark = now;
      markNanos = nowNanos;
    }
    return nowNanos - markNanos > limit.toNanos();
  }
}
