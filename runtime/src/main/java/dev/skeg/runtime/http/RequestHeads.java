package dev.skeg.runtime.http;

import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.RequestMarks;
import dev.skeg.runtime.model.RequestTerms;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import io.netty.buffer.ByteBuf;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The JSON documents that came before binary data lately, with what they said. A client sends the
 * same document with every request of the same shape, byte for byte; then it need not be read
 * again.
 *
 * <p>Only what the reader of documents accepted is kept, and only where everything that varies lies
 * behind the document: no data in it and no id. What is not found, or whose binary data has another
 * length, is read as if there were no cache. {@value #SLOTS} documents of at most {@value
 * #MAX_BYTES} bytes are kept; one that falls on another's place takes it.
 *
 * <p><b>Threads.</b> Each event loop has its own.
 */
final class RequestHeads {
  private static final int SLOTS = 64;
  private static final int MAX_BYTES = 1024;

  private static final ThreadLocal<RequestHeads> OWN = ThreadLocal.withInitial(RequestHeads::new);

  private final @Nullable Head[] heads = new Head[SLOTS];

  /** One input, its bytes behind the document. */
  record Input(String name, DataType type, Shape shape, int bytes) {}

  /** What one document says; {@code words} is the document, eight bytes at a time. */
  @SuppressWarnings("ArrayRecordComponent") // Never compared as a whole.
  private record Head(
      long[] words,
      int documentBytes,
      Route.Infer route,
      List<Input> inputs,
      int dataBytes,
      List<String> outputs,
      List<Boolean> binaryOutputs,
      boolean binaryByDefault,
      RequestTerms terms) {}

  private RequestHeads() {}

  /** Returns the calling thread's; null if it is not one that lasts. */
  static @Nullable RequestHeads own() {
    return Thread.currentThread().isVirtual() ? null : OWN.get();
  }

  /**
   * Returns the request whose document was seen before; null if it has to be read.
   *
   * @param body the document and the data behind it; becomes the result's if there is one
   * @throws HttpError 400 if the data is not what its datatype allows
   */
  @Nullable InferCall find(
      ByteBuf body, int documentBytes, Route.Infer route, long timeoutNanos, long receivedNanos) {
    if (documentBytes > MAX_BYTES) {
      return null;
    }
    Head head = heads[place(body, documentBytes)];
    if (head == null
        || head.documentBytes != documentBytes
        || body.readableBytes() != documentBytes + head.dataBytes
        || !head.route.equals(route)
        || !isSame(head.words, body, documentBytes)) {
      return null;
    }
    List<Tensor> tensors = new ArrayList<>(head.inputs.size());
    MemorySegment data =
        MemorySegment.ofBuffer(body.nioBuffer(body.readerIndex() + documentBytes, head.dataBytes));
    long offset = 0;
    for (int i = 0; i < head.inputs.size(); i++) {
      Input input = head.inputs.get(i);
      MemorySegment own = data.asSlice(offset, input.bytes);
      if (input.type == DataType.BYTES || input.type == DataType.BOOL) {
        BinaryTensors.check(input.name, input.type, input.shape.elementCount(), own);
      }
      tensors.add(new Tensor(input.name, input.type, input.shape, own));
      offset += input.bytes;
    }
    RequestTerms terms =
        timeoutNanos == 0
            ? head.terms
            : new RequestTerms(timeoutNanos, head.terms.queueTimeoutNanos(), head.terms.priority());
    InferenceRequest request =
        new InferenceRequest(
            route.model(), route.version(), "", tensors, head.outputs, terms, receivedNanos);
    return new InferCall(request, head.binaryOutputs, head.binaryByDefault, List.of(body));
  }

  /**
   * Keeps what a document said.
   *
   * @param call as it was read from it, its id empty
   * @param inputs all of them, none with data in the document
   */
  void keep(
      ByteBuf body, int documentBytes, Route.Infer route, List<Input> inputs, InferCall call) {
    if (documentBytes > MAX_BYTES
        || !call.request().id().isEmpty()
        || !call.request().marks().equals(RequestMarks.NONE)) {
      return;
    }
    int dataBytes = 0;
    for (Input input : inputs) {
      dataBytes += input.bytes;
    }
    RequestTerms terms = call.request().terms();
    heads[place(body, documentBytes)] =
        new Head(
            words(body, documentBytes),
            documentBytes,
            route,
            List.copyOf(inputs),
            dataBytes,
            call.request().outputs(),
            List.copyOf(call.binaryOutputs()),
            call.binaryByDefault(),
            terms.queueTimeoutNanos() == 0 && terms.priority() == 0
                ? RequestTerms.NONE
                : new RequestTerms(0, terms.queueTimeoutNanos(), terms.priority()));
  }

  private static int place(ByteBuf body, int bytes) {
    long hash = bytes;
    for (int i = 0; i < bytes; i += Long.BYTES) {
      hash = (hash ^ word(body, i, bytes)) * 0x9E3779B97F4A7C15L;
    }
    return (int) (hash >>> 58);
  }

  private static long[] words(ByteBuf body, int bytes) {
    long[] words = new long[(bytes + Long.BYTES - 1) / Long.BYTES];
    for (int i = 0; i < words.length; i++) {
      words[i] = word(body, i * Long.BYTES, bytes);
    }
    return words;
  }

  private static boolean isSame(long[] words, ByteBuf body, int bytes) {
    for (int i = 0; i < words.length; i++) {
      if (words[i] != word(body, i * Long.BYTES, bytes)) {
        return false;
      }
    }
    return true;
  }

  /** Returns eight bytes of the document, zeros behind its end. */
  private static long word(ByteBuf body, int at, int bytes) {
    int index = body.readerIndex() + at;
    if (at + Long.BYTES <= bytes) {
      return body.getLong(index);
    }
    long word = 0;
    for (int i = 0; i < bytes - at; i++) {
      word |= (body.getByte(index + i) & 0xffL) << (i * Byte.SIZE);
    }
    return word;
  }
}
