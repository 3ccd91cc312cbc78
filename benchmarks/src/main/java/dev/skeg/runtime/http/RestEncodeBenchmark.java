package dev.skeg.runtime.http;

import com.fasterxml.jackson.core.JsonFactory;
import dev.skeg.benchmarks.OneOutput;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.InferenceResult;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.model.RequestTerms;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.StageTimings;
import dev.skeg.runtime.model.Tensor;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.SplittableRandom;
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

/** What does it cost to write an answer of one output of so many floats, as JSON and as binary? */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class RestEncodeBenchmark {
  private final JsonFactory factory = new JsonFactory();
  private final ByteBufAllocator allocator = PooledByteBufAllocator.DEFAULT;
  private final InferCall asJson = call(false);
  private final InferCall asBinary = call(true);

  @Param({"1", "1000"})
  int floats;

  private InferenceResult.Completed result;

  private static InferCall call(boolean binary) {
    InferenceRequest request =
        new InferenceRequest("mlp", "", "", List.of(), List.of(), RequestTerms.NONE, 0);
    return new InferCall(request, List.of(), binary, List.of());
  }

  @Setup
  public void prepare() {
    SplittableRandom random = new SplittableRandom(1);
    MemorySegment data = Arena.ofAuto().allocate((long) floats * Float.BYTES);
    for (int i = 0; i < floats; i++) {
      data.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i, (float) random.nextDouble(-3, 3));
    }
    result =
        new InferenceResult.Completed(
            new ModelVersion("mlp", 1),
            new OneOutput(new Tensor("score", DataType.FP32, Shape.of(1, floats), data)),
            new StageTimings(12_000, 300, 8_500, 700));
  }

  private Object encode(InferCall call) {
    Reply reply = InferResponseEncoder.encode(factory, allocator, call, result);
    reply.discard();
    return reply;
  }

  @Benchmark
  public Object json() {
    return encode(asJson);
  }

  @Benchmark
  public Object binary() {
    return encode(asBinary);
  }
}
