package dev.skeg.runtime.grpc;

import dev.skeg.benchmarks.OneOutput;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.lang.foreign.Arena;
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
 * What does it cost to write a {@code ModelInferResponse} of one output of so many floats into a
 * buffer that is there already?
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class GrpcEncodeBenchmark {
  @Param({"1", "1000"})
  int floats;

  private final ModelVersion version = new ModelVersion("mlp", 1);
  private final InferReply reply = new InferReply();
  private final ByteBuf target = Unpooled.directBuffer(64 << 10);
  private InferenceOutputs outputs;

  @Setup
  public void prepare() {
    outputs =
        new OneOutput(
            new Tensor(
                "score",
                DataType.FP32,
                Shape.of(1, floats),
                Arena.ofAuto().allocate((long) floats * Float.BYTES)));
  }

  @Benchmark
  public ByteBuf response() {
    target.clear();
    int size = reply.start(version, "", outputs);
    InferFrames.message(target, reply, size, outputs);
    return target;
  }
}
