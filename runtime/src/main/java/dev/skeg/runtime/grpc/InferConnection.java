package dev.skeg.runtime.grpc;

import dev.skeg.runtime.endpoint.Endpoints;
import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.socket.AnswerLoop;
import io.grpc.Status;
import io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2RemoteFlowController;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A gRPC connection, of which the calls of {@code ModelInfer} are served here, on HTTP/2 frames,
 * and all else by gRPC-Java, but for calls whose timeout cannot be read, which are refused here.
 * The connection itself (settings, pings, flow control, its end) is gRPC-Java's.
 *
 * <p><b>Writing.</b> An answer that the client has room for is written as bytes, in one buffer. The
 * first one after the client's settings goes through Netty's encoder, since a change of the HPACK
 * table has to be confirmed in the next head; so does what is large, compressed, timed, or has to
 * wait for room.
 *
 * <p><b>Memory.</b> While the unfinished messages of the connection are within the limit of one
 * message, a client may go on sending all of them; beyond that only the one begun first, which so
 * comes to its end and is freed.
 *
 * <p><b>Threads.</b> The connection's event loop.
 */
final class InferConnection extends Http2FrameListenerDecorator {
  static final Status SHUTTING_DOWN =
      Status.UNAVAILABLE.withDescription("the server is shutting down");

  /** Below it, copying is cheaper than one more entry in the list given to the kernel. */
  private static final int COPY_BELOW_BYTES = 16 << 10;

  private final GrpcHttp2ConnectionHandler grpc;
  private final Http2Connection connection;
  private final Http2Connection.PropertyKey key;
  private final InferLoops loops;

  /** Calls of which a part of the message has come, the oldest first. */
  private final Set<InferStream> reading = new LinkedHashSet<>();

  private @Nullable InferLoop loop;
  private AnswerLoop.@Nullable Outlet outlet;
  private @Nullable ChannelHandlerContext context;
  private long heldBytes; // Of those that are being read.
  private boolean owing; // Whether some call waits for room.
  private boolean isSettled; // The client's last settings have been confirmed in a head.
  private boolean hasWritten; // An answer, since the last ping.

  private InferConnection(
      GrpcHttp2ConnectionHandler grpc, Http2FrameListener rest, InferLoops loops) {
    super(rest);
    this.grpc = grpc;
    this.connection = grpc.connection();
    this.key = connection.newKey();
    this.loops = loops;
  }

  /** Takes the calls of {@code ModelInfer} over from a connection on which nothing has come yet. */
  static void addTo(GrpcHttp2ConnectionHandler grpc, InferLoops loops) {
    InferConnection added = new InferConnection(grpc, grpc.decoder().frameListener(), loops);
    grpc.decoder().frameListener(added);
    grpc.connection()
        .addListener(
            new Http2ConnectionAdapter() {
              @Override
              public void onStreamClosed(Http2Stream stream) {
                InferStream call = added.call(stream);
                if (call != null) {
                  call.closed();
                }
              }
            });
  }

  Endpoints endpoints() {
    return loops.endpoints();
  }

  int maxMessageBytes() {
    return loops.maxMessageBytes();
  }

  private @Nullable InferStream call(@Nullable Http2Stream stream) {
    return stream == null ? null : stream.getProperty(key);
  }

  // Reading.

