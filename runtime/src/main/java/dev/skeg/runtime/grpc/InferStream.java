package dev.skeg.runtime.grpc;

import dev.skeg.runtime.endpoint.Endpoints;
import dev.skeg.runtime.model.Completion;
import dev.skeg.runtime.model.InFlight;
import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.InferenceResult;
import dev.skeg.runtime.socket.AnswerLoop;
import io.grpc.Status;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Stream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One call of {@code ModelInfer}: takes the message from the frames, hands the request to the
 * endpoints, and has the answer written.
 *
 * <p><b>Ownership.</b> The message's memory is kept until the request is completed, also when the
 * client has gone by then, so that it is freed in one place; only the writing is left out. The
 * outputs are closed once they are written.
 *
 * <p><b>Threads.</b> The connection's event loop, but for {@link #complete}, which any thread calls
 * once.
 */
final class InferStream extends AnswerLoop.Answer implements Completion {
  private static final Logger LOG = LoggerFactory.getLogger(InferStream.class);

  // As links of InferLoop's list of open calls.
  @Nullable InferStream before;
  @Nullable InferStream after;

  private final InferConnection connection;
  private final InferLoop loop;
  private final Http2Stream stream;
  private final InferHead head;
  private @Nullable InferMessage partial; // Of a message that came in more than one frame.
  private @Nullable ByteBuf memory; // That the request's tensors point into.
  private @Nullable InferenceRequest request; // From handing over on.
  private @Nullable InFlight inFlight;
  private @Nullable InferenceResult result; // On its way from another thread.
  private int owedBytes; // That the client may not send anew yet.
  private int activeSweep; // The loop's latest when the client was last heard of, or given room.
  private boolean over; // Refused or handed over: what comes now is not wanted.
  private boolean ended; // Answered, refused or gone: nothing more is written.

  InferStream(InferConnection connection, InferLoop loop, Http2Stream stream, InferHead head) {
    this.connection = connection;
    this.loop = loop;
    this.stream = stream;
    this.head = head;
    this.activeSweep = loop.sweeps();
  }

  Http2Stream stream() {
    return stream;
  }

  /** Counts bytes that have come and whose room the client does not have back. */
  void owe(int bytes) {
    owedBytes += bytes;
  }

  /** Returns what was owed; from here on nothing is. */
  int payBack() {
    int bytes = owedBytes;
    if (bytes > 0) {
      owedBytes = 0;
      activeSweep = loop.sweeps(); // From now on it is the client's turn.
    }
    return bytes;
  }

  /** Returns how many bytes of an unfinished message are held. */
  int heldBytes() {
    return partial == null ? 0 : partial.size();
  }

  int activeSweep() {
    return activeSweep;
  }

  /** Returns whether the message is not at its end, and it is not for want of room. */
  boolean waitsForClient() {
    return !over && owedBytes == 0;
  }

  /**
   * Ends the call because its message does not go on.
   *
   * @param pause of the client, at least
   */
  void endIncomplete(Duration pause) {
    refuseMalformed(
        Status.DEADLINE_EXCEEDED.withDescription(
            "ModelInferRequest is incomplete: "
                + heldBytes()
                + " bytes, and no more for "
                + pause.toMillis()
                + " ms (expected: the whole message, and the end of the client's stream)"));
  }

  /**
   * Takes a frame.
   *
   * @param data the caller's
   */
  void receive(ByteBuf data, boolean isLast) {
    if (over) {
      return;
    }
    try {
      if (partial == null && isLast && InferMessage.isWhole(data)) {
        receiveWhole(data);
        return;
      }
      if (partial == null) {
        partial = new InferMessage(data.alloc(), connection.maxMessageBytes());
      }
      partial.add(data);
      activeSweep = loop.sweeps();
      if (isLast) {
        receiveLast();
      }
    } catch (MessageException e) {
      refuseMalformed(e.status());
    }
  }

  /** Ends the message, after its last frame. */
  void receiveLast() {
    if (over) {
      return;
    }
    try {
      InferMessage whole = partial;
      if (whole == null) {
        throw InferMessage.missing();
      }
      forgetPartial(whole);
      infer(whole.isCompressed(), whole.take(), InferMessage.PREFIX_BYTES);
    } catch (MessageException e) {
      refuseMalformed(e.status());
    }
  }

  /** Leaves the message where the network put it. */
  private void receiveWhole(ByteBuf data) throws MessageException {
    InferMessage.check(data, connection.maxMessageBytes());
    infer(
        InferMessage.isCompressed(data),
        data.retain(),
        data.readerIndex() + InferMessage.PREFIX_BYTES);
  }

