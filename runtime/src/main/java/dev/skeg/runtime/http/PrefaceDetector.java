package dev.skeg.runtime.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.http2.Http2CodecUtil;
import java.util.List;

/**
 * Looks at a connection's first bytes: those with which a client begins that knows that the server
 * speaks HTTP/2 (RFC 9113, section 3.4) begin no request of HTTP/1.1. Leaves as soon as it knows.
 *
 * <p><b>Threads.</b> The connection's event loop.
 */
final class PrefaceDetector extends ByteToMessageDecoder {
  private static final ByteBuf PREFACE = Http2CodecUtil.connectionPrefaceBuf();

  private final Runnable isHttp2;

  /**
   * @param isHttp2 run when the connection is found to be one of HTTP/2, before its bytes go on
   */
  PrefaceDetector(Runnable isHttp2) {
    this.isHttp2 = isHttp2;
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
    int length = Math.min(in.readableBytes(), PREFACE.readableBytes());
    for (int i = 0; i < length; i++) {
      if (in.getByte(in.readerIndex() + i) != PREFACE.getByte(i)) {
        ctx.pipeline().remove(this);
        return;
      }
    }
    if (length == PREFACE.readableBytes()) {
      isHttp2.run();
      ctx.pipeline().remove(this);
    }
  }
}
