package dev.skeg.runtime.grpc;

import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;

/**
 * The bytes of a {@code ModelInferResponse}: a head with all but the data, then each output's bytes
 * in {@code raw_output_contents}, straight from the memory they lie in.
 *
 * <p>One serves answer after answer, each begun by {@link #start}.
 *
 * <p><b>Threads.</b> One at a time. <b>Ownership.</b> Closes no outputs.
 */
final class InferReply {
  private final WireWriter head = new WireWriter();
  private final WireWriter tensorHead = new WireWriter();

  /**
   * Begins an answer.
   *
   * @param id empty if the request had none
   * @return the size of the message
   * @throws ArithmeticException if the message would exceed 2 GiB, more than gRPC can carry
   */
  int start(ModelVersion servedBy, String id, InferenceOutputs outputs) {
    head.clear();
    head.writeString(1, servedBy.model());
    head.writeString(2, servedBy.numberText());
    head.writeString(3, id);
    long total = 0;
    for (int i = 0; i < outputs.size(); i++) {
      Tensor tensor = outputs.get(i);
      tensorHead.clear();
      tensorHead.writeString(1, tensor.name());
      tensorHead.writeString(2, tensor.type().name());
      writeShape(tensor.shape());
      head.writeMessage(5, tensorHead);
      long bytes = tensor.data().byteSize();
      total += 1 + WireWriter.varintSize(bytes) + bytes;
    }
    return Math.toIntExact(head.size() + total);
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

  /** Copies the whole message behind what {@code target} has. */
  void writeTo(ByteBuf target, InferenceOutputs outputs) {
    head.copyTo(target);
    for (int i = 0; i < outputs.size(); i++) {
      ByteBuffer data = outputs.get(i).data().asByteBuffer();
      writeDataHead(target, data.remaining());
      target.writeBytes(data);
    }
  }

  /**
   * Returns the message behind a prefix, without a copy of the outputs: they have to stay open
   * until the buffer has been written.
   *
   * @param prefix taken over
   */
  ByteBuf pointAt(ByteBufAllocator allocator, ByteBuf prefix, InferenceOutputs outputs) {
    head.copyTo(prefix);
    CompositeByteBuf message = allocator.compositeBuffer(2 * outputs.size() + 1);
    try {
      message.addComponent(true, prefix);
      for (int i = 0; i < outputs.size(); i++) {
        ByteBuffer data = outputs.get(i).data().asByteBuffer();
        ByteBuf dataHead = allocator.ioBuffer(1 + WireWriter.MAX_VARINT_BYTES);
        writeDataHead(dataHead, data.remaining());
        message.addComponent(true, dataHead);
        message.addComponent(true, Unpooled.wrappedBuffer(data));
      }
      return message;
    } catch (RuntimeException | Error e) {
      message.release();
      throw e;
    }
  }

  private static void writeDataHead(ByteBuf target, int bytes) {
    target.writeByte(6 << 3 | WireReader.DELIMITED);
    int rest = bytes;
    while ((rest & ~0x7f) != 0) {
      target.writeByte(rest | 0x80);
      rest >>>= 7;
    }
    target.writeByte(rest);
  }
}
