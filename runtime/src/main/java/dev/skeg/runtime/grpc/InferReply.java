package dev.skeg.runtime.grpc;

import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * A {@code ModelInferResponse} as the stream of its bytes: a head with all but the data, then each
 * output's bytes in {@code raw_output_contents}, straight from the memory they lie in.
 *
 * <p><b>Threads.</b> One at a time. <b>Ownership.</b> Reads the outputs while it is drained and
 * does not close them.
 */
final class InferReply extends InputStream implements KnownLength, Drainable {
  private static final int CHUNK_BYTES = 16 << 10;

  private final InferenceOutputs outputs;
  private final byte[] head;
  private final int size;
  private @Nullable InputStream copy; // For the rare reader that does not drain.
  private boolean drained;

  /**
   * @param id empty if the request had none
   * @throws ArithmeticException if the message would exceed 2 GiB, more than gRPC can carry
   */
  InferReply(ModelVersion servedBy, String id, InferenceOutputs outputs) {
    this.outputs = outputs;
    WireWriter out = new WireWriter();
    out.writeString(1, servedBy.model());
    out.writeString(2, servedBy.numberText());
    out.writeString(3, id);
    WireWriter tensorOut = new WireWriter();
    long total = 0;
    for (int i = 0; i < outputs.size(); i++) {
      Tensor tensor = outputs.get(i);
      tensorOut.clear();
      tensorOut.writeString(1, tensor.name());
      tensorOut.writeString(2, tensor.type().name());
      writeShape(tensorOut, tensor.shape());
      out.writeMessage(5, tensorOut);
      long bytes = tensor.data().byteSize();
      total += 1 + WireWriter.varintSize(bytes) + bytes;
    }
    this.head = out.toByteArray();
    this.size = Math.toIntExact(head.length + total);
  }

  private static void writeShape(WireWriter out, Shape shape) {
    int rank = shape.rank();
    if (rank == 0) {
      return;
    }
    int length = 0;
    for (int i = 0; i < rank; i++) {
      length += WireWriter.varintSize(shape.dim(i));
    }
    out.writeTag(3, WireReader.DELIMITED);
    out.writeVarint(length);
    for (int i = 0; i < rank; i++) {
      out.writeVarint(shape.dim(i));
    }
  }

  @Override
  public int drainTo(OutputStream target) throws IOException {
    if (drained) {
      return 0;
    }
    drained = true;
    // A small answer is put together first and written at once; a large one passes through a buffer
    // that stays in the processor's cache.
    byte[] buffer = new byte[Math.min(size, Math.max(CHUNK_BYTES, head.length))];
    System.arraycopy(head, 0, buffer, 0, head.length);
    int filled = head.length;
    for (int i = 0; i < outputs.size(); i++) {
      MemorySegment data = outputs.get(i).data();
      if (buffer.length - filled < 1 + WireWriter.MAX_VARINT_BYTES && buffer.length < size) {
        target.write(buffer, 0, filled);
        filled = 0;
      }
      buffer[filled++] = 6 << 3 | WireReader.DELIMITED;
      filled = WireWriter.putVarint(buffer, filled, data.byteSize());
      long offset = 0;
      while (offset < data.byteSize()) {
        if (filled == buffer.length) {
          target.write(buffer, 0, filled);
          filled = 0;
        }
        int length = (int) Math.min(data.byteSize() - offset, buffer.length - filled);
        MemorySegment.copy(data, ValueLayout.JAVA_BYTE, offset, buffer, filled, length);
        offset += length;
        filled += length;
      }
    }
    target.write(buffer, 0, filled);
    return size;
  }

  @Override
  public int available() {
    return drained ? 0 : size;
  }

  private InputStream copy() throws IOException {
    if (copy == null) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream(available());
      drainTo(bytes);
      copy = new ByteArrayInputStream(bytes.toByteArray());
    }
    return copy;
  }

  @Override
  public int read() throws IOException {
    return copy().read();
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    return copy().read(target, offset, length);
  }
}
