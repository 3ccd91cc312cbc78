package dev.skeg.runtime.http;

import com.fasterxml.jackson.core.JsonFactory;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.UUID;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does it cost to read the body of an infer request of one row of so many floats: as JSON; as
 * binary data behind a document seen before, as a client sends it again and again; behind one that
 * differs from those seen in its id, which comes first; and behind one that has to be read?
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class RestParseBenchmark {
  private static final int IDS = 64;

  private final HttpConfig config = HttpConfig.of("127.0.0.1", 0);
  private final JsonFactory factory = Json.factory(config.maxJsonDepth(), config.maxBodyBytes());
  private final ByteBufAllocator allocator = PooledByteBufAllocator.DEFAULT;
  private final Route.Infer route = new Route.Infer("mlp", "");

  @Param({"32", "1000"})
  int floats;

  private ByteBuf json;
  private ByteBuf binary;
  private int binaryDocument;
  private ByteBuf[] binaryWithId;
  private ByteBuf[] binaryUnknown;
  private int documentWithId;
  private int next;

  @Setup
  public void prepare() {
    SplittableRandom random = new SplittableRandom(1);
    StringBuilder values = new StringBuilder();
    for (int i = 0; i < floats; i++) {
      values.append(i == 0 ? "" : ",").append((float) random.nextDouble(-3, 3));
    }
    String input =
        String.format(
            Locale.ROOT,
            "\"inputs\":[{\"name\":\"features\",\"datatype\":\"FP32\",\"shape\":[1,%d],",
            floats);
    json = body("{" + input + "\"data\":[" + values + "]}]}", 0);
    String rest =
        input
            + "\"parameters\":{\"binary_data_size\":"
            + floats * Float.BYTES
            + "}}],\"parameters\":{\"binary_data_output\":true}}";
    binaryDocument = rest.length() + 1;
    binary = body("{" + rest, floats * Float.BYTES);
    binaryWithId = new ByteBuf[IDS];
    binaryUnknown = new ByteBuf[IDS];
    for (int i = 0; i < IDS; i++) {
      String id = new UUID(random.nextLong(), random.nextLong()).toString();
      String document = "{\"id\":\"" + id + "\"," + rest;
      documentWithId = document.length();
      binaryWithId[i] = body(document, floats * Float.BYTES);
      binaryUnknown[i] =
          body(
              "{" + rest.substring(0, rest.length() - 1) + ",\"id\":\"" + id + "\"}",
              floats * Float.BYTES);
    }
  }

  private ByteBuf body(String document, int dataBytes) {
    byte[] text = document.getBytes(StandardCharsets.UTF_8);
    return allocator.directBuffer(text.length + dataBytes).writeBytes(text).writeZero(dataBytes);
  }

  @TearDown
  public void close() {
    json.release();
    binary.release();
    for (int i = 0; i < IDS; i++) {
      binaryWithId[i].release();
      binaryUnknown[i].release();
    }
  }

  private Object decode(ByteBuf body, int jsonBytes) {
    InferCall call =
        InferRequestDecoder.decode(
            factory, config, allocator, body.retain(), jsonBytes, route, 0, 0);
    call.release();
    return call;
  }

  @Benchmark
  public Object json() {
    return decode(json, json.readableBytes());
  }

  @Benchmark
  public Object binary() {
    return decode(binary, binaryDocument);
  }

  @Benchmark
  public Object binaryWithId() {
    return decode(binaryWithId[next++ & (IDS - 1)], documentWithId);
  }

  @Benchmark
  public Object binaryUnknown() {
    return decode(binaryUnknown[next++ & (IDS - 1)], documentWithId);
  }
}
