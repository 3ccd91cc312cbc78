package dev.skeg.runtime.servable;

import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.model.TensorSpec;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;

/** Made-up data of the right shape, for runs whose answers only have to be compared. */
public final class RandomTensor {
  private RandomTensor() {}

  /**
   * Returns a tensor on the heap: floats from a normal distribution, integers from 0 to {@code
   * bound} - 1, BYTES as decimal integers, which text models and number parsers both take.
   *
   * @param shape no dimension variable; small enough for an array
   */
  public static Tensor of(TensorSpec spec, Shape shape, int bound, SplittableRandom random) {
    int elements = Math.toIntExact(shape.elementCount());
    byte[] bytes =
        spec.type().isFixedSize()
            ? fixed(spec.type(), elements, bound, random)
            : strings(elements, bound, random);
    return new Tensor(spec.name(), spec.type(), shape, MemorySegment.ofArray(bytes));
  }

  private static byte[] fixed(DataType type, int elements, int bound, SplittableRandom random) {
    ByteBuffer buffer =
        ByteBuffer.allocate(Math.multiplyExact(elements, type.size()))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < elements; i++) {
      switch (type) {
        case BOOL -> buffer.put((byte) random.nextInt(2));
        case UINT8, INT8 -> buffer.put((byte) random.nextInt(bound));
        case UINT16, INT16 -> buffer.putShort((short) random.nextInt(bound));
        case UINT32, INT32 -> buffer.putInt(random.nextInt(bound));
        case UINT64, INT64 -> buffer.putLong(random.nextInt(bound));
        case FP16 -> buffer.putShort(Float.floatToFloat16((float) random.nextGaussian()));
        case BF16 ->
            buffer.putShort((short) (Float.floatToIntBits((float) random.nextGaussian()) >>> 16));
        case FP32 -> buffer.putFloat((float) random.nextGaussian());
        case FP64 -> buffer.putDouble(random.nextGaussian());
        case BYTES -> throw new IllegalArgumentException("type: BYTES (expected: a fixed size)");
      }
    }
    return buffer.array();
  }

  private static byte[] strings(int elements, int bound, SplittableRandom random) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 0; i < elements; i++) {
      byte[] text = Integer.toString(random.nextInt(bound)).getBytes(StandardCharsets.UTF_8);
      bytes.writeBytes(
          ByteBuffer.allocate(Integer.BYTES)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putInt(text.length)
              .array());
      bytes.writeBytes(text);
    }
    return bytes.toByteArray();
  }
}
