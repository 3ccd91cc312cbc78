package dev.skeg.runtime.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.InferenceResult;
import dev.skeg.runtime.model.Tensor;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufOutputStream;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/**
 * Writes a model's outputs: a JSON document, and behind it the data of the outputs that were wanted
 * as binary data.
 *
 * <p>Small binary outputs are copied behind the document, so that their memory is free again at
 * once. Larger ones are not: the answer points into them, and they are closed when it is written.
 */
final class InferResponseEncoder {
  static final String HEADER_LENGTH = "inference-header-content-length";

  /** Below it, copying is cheaper than one more entry in the list given to the kernel. */
  private static final int COPY_BELOW_BYTES = 16 << 10;

  private InferResponseEncoder() {}

  /** Returns the bytes that would be written as JSON, roughly: what the encoding will cost. */
  static long jsonCost(InferCall call, InferenceOutputs outputs) {
    long bytes = 0;
    for (int i = 0; i < outputs.size(); i++) {
      if (!call.isBinary(i)) {
        bytes += outputs.get(i).data().byteSize();
      }
    }
    return bytes;
  }

  /**
   * Writes an answer. Takes over the outputs: they are closed at the latest when the reply has been
   * written, also if this throws.
   *
   * @throws HttpError if JSON cannot carry an output
   */
  static Reply encode(
      JsonFactory factory,
      ByteBufAllocator allocator,
      InferCall call,
      InferenceResult.Completed result) {
    InferenceOutputs outputs = result.outputs();
    ByteBuf head = null;
    boolean done = false;
    try {
      head = allocator.ioBuffer(512);
      long binaryBytes = writeHead(factory, head, call, result);
      int jsonBytes = head.readableBytes();
      if (binaryBytes + jsonBytes > Integer.MAX_VALUE) {
        throw new HttpError(
            HttpResponseStatus.INTERNAL_SERVER_ERROR,
            "the outputs have "
                + binaryBytes
                + " bytes (expected: less than 2 GiB in one response)");
      }
      HttpHeaders headers = Reply.newHeaders();
      headers.set(
          HttpHeaderNames.CONTENT_TYPE,
          binaryBytes > 0
              ? HttpHeaderValues.APPLICATION_OCTET_STREAM
              : HttpHeaderValues.APPLICATION_JSON);
      if (binaryBytes > 0) {
        headers.set(HEADER_LENGTH, Integer.toString(jsonBytes));
      }
      ByteBuf body;
      Runnable written;
      if (binaryBytes < COPY_BELOW_BYTES) {
        copyOutputs(head, call, outputs);
        body = head;
        written = () -> {};
        outputs.close();
      } else {
        body = pointAtOutputs(allocator, head, call, outputs);
        written = outputs::close;
      }
      done = true;
      return new Reply(HttpResponseStatus.OK, headers, body, written, true);
    } finally {
      if (!done) {
        if (head != null) {
          head.release();
        }
        outputs.close();
      }
    }
  }

  /** Writes the document and returns the number of bytes of binary data that are to follow. */
  private static long writeHead(
      JsonFactory factory, ByteBuf head, InferCall call, InferenceResult.Completed result) {
    InferenceOutputs outputs = result.outputs();
    long binaryBytes = 0;
    if (BinaryReplyHead.write(head, call, result)) {
      for (int i = 0; i < outputs.size(); i++) {
        binaryBytes += outputs.get(i).data().byteSize();
      }
      return binaryBytes;
    }
    OutputStream stream = new ByteBufOutputStream(head);
    try (JsonGenerator json = factory.createGenerator(stream)) {
      json.writeStartObject();
      if (!call.request().id().isEmpty()) {
        json.writeStringField("id", call.request().id());
      }
      json.writeStringField("model_name", result.servedBy().model());
      json.writeStringField("model_version", result.servedBy().numberText());
      json.writeArrayFieldStart("outputs");
      for (int i = 0; i < outputs.size(); i++) {
        Tensor output = outputs.get(i);
        json.writeStartObject();
        json.writeStringField("name", output.name());
        json.writeStringField("datatype", output.type().name());
        json.writeArrayFieldStart("shape");
        for (int dim = 0; dim < output.shape().rank(); dim++) {
          json.writeNumber(output.shape().dim(dim));
        }
        json.writeEndArray();
        if (call.isBinary(i)) {
          long size = output.data().byteSize();
          binaryBytes += size;
          json.writeObjectFieldStart("parameters");
          json.writeNumberField("binary_data_size", size);
          json.writeEndObject();
        } else {
          json.writeFieldName("data");
          JsonTensorWriter.write(json, output);
        }
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    } catch (IOException | IndexOutOfBoundsException tooLarge) {
      throw new HttpError(
          HttpResponseStatus.INTERNAL_SERVER_ERROR,
          "the outputs do not fit into one JSON document; ask for them as binary data");
    }
    return binaryBytes;
  }

  private static void copyOutputs(ByteBuf body, InferCall call, InferenceOutputs outputs) {
    for (int i = 0; i < outputs.size(); i++) {
      MemorySegment data = outputs.get(i).data();
      if (call.isBinary(i) && data.byteSize() > 0) {
        int size = (int) data.byteSize();
        body.ensureWritable(size);
        MemorySegment.ofBuffer(body.nioBuffer(body.writerIndex(), size)).copyFrom(data);
        body.writerIndex(body.writerIndex() + size);
      }
    }
  }

  /** Takes over {@code head}, unless this throws. */
  private static ByteBuf pointAtOutputs(
      ByteBufAllocator allocator, ByteBuf head, InferCall call, InferenceOutputs outputs) {
    CompositeByteBuf body = allocator.compositeBuffer(Math.max(2, outputs.size() + 1));
    boolean done = false;
    try {
      body.addComponent(true, head.retain());
      for (int i = 0; i < outputs.size(); i++) {
        MemorySegment data = outputs.get(i).data();
        if (call.isBinary(i) && data.byteSize() > 0) {
          body.addComponent(true, Unpooled.wrappedBuffer(bytes(data)));
        }
      }
      done = true;
    } finally {
      if (!done) {
        body.release();
      }
    }
    head.release(); // The composite has a claim of its own.
    return body;
  }

  private static ByteBuffer bytes(MemorySegment data) {
    boolean viewable = data.isNative() || data.heapBase().orElse(null) instanceof byte[];
    // A segment over another array, as float[], has no view as bytes.
    return viewable ? data.asByteBuffer() : ByteBuffer.wrap(data.toArray(ValueLayout.JAVA_BYTE));
  }
}