  /**
   * @param bytes taken over
   */
  private void infer(boolean isCompressed, ByteBuf bytes, int offset) throws MessageException {
    long nowNanos = System.nanoTime();
    memory = bytes;
    int length = bytes.writerIndex() - offset;
    ByteBuffer message;
    if (isCompressed) {
      message = Codecs.decompress(head.encoding(), bytes, offset, connection.maxMessageBytes());
    } else {
      message = bytes.nioBuffer(offset, length);
    }
    InferCall call =
        loop.decoder()
            .decode(
                message.order(ByteOrder.LITTLE_ENDIAN), nowNanos, head.timeoutNanosFrom(nowNanos));
    switch (call) {
      case InferCall.Invalid invalid -> refuseMalformed(invalid.status());
      case InferCall.Valid valid -> handOver(valid.request());
    }
  }

  private void handOver(InferenceRequest valid) {
    over = true;
    request = valid;
    Endpoints endpoints = connection.endpoints();
    try {
      inFlight = endpoints.infer(valid, loop.eventLoop(), this);
    } catch (RuntimeException e) {
      LOG.error("Request for model '{}' failed before it was answered", valid.model(), e);
      // Memory is not released: whoever threw may have passed it on. The collector finds it.
      refuse(Status.INTERNAL.withDescription("internal error"), 0);
    }
  }

  @Override
  public void complete(InferenceResult completed) {
    result = completed;
    if (loop.eventLoop().inEventLoop()) {
      write();
    } else {
      loop.answers().comeBack(this);
    }
  }

  /** Writes the result that there is. */
  @Override
  protected void write() {
    InferenceResult completed = result;
    InferenceRequest answered = request;
    if (completed == null || answered == null) {
      throw new IllegalStateException("a call is completed once, after it was handed over");
    }
    result = null;
    releaseMemory();
    try {
      switch (completed) {
        case InferenceResult.Completed done -> reply(answered, done);
        case InferenceResult.Rejected rejected ->
            refuse(Statuses.of(rejected.code(), rejected.detail()), rejected.retryAfterNanos());
        case InferenceResult.Failed failed ->
            refuse(Status.INTERNAL.withDescription(failed.detail()), 0);
      }
    } catch (RuntimeException e) {
      LOG.error("Answer of model '{}' could not be written", answered.model(), e);
      connection.reset(this);
    }
  }

  private void reply(InferenceRequest answered, InferenceResult.Completed done) {
    InferenceOutputs outputs = done.outputs();
    if (ended) {
      outputs.close();
      return;
    }
    int size;
    try {
      size = loop.reply().start(done.servedBy(), answered.id(), outputs);
    } catch (ArithmeticException e) {
      outputs.close();
      refuse(
          Status.RESOURCE_EXHAUSTED.withDescription(
              "the answer of model '" + answered.model() + "' exceeds 2 GiB"),
          0);
      return;
    }
    ended = true;
    String timing =
        head.isTimed()
            ? ServerTiming.format(done.timings(), System.nanoTime() - answered.receivedNanos())
            : "";
    connection.writeAnswer(stream, size, outputs, head.answerEncoding(), timing);
  }

  /** Ends the call because what the client sent is not what it has to be. */
  void refuseMalformed(Status status) {
    connection.endpoints().countMalformed();
    refuse(status, 0);
  }

  /**
   * Ends the call without an answer.
   *
   * @param retryAfterNanos when sending it again may succeed; 0 if nobody can tell
   */
  void refuse(Status status, long retryAfterNanos) {
    over = true;
    dropMessage();
    if (!ended) {
      ended = true;
      connection.writeRefusal(stream, status, retryAfterNanos);
    }
  }

  /** Ends the call because the server stops. */
  void endEarly() {
    refuse(InferConnection.SHUTTING_DOWN, 0);
  }

  /** The stream is closed: the answer has been written, or is not wanted any more. */
  void closed() {
    loop.remove(this);
    over = true;
    ended = true;
    dropMessage();
    if (inFlight != null) {
      inFlight.cancel();
    }
  }

  /** Frees a message that was not handed over. */
  private void dropMessage() {
    if (partial != null) {
      InferMessage unfinished = partial;
      forgetPartial(unfinished);
      unfinished.release();
    }
    if (request == null) {
      releaseMemory();
    }
  }

  private void forgetPartial(InferMessage message) {
    int size = message.size();
    partial = null;
    connection.hasRead(this, size);
  }

  private void releaseMemory() {
    if (memory != null) {
      memory.release();
      memory = null;
    }
  }
}
