package dev.skeg.runtime.grpc;

import com.google.protobuf.ByteString;
import inference.GrpcService.InferTensorContents;
import inference.GrpcService.ModelInferRequest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does it cost to read a {@code ModelInferRequest} of one row of so many floats, where it lies
 * in a network buffer: with raw contents, and with typed ones, which are converted?
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class GrpcParseBenchmark {
  private static final int MAX_CONVERTED_BYTES = 64 << 20;

  private final InferRequestDecoder decoder = new InferRequestDecoder(MAX_CONVERTED_BYTES);

  @Param({"32", "1000"})
  int floats;

  private ByteBuffer raw;
  private ByteBuffer typed;

  @Setup
  public void prepare() {
    ModelInferRequest.InferInputTensor.Builder features =
        ModelInferRequest.InferInputTensor.newBuilder()
            .setName("features")
            .setDatatype("FP32")
            .addShape(1)
            .addShape(floats);
    InferTensorContents.Builder contents = InferTensorContents.newBuilder();
    for (int i = 0; i < floats; i++) {
      contents.addFp32Contents(i * 0.37f);
    }
    raw =
        direct(
            ModelInferRequest.newBuilder()
                .setModelName("mlp")
                .addInputs(features)
                .addRawInputContents(ByteString.copyFrom(new byte[floats * Float.BYTES]))
                .build());
    typed =
        direct(
            ModelInferRequest.newBuilder()
                .setModelName("mlp")
                .addInputs(features.clone().setContents(contents))
                .build());
  }

  private static ByteBuffer direct(ModelInferRequest request) {
    ByteBuffer message =
        ByteBuffer.allocateDirect(request.getSerializedSize()).order(ByteOrder.LITTLE_ENDIAN);
    return message.put(request.toByteArray()).flip();
  }

  private Object decode(ByteBuffer message) {
    InferCall call = decoder.decode(message.clear(), 0, 0);
    if (call instanceof InferCall.Invalid invalid) {
      throw new IllegalStateException(invalid.toString());
    }
    return call;
  }

  @Benchmark
  public Object rawContents() {
    return decode(raw);
  }

  @Benchmark
  public Object typedContents() {
    return decode(typed);
  }
}
