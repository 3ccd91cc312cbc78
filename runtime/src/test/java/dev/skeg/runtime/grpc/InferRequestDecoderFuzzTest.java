package dev.skeg.runtime.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.Tensor;
import inference.GrpcService.InferTensorContents;
import inference.GrpcService.ModelInferRequest;
import inference.GrpcService.ModelInferRequest.InferInputTensor;
import inference.GrpcService.ModelInferRequest.InferRequestedOutputTensor;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Holds the decoder against protobuf's own parser: both take the same messages, and what the
 * decoder passes on is what the parser read.
 *
 * <p>{@code mvn verify} runs the committed inputs. {@code JAZZER_FUZZ=1 mvn test -pl runtime -am
 * -Dtest=InferRequestDecoderFuzzTest -Dsurefire.failIfNoSpecifiedTests=false} looks for new ones,
 * for a minute; those it finds worth keeping it leaves in {@code runtime/.cifuzz-corpus}.
 */
final class InferRequestDecoderFuzzTest {
  private static final long MAX_CONVERTED_BYTES = 1 << 20;

  private final InferRequestDecoder decoder = new InferRequestDecoder(MAX_CONVERTED_BYTES);

  @FuzzTest(maxDuration = "1m")
  void readsWhatProtobufReads(byte[] message) {
    // Off the heap, as the network's buffers are.
    ByteBuffer direct =
        ByteBuffer.allocateDirect(message.length)
            .put(message)
            .flip()
            .order(ByteOrder.LITTLE_ENDIAN);

    // One for all, as on an event loop: no message leaves anything behind for the next.
    InferCall call = decoder.decode(direct, 17, 0);

    ModelInferRequest expected = parse(message);
    switch (call) {
      case InferCall.Invalid invalid -> {
        String reason = String.valueOf(invalid.status().getDescription());
        if (!reason.contains(WireReader.NUMBER_TOO_LONG)) {
          assertThat(reason.startsWith("malformed ")).as(reason).isEqualTo(expected == null);
        }
      }
      case InferCall.Valid valid -> {
        if (expected == null) {
          throw new AssertionError("protobuf's parser refuses what the decoder took");
        }
        assertSame(valid.request(), expected);
      }
    }
  }

  private static @Nullable ModelInferRequest parse(byte[] message) {
    try {
      return ModelInferRequest.parseFrom(message);
    } catch (InvalidProtocolBufferException e) {
      return null;
    }
  }

  private static void assertSame(InferenceRequest actual, ModelInferRequest expected) {
    assertThat(actual.model()).isEqualTo(expected.getModelName());
    assertThat(actual.version()).isEqualTo(expected.getModelVersion());
    assertThat(actual.id()).isEqualTo(expected.getId());
    assertThat(actual.outputs())
        .isEqualTo(
            expected.getOutputsList().stream().map(InferRequestedOutputTensor::getName).toList());
    assertThat(actual.inputs()).hasSize(expected.getInputsCount());
    for (int i = 0; i < expected.getInputsCount(); i++) {
      InferInputTensor input = expected.getInputs(i);
      Tensor tensor = actual.inputs().get(i);
      assertThat(tensor.name()).isEqualTo(input.getName());
      assertThat(tensor.type().name()).isEqualTo(input.getDatatype());
      assertThat(tensor.shape().toArray())
          .isEqualTo(input.getShapeList().stream().mapToLong(Long::longValue).toArray());
      byte[] data =
          expected.getRawInputContentsCount() > 0
              ? expected.getRawInputContents(i).toByteArray()
              : packed(tensor.type(), input.getContents());
      assertThat(tensor.data().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(data);
    }
  }

  private static byte[] packed(DataType type, InferTensorContents contents) {
    ByteBuffer out =
        ByteBuffer.allocate(8 * contents.getSerializedSize()).order(ByteOrder.LITTLE_ENDIAN);
    switch (type) {
      case BOOL -> contents.getBoolContentsList().forEach(b -> out.put((byte) (b ? 1 : 0)));
      case INT8 -> contents.getIntContentsList().forEach(i -> out.put(i.byteValue()));
      case UINT8 -> contents.getUintContentsList().forEach(i -> out.put(i.byteValue()));
      case INT16 -> contents.getIntContentsList().forEach(i -> out.putShort(i.shortValue()));
      case UINT16 -> contents.getUintContentsList().forEach(i -> out.putShort(i.shortValue()));
      case INT32 -> contents.getIntContentsList().forEach(out::putInt);
      case UINT32 -> contents.getUintContentsList().forEach(out::putInt);
      case INT64 -> contents.getInt64ContentsList().forEach(out::putLong);
      case UINT64 -> contents.getUint64ContentsList().forEach(out::putLong);
      case FP32 ->
          contents.getFp32ContentsList().forEach(f -> out.putInt(Float.floatToRawIntBits(f)));
      case FP64 ->
          contents.getFp64ContentsList().forEach(d -> out.putLong(Double.doubleToRawLongBits(d)));
      case BYTES -> {
        List<ByteString> elements = contents.getBytesContentsList();
        elements.forEach(element -> out.putInt(element.size()).put(element.asReadOnlyByteBuffer()));
      }
      case FP16, BF16 -> {}
    }
    return Arrays.copyOf(out.array(), out.position());
  }
}
