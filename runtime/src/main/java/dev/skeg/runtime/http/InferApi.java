package dev.skeg.runtime.http;

import com.fasterxml.jackson.core.JsonFactory;
import dev.skeg.runtime.endpoint.Endpoints;
import dev.skeg.runtime.model.Completion;
import dev.skeg.runtime.model.InFlight;
import dev.skeg.runtime.model.InferenceResult;
import dev.skeg.runtime.model.Text;
import dev.skeg.runtime.socket.AnswerLoop;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.util.concurrent.EventExecutor;
import java.util.Iterator;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Answers infer requests: decodes them, hands them to the endpoints, and encodes what comes back.
 *
 * <p><b>Threads.</b> Any; it has no state.
 */
final class InferApi {
  private final HttpConfig config;
  private final Endpoints endpoints;
  private final JsonFactory json;
  private final Executor large;

  /**
   * @param large runs what would hold up an event loop
   */
  InferApi(HttpConfig config, Endpoints endpoints, JsonFactory json, Executor large) {
    this.config = config;
    this.endpoints = endpoints;
    this.json = json;
    this.large = large;
  }

  /**
   * Has a model answer a request.
   *
   * @param body decompressed; becomes this object's
   * @param done given the answer, once, on the connection's event loop or where large JSON is
   *     written
   * @throws HttpError if the request is refused; {@code done} is not called then
   */
  void answer(Route.Infer route, Incoming incoming, ByteBuf body, Consumer<Reply> done) {
    ByteBufAllocator allocator = incoming.allocator();
    InferCall call;
    try {
      call = decode(route, incoming, body, allocator);
    } catch (HttpError error) {
      endpoints.countMalformed();
      throw error;
    }
    EventExecutor eventLoop = incoming.loop().eventLoop();
    try {
      InFlight inFlight =
          endpoints.infer(
              call.request(),
              eventLoop.inEventLoop() ? eventLoop : null,
              new InferAnswer(call, incoming, done));
      incoming.onEventLoop(() -> incoming.started().accept(inFlight));
    } catch (RuntimeException | Error unexpected) {
      // Endpoints never throw; if one does, it may still hold the memory, which is therefore
      // leaked.
      done.accept(RestApi.internalError(unexpected));
    }
  }

  /**
   * The answer to an infer request. Whoever completes it may hold a model's lane, on the event loop
   * too, and to write JSON may take longer than the model's run: so that comes after it.
   */
  private final class InferAnswer extends AnswerLoop.Answer implements Completion {
    private final InferCall call;
    private final Incoming incoming;
    private final Consumer<Reply> done;
    private @Nullable InferenceResult result;

    InferAnswer(InferCall call, Incoming incoming, Consumer<Reply> done) {
      this.call = call;
      this.incoming = incoming;
      this.done = done;
    }

    @Override
    public void complete(InferenceResult completed) {
      call.release();
      result = completed;
      incoming.loop().comeBack(this);
    }

    @Override
    protected void write() {
      InferenceResult completed = result;
      if (completed == null) {
        throw new IllegalStateException("a request without a result has no answer");
      }
      answerInfer(call, completed, incoming.allocator(), done);
    }
  }

  private InferCall decode(
      Route.Infer route, Incoming incoming, ByteBuf body, ByteBufAllocator allocator) {
    int jsonBytes;
    long timeoutNanos;
    try {
      timeoutNanos = RequestTimeout.nanos(incoming.headers());
      jsonBytes = documentBytes(incoming.headers(), body.readableBytes());
    } catch (HttpError error) {
      body.release();
      throw error;
    }
    return InferRequestDecoder.decode(
        json, config, allocator, body, jsonBytes, route, timeoutNanos, incoming.receivedNanos());
  }

  /** Returns the length of the JSON document, by rules 1 and 2 of the binary tensor extension. */
  private static int documentBytes(HttpHeaders headers, int bodyBytes) {
    Iterator<String> given = headers.valueStringIterator(InferResponseEncoder.HEADER_LENGTH);
    if (!given.hasNext()) {
      return bodyBytes;
    }
    String value = given.next().strip();
    int length;
    try {
      length = given.hasNext() ? -1 : Integer.parseInt(value);
    } catch (NumberFormatException notAnInt) {
      length = -1;
    }
    if (length < 0 || length > bodyBytes) {
      throw HttpError.badRequest(
          "inference header size should be in range (0, "
              + bodyBytes
              + "), got: "
              + Text.excerpt(String.join(", ", headers.getAll(InferResponseEncoder.HEADER_LENGTH)))
              + " in the header Inference-Header-Content-Length");
    }
    if (length == 0) {
      throw HttpError.badRequest(
          "Inference-Header-Content-Length: 0: raw binary requests are not supported by this server"
              + " yet (expected: the length of the JSON document before the binary data)");
    }
    return length;
  }

  private void answerInfer(
      InferCall call, InferenceResult result, ByteBufAllocator allocator, Consumer<Reply> done) {
    switch (result) {
      case InferenceResult.Rejected rejected -> done.accept(Reply.rejected(rejected));
      case InferenceResult.Failed failed ->
          done.accept(Reply.error(HttpResponseStatus.INTERNAL_SERVER_ERROR, failed.detail()));
      case InferenceResult.Completed completed -> {
        if (InferResponseEncoder.jsonCost(call, completed.outputs()) > RestApi.LARGE_JSON_BYTES) {
          try {
            large.execute(() -> done.accept(encode(call, completed, allocator)));
          } catch (RuntimeException | Error noThread) {
            completed.outputs().close();
            done.accept(RestApi.noThread(noThread));
          }
        } else {
          done.accept(encode(call, completed, allocator));
        }
      }
    }
  }

  private Reply encode(
      InferCall call, InferenceResult.Completed completed, ByteBufAllocator allocator) {
    try {
      Reply reply = InferResponseEncoder.encode(json, allocator, call, completed);
      long total = System.nanoTime() - call.request().receivedNanos();
      reply.headers().set(ServerTiming.HEADER, ServerTiming.format(completed.timings(), total));
      return reply;
    } catch (HttpError error) {
      return Reply.error(error);
    } catch (RuntimeException | Error unexpected) {
      return RestApi.internalError(unexpected);
    }
  }
}