  @Override
  public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings settings)
      throws Http2Exception {
    isSettled = false;
    super.onSettingsRead(ctx, settings);
  }

  @Override
  public void onHeadersRead(
      ChannelHandlerContext ctx,
      int streamId,
      Http2Headers headers,
      int streamDependency,
      short weight,
      boolean exclusive,
      int padding,
      boolean endStream)
      throws Http2Exception {
    Http2Stream stream = connection.stream(streamId);
    InferStream known = call(stream);
    if (known != null) { // Trailers, of which nothing is wanted.
      if (endStream) {
        known.receiveLast();
      }
      return;
    }
    InferHead head = stream == null ? null : InferHead.read(headers);
    Status problem = stream == null || head != null ? null : InferHead.problem(headers);
    if (stream == null || (head == null && problem == null)) {
      super.onHeadersRead(
          ctx, streamId, headers, streamDependency, weight, exclusive, padding, endStream);
      return;
    }
    InferLoop own = loop;
    if (own == null) {
      own = loops.of(ctx.channel().eventLoop());
      loop = own;
      outlet = own.answers().outletOf(this::flush);
      context = ctx;
    }
    InferStream call = new InferStream(this, own, stream, head == null ? InferHead.PLAIN : head);
    stream.setProperty(key, call);
    own.add(call);
    if (problem != null) {
      call.refuseMalformed(problem);
    } else if (loops.isStopped()) {
      call.endEarly();
    } else if (endStream) {
      call.receiveLast();
    }
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // The very call, not one like it.
  public int onDataRead(
      ChannelHandlerContext ctx, int streamId, ByteBuf data, int padding, boolean endOfStream)
      throws Http2Exception {
    InferStream call = call(connection.stream(streamId));
    if (call == null) {
      return super.onDataRead(ctx, streamId, data, padding, endOfStream);
    }
    int bytes = data.readableBytes() + padding;
    int before = call.heldBytes();
    if (before > 0 || !endOfStream) {
      // A long message: gRPC-Java, to which the stream is unknown, measures the line by it.
      super.onDataRead(ctx, streamId, data, padding, endOfStream);
    }
    call.receive(data, endOfStream);
    int held = call.heldBytes();
    if (held == 0) {
      return bytes;
    }
    reading.add(call);
    heldBytes += held - before;
    if (heldBytes <= maxMessageBytes() || reading.iterator().next() == call) {
      return bytes + call.payBack();
    }
    call.owe(bytes);
    owing = true;
    return 0;
  }

  /** Counts a call's message as held no more. */
  void hasRead(InferStream call, int held) {
    if (!reading.remove(call)) {
      return;
    }
    heldBytes -= held;
    if (!owing) {
      return;
    }
    owing = false;
    boolean isOldest = true;
    for (InferStream each : reading) {
      if (isOldest || heldBytes <= maxMessageBytes()) {
        giveRoom(each);
      } else {
        owing = true;
      }
      isOldest = false;
    }
    flushLater(0);
  }

  private void giveRoom(InferStream call) {
    try {
      var _ = connection.local().flowController().consumeBytes(call.stream(), call.payBack());
    } catch (Http2Exception e) {
      throw new IllegalStateException("stream " + call.stream().id() + " owes less", e);
    }
  }

  @Override
  public void onPingRead(ChannelHandlerContext ctx, long data) throws Http2Exception {
    if (hasWritten) {
      // Clients measure the line while they get answers. gRPC-Java takes offence at pings when it
      // has written nothing, and does not know of the answers that were written here.
      hasWritten = false;
      return;
    }
    super.onPingRead(ctx, data);
  }

  // Writing.

  private ChannelHandlerContext context() {
    if (context == null) {
      throw new IllegalStateException("there is no call yet");
    }
    return context;
  }

  /**
   * Writes an answer and closes the outputs once that is done.
   *
   * @param size of the message that the loop's {@link InferReply} has begun
   * @param timing empty if it was not asked for
   */
  void writeAnswer(
      Http2Stream stream, int size, InferenceOutputs outputs, String encoding, String timing) {
    hasWritten = true;
    if (timing.isEmpty()
        && encoding.equals(InferHead.IDENTITY)
        && isSettled
        && hasRoom(stream, InferMessage.PREFIX_BYTES + size)) {
      writeAtOnce(stream, size, outputs);
    } else {
      writeFrames(stream, size, outputs, encoding, timing);
      isSettled = true;
    }
    flushLater((long) InferFrames.AROUND_BYTES + size);
  }

  private boolean hasRoom(Http2Stream stream, int bytes) {
    Http2RemoteFlowController flow = grpc.encoder().flowController();
    return bytes <= grpc.encoder().configuration().frameSizePolicy().maxFrameSize()
        && bytes <= flow.windowSize(stream)
        && bytes <= flow.windowSize(connection.connectionStream())
        && !flow.hasFlowControlled(stream);
  }

  private void writeAtOnce(Http2Stream stream, int size, InferenceOutputs outputs) {
    ChannelHandlerContext ctx = context();
    ByteBuf frames;
    try (outputs) {
      frames = InferFrames.answer(ctx.alloc(), stream.id(), reply(), size, outputs);
    }
    Http2RemoteFlowController flow = grpc.encoder().flowController();
    int taken = InferMessage.PREFIX_BYTES + size;
    try {
      flow.incrementWindowSize(stream, -taken);
      flow.incrementWindowSize(connection.connectionStream(), -taken);
    } catch (Http2Exception e) {
      frames.release();
      throw new IllegalStateException("a window that is taken from cannot overflow", e);
    }
    stream.headersSent(false);
    stream.headersSent(false);
    grpc.closeStreamLocal(stream, ctx.write(frames));
  }

  private InferReply reply() {
    if (loop == null) {
      throw new IllegalStateException("there is no call yet");
    }
    return loop.reply();
  }

  private void writeFrames(
      Http2Stream stream, int size, InferenceOutputs outputs, String encoding, String timing) {
    ChannelHandlerContext ctx = context();
    ByteBuf message;
    ChannelPromise written = ctx.newPromise();
    boolean isCopied = size < COPY_BELOW_BYTES || !encoding.equals(InferHead.IDENTITY);
    try {
      message =
          isCopied
              ? copied(ctx, size, outputs, encoding)
              : reply()
                  .pointAt(
                      ctx.alloc(),
                      ctx.alloc().ioBuffer(1 << 10).writeByte(0).writeInt(size),
                      outputs);
    } catch (RuntimeException | Error e) {
      outputs.close();
      throw e;
    }
    if (isCopied) {
      outputs.close();
    } else {
      written.addListener(done -> outputs.close());
    }
    Http2ConnectionEncoder encoder = grpc.encoder();
    int id = stream.id();
    var _ = encoder.writeHeaders(ctx, id, InferFrames.head(encoding), 0, false, ctx.newPromise());
    var _ = encoder.writeData(ctx, id, message, 0, false, written);
    var _ = encoder.writeHeaders(ctx, id, InferFrames.tail(timing), 0, true, ctx.newPromise());
  }

  private ByteBuf copied(
      ChannelHandlerContext ctx, int size, InferenceOutputs outputs, String encoding) {
    ByteBuf message = ctx.alloc().ioBuffer(InferMessage.PREFIX_BYTES + size);
    try {
      if (encoding.equals(InferHead.IDENTITY)) {
        InferFrames.message(message, reply(), size, outputs);
        return message;
      }
      reply().writeTo(message, outputs);
      ByteBuf compressed = ctx.alloc().ioBuffer();
      compressed.writeByte(1).writeInt(0);
      Codecs.compress(encoding, message, compressed);
      compressed.setInt(1, compressed.readableBytes() - InferMessage.PREFIX_BYTES);
      message.release();
      return compressed;
    } catch (RuntimeException | Error e) {
      message.release();
      throw e;
    }
  }

  /**
   * Ends a call without an answer.
   *
   * @param retryAfterNanos when sending it again may succeed; 0 if nobody can tell
   */
  void writeRefusal(Http2Stream stream, Status status, long retryAfterNanos) {
    ChannelHandlerContext ctx = context();
    Http2ConnectionEncoder encoder = grpc.encoder();
    boolean isUnread = stream.state().remoteSideOpen();
    var _ =
        encoder.writeHeaders(
            ctx,
            stream.id(),
            InferFrames.refusal(status, retryAfterNanos),
            0,
            true,
            ctx.newPromise());
    if (isUnread) { // The rest of the request is not wanted.
      var _ =
          encoder.writeRstStream(ctx, stream.id(), Http2Error.NO_ERROR.code(), ctx.newPromise());
    }
    flushLater(0);
  }

  /** Ends a call of which nobody knows what has been written. */
  void reset(InferStream call) {
    ChannelHandlerContext ctx = context();
    var _ =
        grpc.encoder()
            .writeRstStream(
                ctx, call.stream().id(), Http2Error.INTERNAL_ERROR.code(), ctx.newPromise());
    flushLater(0);
  }

  private void flushLater(long bytes) {
    if (outlet != null) {
      outlet.flushLater(bytes);
    }
  }

  private void flush() {
    grpc.flush(context()); // Not the context: what waits for room is written first.
  }
}
