package dev.skeg.runtime.http;

import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.RequestMarks;
import dev.skeg.runtime.model.RequestTerms;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import io.netty.buffer.ByteBuf;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The JSON documents that came before binary data lately, with what they said. A client sends the
 * same document with every request of the same shape, byte for byte but for the id of the request;
 * then it need not be read again.
 *
 * <p><b>Ids.</b> Clients write the id first, in the protocol's order. Of a document that begins
 * with an id of printable ASCII without quotes and backslashes, what stands before the id's text
 * and what stands behind it are compared, and the text is the id as it is: any other such text in
 * its place makes a document that says the same. An id that is written otherwise or elsewhere has
 * its document read.
 *
 * <p>Only what the reader of documents accepted twice in a row is kept, so that documents which
 * never come again displace no others; and only where all else that varies lies behind the
 * document: no data in it. What is not found, or whose binary data has another length, is read as
 * if there were no cache. {@value #SLOTS} documents of at most {@value #MAX_BYTES} bytes are kept;
 * one that falls on another's place takes it.
 *
 * <p><b>Threads.</b> Each event loop has its own.
 */
final class RequestHeads {
  private static final int SLOTS = 64;
  private static final int MAX_BYTES = 1024;

  private static final ThreadLocal<RequestHeads> OWN = ThreadLocal.withInitial(RequestHeads::new);

  /** {@code "id"}, as four bytes. */
  private static final int ID_KEY = 0x22696422;

  private final @Nullable Head[] heads = new Head[SLOTS];
  private final long[] readLast = new long[SLOTS]; // The hash of what was read for want of a head.

  /** One input, its bytes behind the document. */
  record Input(String name, DataType type, Shape shape, int bytes) {}

  /**
   * What one document says.
   *
   * @param words the document without its id's text, eight bytes at a time, and again from there
   * @param idStart where the id's text is; 0 if the document has no id
   * @param behindId bytes of the document behind it
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared as a whole.
  private record Head(
      long[] words,
      int idStart,
      int behindId,
      Route.Infer route,
      List<Input> inputs,
      int dataBytes,
      List<String> outputs,
      List<Boolean> binaryOutputs,
      boolean binaryByDefault,
      RequestTerms terms,
      RequestMarks marks) {}

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
    long idSpan = idSpan(body, documentBytes);
    int idStart = start(idSpan);
    int idEnd = end(idSpan);
    Head head = heads[place(hash(route, body, idStart, idEnd, documentBytes))];
    if (head == null
        || head.idStart != idStart
        || head.behindId != documentBytes - idEnd
        || body.readableBytes() != documentBytes + head.dataBytes
        || !head.route.equals(route)
        || !isSame(head.words, body, idStart, idEnd, documentBytes)) {
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
            route.model(),
            route.version(),
            id(body, idStart, idEnd),
            tensors,
            head.outputs,
            terms,
            head.marks,
            receivedNanos);
    return new InferCall(request, head.binaryOutputs, head.binaryByDefault, List.of(body));
  }

  /**
   * Keeps what a document said, if it is the second time.
   *
   * @param call as it was read from it
   * @param inputs all of them, none with data in the document
   */
  void keep(
      ByteBuf body, int documentBytes, Route.Infer route, List<Input> inputs, InferCall call) {
    if (documentBytes > MAX_BYTES) {
      return;
    }
    long idSpan = idSpan(body, documentBytes);
    int idStart = start(idSpan);
    int idEnd = end(idSpan);
    if (!call.request().id().equals(id(body, idStart, idEnd))) {
      return; // It is elsewhere, or not what it looks like.
    }
    long hash = hash(route, body, idStart, idEnd, documentBytes);
    int place = place(hash);
    if (readLast[place] != hash) {
      readLast[place] = hash;
      return;
    }
    int dataBytes = 0;
    for (Input input : inputs) {
      dataBytes += input.bytes;
    }
    RequestTerms terms = call.request().terms();
    heads[place] =
        new Head(
            words(body, idStart, idEnd, documentBytes),
            idStart,
            documentBytes - idEnd,
            route,
            List.copyOf(inputs),
            dataBytes,
            call.request().outputs(),
            List.copyOf(call.binaryOutputs()),
            call.binaryByDefault(),
            terms.queueTimeoutNanos() == 0 && terms.priority() == 0
                ? RequestTerms.NONE
                : new RequestTerms(0, terms.queueTimeoutNanos(), terms.priority()),
            call.request().marks());
  }

  // Places in a document count from its first byte.

  /**
   * Returns where the text of an id is that is the first thing in the document: its start in the
   * upper half, its end in the lower. 0 if there is none, or none that can be taken as it stands.
   */
  private static long idSpan(ByteBuf body, int bytes) {
    int key = byteAt(body, 0, bytes) == '{' ? behindSpace(body, 1, bytes) : bytes;
    if (key + Integer.BYTES > bytes || body.getInt(body.readerIndex() + key) != ID_KEY) {
      return 0;
    }
    int colon = behindSpace(body, key + Integer.BYTES, bytes);
    if (byteAt(body, colon, bytes) != ':') {
      return 0;
    }
    int quote = behindSpace(body, colon + 1, bytes);
    if (byteAt(body, quote, bytes) != '"') {
      return 0;
    }
    int start = quote + 1;
    int end = start;
    byte c = byteAt(body, end, bytes);
    while (c >= ' ' && c <= '~' && c != '"' && c != '\\') {
      c = byteAt(body, ++end, bytes);
    }
    return c == '"' ? (long) start << Integer.SIZE | end : 0;
  }

  private static int start(long span) {
    return (int) (span >>> Integer.SIZE);
  }

  private static int end(long span) {
    return (int) span;
  }

  private static String id(ByteBuf body, int idStart, int idEnd) {
    return body.toString(body.readerIndex() + idStart, idEnd - idStart, StandardCharsets.US_ASCII);
  }

  private static int behindSpace(ByteBuf body, int at, int bytes) {
    int next = at;
    while (byteAt(body, next, bytes) == ' ') {
      next++;
    }
    return next;
  }

  /** Returns a byte of the document; 0 behind its end. */
  private static byte byteAt(ByteBuf body, int at, int bytes) {
    return at < bytes ? body.getByte(body.readerIndex() + at) : 0;
  }

  private static int place(long hash) {
    return (int) (hash >>> 58);
  }

  private static long hash(Route.Infer route, ByteBuf body, int idStart, int idEnd, int bytes) {
    long seed = (long) route.hashCode() << Integer.SIZE | bytes - idEnd;
    return hash(hash(seed, body, 0, idStart), body, idEnd, bytes);
  }

  private static long hash(long seed, ByteBuf body, int from, int to) {
    long hash = seed;
    for (int i = from; i < to; i += Long.BYTES) {
      hash = (hash ^ word(body, i, to)) * 0x9E3779B97F4A7C15L;
    }
    return hash;
  }

  private static long[] words(ByteBuf body, int idStart, int idEnd, int bytes) {
    int before = wordCount(idStart);
    long[] words = new long[before + wordCount(bytes - idEnd)];
    for (int i = 0; i < before; i++) {
      words[i] = word(body, i * Long.BYTES, idStart);
    }
    for (int i = before; i < words.length; i++) {
      words[i] = word(body, idEnd + (i - before) * Long.BYTES, bytes);
    }
    return words;
  }

  private static int wordCount(int bytes) {
    return (bytes + Long.BYTES - 1) / Long.BYTES;
  }

  private static boolean isSame(long[] words, ByteBuf body, int idStart, int idEnd, int bytes) {
    int next = 0;
    for (int at = 0; at < idStart; at += Long.BYTES) {
      if (words[next++] != word(body, at, idStart)) {
        return false;
      }
    }
    for (int at = idEnd; at < bytes; at += Long.BYTES) {
      if (words[next++] != word(body, at, bytes)) {
        return false;
      }
    }
    return true;
  }

  /** Returns eight bytes of the document, zeros from {@code end} on. */
  private static long word(ByteBuf body, int at, int end) {
    int index = body.readerIndex() + at;
    if (at + Long.BYTES <= end) {
      return body.getLong(index);
    }
    long word = 0;
    for (int i = 0; i < end - at; i++) {
      word |= (body.getByte(index + i) & 0xffL) << (i * Byte.SIZE);
    }
    return word;
  }
}
