package dev.skeg.runtime.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.fasterxml.jackson.core.JsonFactory;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.InferenceResult;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.model.RequestTerms;
import dev.skeg.runtime.model.StageTimings;
import dev.skeg.runtime.model.Tensor;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Decodes any bytes: either they are refused in words, or what was read is sound, and reads the
 * same once written as JSON or as binary data and decoded again.
 *
 * <p>An input is a body whose JSON document ends at the first zero byte; binary data follows.
 * {@code mvn verify} runs the committed inputs. {@code JAZZER_FUZZ=1 mvn test -pl runtime -am
 * -Dtest='dev.skeg.runtime.http.InferRequestDecoderFuzzTest'
 * -Dsurefire.failIfNoSpecifiedTests=false} looks for new ones, for a minute.
 */
final class InferRequestDecoderFuzzTest {
  private static final HttpConfig CONFIG =
      HttpConfig.of("127.0.0.1", 0).withMaxMessageBytes(1 << 20);
  private static final JsonFactory JSON = Json.factory(CONFIG.maxJsonDepth(), 1 << 20);
  private static final UnpooledByteBufAllocator ALLOCATOR = new UnpooledByteBufAllocator(true);
  private static final Route.Infer ROUTE = new Route.Infer("m", "");

  @FuzzTest(maxDuration = "1m")
  void readsWhatItWrites(byte[] input) {
    int jsonBytes = 0;
    while (jsonBytes < input.length && input[jsonBytes] != 0) {
      jsonBytes++;
    }
    int separator = Math.min(1, input.length - jsonBytes);
    ByteBuf body = Unpooled.directBuffer(Math.max(1, input.length));
    body.writeBytes(input, 0, jsonBytes)
        .writeBytes(input, jsonBytes + separator, input.length - jsonBytes - separator);

    InferCall call = decode(body, jsonBytes);

    if (call == null) {
      assertThat(body.refCnt()).isZero();
      return;
    }
    assertSound(call.request());
    boolean jsonCarriesIt = true;
    for (boolean binary : new boolean[] {false, true}) {
      AtomicInteger open = new AtomicInteger(1);
      @Nullable InferCall again = null;
      try {
        again = writeAndRead(call, binary, open);
      } catch (HttpError refused) {
        // Half floats, and strings that are not UTF-8.
        assertThat(binary).as(refused.detail()).isFalse();
        assertThat(refused.detail()).contains("Please use the binary data format");
        jsonCarriesIt = false;
      }
      assertThat(open).hasValue(0);
      assertThat(again != null).isEqualTo(binary || jsonCarriesIt);
      if (again != null) {
        assertSame(again.request(), call.request());
        again.release();
      }
    }
    call.release();
    assertThat(body.refCnt()).isZero();
  }

  private static @Nullable InferCall decode(ByteBuf body, int jsonBytes) {
    try {
      return InferRequestDecoder.decode(JSON, CONFIG, ALLOCATOR, body, jsonBytes, ROUTE, 0, 0);
    } catch (HttpError refused) {
      assertThat(refused.detail()).isNotEmpty();
      return null;
    }
  }

  private static void assertSound(InferenceRequest request) {
    for (Tensor tensor : request.inputs()) {
      long count = tensor.shape().elementCount();
      if (tensor.type() != DataType.BYTES) {
        assertThat(tensor.data().byteSize()).isEqualTo(count * tensor.type().size());
      } else {
        BinaryTensors.check(tensor.name(), tensor.type(), count, tensor.data());
      }
    }
  }

  /** Has the inputs written as if they were a model's outputs, and reads them as inputs again. */
  private static InferCall writeAndRead(InferCall call, boolean binary, AtomicInteger open) {
    InferenceRequest request = call.request();
    InferCall plain =
        new InferCall(
            new InferenceRequest("m", "", request.id(), List.of(), List.of(), RequestTerms.NONE, 0),
            List.of(),
            binary,
            List.of());
    InferenceOutputs outputs =
        new InferenceOutputs() {
          @Override
          public int size() {
            return request.inputs().size();
          }

          @Override
          public Tensor get(int index) {
            return request.inputs().get(index);
          }

          @Override
          public void close() {
            open.decrementAndGet();
          }
        };
    Reply reply =
        InferResponseEncoder.encode(
            JSON,
            ALLOCATOR,
            plain,
            new InferenceResult.Completed(
                new ModelVersion("m", 1), outputs, new StageTimings(0, 0, 0, 0)));
    String headLength = reply.headers().get(InferResponseEncoder.HEADER_LENGTH);
    byte[] answer = new byte[reply.body().readableBytes()];
    reply.body().readBytes(answer);
    reply.discard();
    int length = headLength == null ? answer.length : Integer.parseInt(headLength);
    // An answer is a request, but for the name of its list of tensors.
    String json = new String(answer, 0, length, StandardCharsets.UTF_8);
    byte[] head =
        json.replaceFirst("(\"model_version\":\"1\"),\"outputs\":", "$1,\"inputs\":")
            .getBytes(StandardCharsets.UTF_8);
    ByteBuf body = Unpooled.directBuffer(Math.max(1, answer.length));
    body.writeBytes(head).writeBytes(answer, length, answer.length - length);
    return InferRequestDecoder.decode(JSON, CONFIG, ALLOCATOR, body, head.length, ROUTE, 0, 0);
  }

  private static void assertSame(InferenceRequest actual, InferenceRequest expected) {
    assertThat(actual.id()).isEqualTo(expected.id());
    assertThat(actual.inputs()).hasSameSizeAs(expected.inputs());
    for (int i = 0; i < actual.inputs().size(); i++) {
      Tensor read = actual.inputs().get(i);
      Tensor written = expected.inputs().get(i);
      assertThat(read.name()).isEqualTo(written.name());
      assertThat(read.type()).isEqualTo(written.type());
      assertThat(read.shape()).isEqualTo(written.shape());
      assertThat(bytes(read)).isEqualTo(bytes(written));
    }
  }

  /** Returns the tensor's bytes, with all NaNs made one: JSON has but one. */
  private static byte[] bytes(Tensor tensor) {
    byte[] bytes = tensor.data().toArray(ValueLayout.JAVA_BYTE);
    if (tensor.type() == DataType.FP32) {
      for (int i = 0; i < bytes.length; i += Float.BYTES) {
        boolean infinite = (bytes[i + 3] & 0x7f) == 0x7f && (bytes[i + 2] & 0x80) != 0;
        if (infinite && ((bytes[i + 2] & 0x7f) | bytes[i + 1] | bytes[i]) != 0) {
          Arrays.fill(bytes, i, i + Float.BYTES, (byte) 1);
        }
      }
    } else if (tensor.type() == DataType.FP64) {
      for (int i = 0; i < bytes.length; i += Double.BYTES) {
        long bits = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(i);
        if (Double.isNaN(Double.longBitsToDouble(bits))) {
          Arrays.fill(bytes, i, i + Double.BYTES, (byte) 1);
        }
      }
    }
    return bytes;
  }
}
