package dev.skeg.runtime.grpc;

import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import java.io.IOException;
import java.io.OutputStream;
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
  private final Target target = new Target();
  private InferenceOutputs outputs;

  /** The network's buffer. */
  private static final class Target extends OutputStream {
    private final byte[] buffer = new byte[64 << 10];
    private int size;

    @Override
    public void write(int value) {
      buffer[size++] = (byte) value;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      System.arraycopy(bytes, offset, buffer, size, length);
      size += length;
    }
  }

  private record OneOutput(Tensor tensor) implements InferenceOutputs {
    @Override
    public int size() {
      return 1;
    }

    @Override
    public Tensor get(int index) {
      return tensor;
    }

    @Override
    public void close() {}
  }

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
  public byte[] response() throws IOException {
    target.size = 0;
    reply.start(version, "", outputs);
    int written = reply.drainTo(target);
    reply.end();
    if (written != target.size) {
      throw new IllegalStateException(written + " bytes said, " + target.size + " written");
    }
    return target.buffer;
  }
}
