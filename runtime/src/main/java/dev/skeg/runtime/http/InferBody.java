package dev.skeg.runtime.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The body of an infer request while it is read: its bytes, the memory for the numbers in its
 * document, and what is being read, for the message of a failure.
 *
 * <p><b>Threads.</b> The one that reads the body.
 */
final class InferBody {
  private final JsonFactory json;
  private final HttpConfig config;
  private final ByteBufAllocator allocator;
  private final ByteBuf bytes;
  private final List<ByteBuf> memory = new ArrayList<>();
  private long stagedBytes;
  private String where = "";

  /**
   * @param bytes decompressed and contiguous; becomes this object's
   */
  InferBody(JsonFactory json, HttpConfig config, ByteBufAllocator allocator, ByteBuf bytes) {
    this.json = json;
    this.config = config;
    this.allocator = allocator;
    this.bytes = bytes;
    memory.add(bytes);
  }

  ByteBuf bytes() {
    return bytes;
  }

  /** Returns all that is to be freed once the request has been answered. */
  List<ByteBuf> memory() {
    return memory;
  }

  /** Frees everything. */
  void release() {
    memory.forEach(ByteBuf::release);
  }

  /** Returns a parser of a part of the body, counted from its first byte. */
  JsonParser parser(int start, int length) throws IOException {
    return json.createParser(
        (InputStream) new ByteBufInputStream(bytes.slice(bytes.readerIndex() + start, length)));
  }

  /** Notes what is being read; empty if nothing in particular. */
  void at(String part) {
    where = part;
  }

  /** Returns the error for what is not JSON, where the reader is. */
  HttpError malformed(IOException failure, JsonParser parser) {
    return Json.malformed(failure, parser, config.maxJsonDepth(), where);
  }

  /** Returns how many bytes of tensors may still be read from the document. */
  int stagingBytes() {
    return (int) (config.maxDecompressedBytes() - stagedBytes);
  }

  /** Returns a buffer for the numbers of an input, which is this object's. */
  ByteBuf newStaging(long expectedBytes) {
    ByteBuf staging =
        allocator.directBuffer((int) Math.max(16, Math.min(expectedBytes, stagingBytes())));
    memory.add(staging);
    return staging;
  }

  /** Counts what has been read into such a buffer. */
  void staged(int count) {
    stagedBytes += count;
  }

  /** Returns a part of a buffer of this body, for as long as that lives. */
  static MemorySegment segment(ByteBuf buffer, int index, int length) {
    return length == 0
        ? MemorySegment.ofArray(new byte[0])
        : MemorySegment.ofBuffer(buffer.nioBuffer(index, length));
  }
}
