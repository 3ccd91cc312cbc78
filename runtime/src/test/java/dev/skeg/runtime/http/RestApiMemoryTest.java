package dev.skeg.runtime.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.runtime.endpoint.ModelRepository;
import dev.skeg.runtime.endpoint.ServerIdentity;
import dev.skeg.runtime.endpoint.ServerState;
import dev.skeg.runtime.socket.AnswerLoop;
import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.concurrent.SingleThreadEventExecutor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

/** A {@link RestApi} whose memory ends, at each place at which it asks for some. */
final class RestApiMemoryTest {
  private static final int LARGE_BYTES = 32 << 10;

  private final ScarceAllocator allocator = new ScarceAllocator();
  private final EchoEndpoints endpoints = new EchoEndpoints(Runnable::run);
  private final RestApi api =
      new RestApi(
          HttpConfig.of("127.0.0.1", 0),
          new ServerIdentity("skeg", "1", List.of()),
          endpoints,
          ModelRepository.NONE,
          new ServerState(),
          Runnable::run);

  @Test
  void answersJsonWithoutMemoryByAnErrorAndKeepsNothing() {
    String json =
        "{\"inputs\": [{\"name\": \"x\", \"datatype\": \"FP32\", \"shape\": [2], \"data\": [1, 2]}]}";

    runsOutEverywhere(json.getBytes(UTF_8), -1, ContentCoding.IDENTITY, ContentCoding.IDENTITY);
  }

  @Test
  void answersSmallAndLargeBinaryDataWithoutMemoryByAnErrorAndKeepsNothing() {
    for (int bytes : List.of(8, LARGE_BYTES)) {
      byte[] head = binaryHead(bytes).getBytes(UTF_8);
      byte[] body = HttpTestServer.concat(head, new byte[bytes]);

      runsOutEverywhere(body, head.length, ContentCoding.IDENTITY, ContentCoding.IDENTITY);
    }
  }

  @Test
  void answersCompressedBodiesWithoutMemoryByAnErrorAndKeepsNothing() throws IOException {
    byte[] head = binaryHead(LARGE_BYTES).getBytes(UTF_8);
    byte[] body = gzip(HttpTestServer.concat(head, new byte[LARGE_BYTES]));

    runsOutEverywhere(body, head.length, ContentCoding.GZIP, ContentCoding.DEFLATE);
  }

  private static String binaryHead(int bytes) {
    return "{\"inputs\": [{\"name\": \"x\", \"datatype\": \"UINT8\", \"shape\": ["
        + bytes
        + "], \"parameters\": {\"binary_data_size\": "
        + bytes
        + "}}], \"parameters\": {\"binary_data_output\": true}}";
  }

  private static byte[] gzip(byte[] plain) throws IOException {
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(compressed)) {
      out.write(plain);
    }
    return compressed.toByteArray();
  }

  /** Lets memory end at the first, the second … allocation, until there is enough of it. */
  private void runsOutEverywhere(
      byte[] body, int jsonBytes, ContentCoding sent, ContentCoding accepted) {
    int failures = 0;
    int status = 0;
    while (status != 200) {
      assertThat(failures).isLessThan(100);
      status = answer(body, jsonBytes, sent, accepted, failures);
      assertThat(status).isIn(200, 500);
      assertThat(allocator.made).as("after %d", failures).allMatch(made -> made.refCnt() == 0);
      assertThat(endpoints.openOutputs).hasValue(0);
      failures++;
    }
    assertThat(failures).isGreaterThan(1);
  }

  /** An event loop that is gone, as it is when the server has stopped. */
  private static final class EndedLoop extends SingleThreadEventExecutor {
    EndedLoop() {
      super(null, (ThreadFactory) Thread::new, true);
    }

    @Override
    protected void run() {}

    @Override
    public void execute(Runnable task) {
      throw new RejectedExecutionException("event executor terminated, says the test");
    }
  }

  @Test
  void anAnswerWhoseEventLoopHasEndedIsGivenByTheCallerAndFreed() {
    byte[] head = binaryHead(LARGE_BYTES).getBytes(UTF_8);
    ByteBuf received = allocator.directBuffer().writeBytes(head).writeZero(LARGE_BYTES);
    HttpHeaders headers = new DefaultHttpHeaders();
    headers.set(InferResponseEncoder.HEADER_LENGTH, Integer.toString(head.length));
    List<Integer> statuses = new ArrayList<>();

    api.answer(
        new Incoming(
            new Route.Infer("echo", ""),
            headers,
            ContentCoding.IDENTITY,
            received,
            new AnswerLoop(new EndedLoop()),
            allocator,
            started -> {},
            System.nanoTime()),
        reply -> {
          statuses.add(reply.status().code());
          reply.discard();
        });

    assertThat(statuses).containsExactly(200);
    assertThat(allocator.made).allMatch(made -> made.refCnt() == 0);
    assertThat(endpoints.openOutputs).hasValue(0);
  }

  /** Returns the status of the one answer. */
  private int answer(
      byte[] body, int jsonBytes, ContentCoding sent, ContentCoding accepted, int allocations) {
    HttpHeaders headers = new DefaultHttpHeaders();
    if (jsonBytes >= 0) {
      headers.set(InferResponseEncoder.HEADER_LENGTH, Integer.toString(jsonBytes));
    }
    List<Integer> statuses = new ArrayList<>();
    EmbeddedChannel channel = new EmbeddedChannel();
    allocator.left = Integer.MAX_VALUE;
    ByteBuf received = allocator.directBuffer(body.length).writeBytes(body);
    allocator.left = allocations;
    Incoming incoming =
        new Incoming(
            new Route.Infer("echo", ""),
            headers,
            sent,
            received,
            new AnswerLoop(channel.eventLoop()),
            allocator,
            started -> {},
            System.nanoTime());

    try {
      api.answer(
          incoming,
          reply ->
              api.compress(
                  reply,
                  accepted,
                  allocator,
                  whole -> {
                    statuses.add(whole.status().code());
                    whole.discard();
                  }));
    } catch (OutOfMemoryError unanswered) { // JUnit takes it for its own, and ends the process.
      throw new AssertionError(unanswered);
    }

    channel.finishAndReleaseAll();
    assertThat(statuses).hasSize(1);
    return statuses.getFirst();
  }
}
