package dev.skeg.benchmarks;

import io.netty.bootstrap.ChannelInitializerExtension;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * How long does a server hold a request, from the return of the socket read to the return of the
 * write? Puts a handler before all others into every connection that a server on Netty accepts, if
 * the server runs with this jar on its class path, {@code
 * -Dio.netty.bootstrap.extensions=serviceload} and {@code -Dskeg.benchmarks.spans=FILE}; the server
 * itself is not changed.
 *
 * <p>When a connection closes, a line goes to the file: the server's port, how many spans it had,
 * and their 50th, 90th and 99th percentile in nanoseconds. Meant for connections with one request
 * at a time: a span begins with the first read after another, and ends with the last write before
 * the next read.
 */
public final class SocketSpanExtension extends ChannelInitializerExtension {
  private static final String FILE = "skeg.benchmarks.spans";

  @Override
  public void postInitializeServerChildChannel(Channel child) {
    String file = System.getProperty(FILE);
    if (file != null) {
      child.pipeline().addFirst(new Spans(Path.of(file)));
    }
  }

  /** <b>Threads.</b> The connection's event loop. */
  static final class Spans extends ChannelDuplexHandler {
    private final Path file;
    private final Histogram nanos = new Histogram(TimeUnit.MINUTES.toNanos(1), 3);
    private boolean isReading;
    private boolean hasWritten; // Since the last flush.
    private boolean isAnswered; // Something was flushed since the read.
    private long readNanos;
    private long flushedNanos;

    Spans(Path file) {
      this.file = file;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      if (!isReading) {
        long now = System.nanoTime();
        end();
        isReading = true;
        readNanos = now;
      }
      context.fireChannelRead(message);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
      isReading = false;
      context.fireChannelReadComplete();
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
      hasWritten = true;
      var _ = context.write(message, promise);
    }

    @Override
    public void flush(ChannelHandlerContext context) {
      context.flush();
      if (hasWritten) {
        flushedNanos = System.nanoTime();
        hasWritten = false;
        isAnswered = true;
      }
    }

    private void end() {
      if (isAnswered) {
        nanos.recordValue(Math.min(flushedNanos - readNanos, TimeUnit.MINUTES.toNanos(1)));
        isAnswered = false;
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      end();
      context.fireChannelInactive();
      if (nanos.getTotalCount() > 0) {
        write(context);
      }
    }

    private void write(ChannelHandlerContext context) {
      int port =
          context.channel().localAddress() instanceof InetSocketAddress address
              ? address.getPort()
              : 0;
      String line =
          String.format(
              Locale.ROOT,
              "port=%d count=%d p50=%d p90=%d p99=%d%n",
              port,
              nanos.getTotalCount(),
              nanos.getValueAtPercentile(50),
              nanos.getValueAtPercentile(90),
              nanos.getValueAtPercentile(99));
      try {
        Files.writeString(file, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      } catch (IOException e) {
        throw new UncheckedIOException("spans to " + file, e);
      }
    }
  }
}
