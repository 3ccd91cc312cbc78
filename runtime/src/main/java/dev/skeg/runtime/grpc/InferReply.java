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
 * <p>One serves answer after answer: {@link #start} begins one, which is over once gRPC has taken
 * its bytes.
 *
 * <p><b>Threads.</b> One at a time. <b>Ownership.</b> Reads the outputs while it is drained and
 * does not close them.
 */
final class InferReply extends InputStream implements KnownLength, Drainable {
  private static final int CHUNK_BYTES = 16 << 10;

  private static final InferenceOutputs NONE =
      new InferenceOutputs() {
        @Override
        public int size() {
          return 0;
        }

        @Override
        public Tensor get(int index) {
          throw new IndexOutOfBoundsException(index);
        }

        @Override
        public void close() {}
      };

  private final WireWriter head = new WireWriter();
  private final WireWriter tensorHead = new WireWriter();
  private byte[] buffer = new byte[1 << 10]; // Grows to CHUNK_BYTES, or a larger head, at the most.
  private InferenceOutputs outputs = NONE;
  private int size;
  private boolean drained = true;
  private @Nullable InputStream copy; // For the rare reader that does not drain.

  /**
   * Begins an answer.
   *
   * @param id empty if the request had none
   * @throws ArithmeticException if the message would exceed 2 GiB, more than gRPC can carry
   */
  void start(ModelVersion servedBy, String id, InferenceOutputs answer) {
    head.clear();
    head.writeString(1, servedBy.model());
    head.writeString(2, servedBy.numberText());
    head.writeString(3, id);
    long total = 0;
    for (int i = 0; i < answer.size(); i++) {
      Tensor tensor = answer.get(i);
      tensorHead.clear();
      tensorHead.writeString(1, tensor.name());
      tensorHead.writeString(2, tensor.type().name());
      writeShape(tensor.shape());
      head.writeMessage(5, tensorHead);
      long bytes = tensor.data().byteSize();
      total += 1 + WireWriter.varintSize(bytes) + bytes;
    }
    size = Math.toIntExact(head.size() + total);
    outputs = answer;
    drained = false;
    copy = null;
  }

  private void writeShape(Shape shape) {
    int rank = shape.rank();
    if (rank == 0) {
      return;
    }
    int length = 0;
    for (int i = 0; i < rank; i++) {
      length += WireWriter.varintSize(shape.dim(i));
    }
    tensorHead.writeTag(3, WireReader.DELIMITED);
    tensorHead.writeVarint(length);
    for (int i = 0; i < rank; i++) {
      tensorHead.writeVarint(shape.dim(i));
    }
  }

  /** Lets go of the outputs. */
  void end() {
    outputs = NONE;
    drained = true;
    copy = null;
  }

  @Override
  public int drainTo(OutputStream target) throws IOException {
    if (drained) {
      return 0;
    }
    drained = true;
    // A small answer is put together first and written at once; a large one passes through a buffer
    // that stays in the processor's cache.
    int capacity = Math.min(size, Math.max(CHUNK_BYTES, head.size()));
    if (buffer.length < capacity) {
      buffer = new byte[capacity];
    }
    head.copyTo(buffer);
    int filled = head.size();
    for (int i = 0; i < outputs.size(); i++) {
      MemorySegment data = outputs.get(i).data();
      if (capacity - filled < 1 + WireWriter.MAX_VARINT_BYTES && capacity < size) {
        target.write(buffer, 0, filled);
        filled = 0;
      }
      buffer[filled++] = 6 << 3 | WireReader.DELIMITED;
      filled = WireWriter.putVarint(buffer, filled, data.byteSize());
      long offset = 0;
      while (offset < data.byteSize()) {
        if (filled == capacity) {
          target.write(buffer, 0, filled);
          filled = 0;
        }
        int length = (int) Math.min(data.byteSize() - offset, capacity - filled);
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
