package dev.skeg.runtime.grpc;

import io.grpc.Detachable;
import io.grpc.HasByteBuffer;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.netty.util.concurrent.FastThreadLocal;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Bytes to {@link InferCall} and {@link InferReply} to bytes. <b>Threads.</b> Any; each has a
 * decoder of its own.
 */
final class InferMarshallers {
  private InferMarshallers() {}

  /**
   * Reads requests. Never throws for what a client can cause: an exception would end the call with
   * {@code UNKNOWN}.
   */
  static final class Request implements Marshaller<InferCall> {
    private final FastThreadLocal<InferRequestDecoder> decoders;

    Request(int maxMessageBytes) {
      this.decoders =
          new FastThreadLocal<>() {
            @Override
            protected InferRequestDecoder initialValue() {
              return new InferRequestDecoder(maxMessageBytes);
            }
          };
    }

    @Override
    public InferCall parse(InputStream stream) {
      long nowNanos = System.nanoTime();
      try {
        if (stream instanceof KnownLength
            && stream instanceof Detachable detachable
            && stream instanceof HasByteBuffer buffers
            && buffers.byteBufferSupported()) {
          return parseInPlace(stream, detachable, nowNanos);
        }
        return decode(ByteBuffer.wrap(stream.readAllBytes()), null, nowNanos);
      } catch (StatusRuntimeException e) {
        return new InferCall.Invalid(e.getStatus()); // Too large once decompressed.
      } catch (IOException e) {
        return new InferCall.Invalid(
            Status.INVALID_ARGUMENT.withDescription(
                "ModelInferRequest cannot be decompressed: " + e.getMessage()));
      }
    }

    /** Leaves the message where the network put it, if it is in one piece. */
    private InferCall parseInPlace(InputStream stream, Detachable detachable, long nowNanos)
        throws IOException {
      int size = stream.available();
      ByteBuffer first = size == 0 ? null : ((HasByteBuffer) stream).getByteBuffer();
      if (first == null || first.remaining() != size) {
        byte[] bytes = new byte[size];
        int read = stream.readNBytes(bytes, 0, size);
        return decode(ByteBuffer.wrap(bytes, 0, read), null, nowNanos);
      }
      ByteBuffer message = first.position() == 0 ? first : first.slice();
      return decode(message, detachable.detach(), nowNanos);
    }

    private InferCall decode(ByteBuffer message, @Nullable Closeable memory, long nowNanos) {
      return decoders.get().decode(message.order(ByteOrder.LITTLE_ENDIAN), memory, nowNanos);
    }

    @Override
    public InputStream stream(InferCall value) {
      throw new UnsupportedOperationException("a server writes no requests");
    }
  }

  /** Writes answers. */
  static final class Reply implements Marshaller<InferReply> {
    @Override
    public InputStream stream(InferReply value) {
      return value;
    }

    @Override
    public InferReply parse(InputStream stream) {
      throw new UnsupportedOperationException("a server reads no answers");
    }
  }
}
