package dev.skeg.runtime.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

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
import java.util.Random;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

/** A {@link RestApi} whose memory or threads end, at each place at which it asks for some. */
final class RestApiMemoryTest {
  private static final int LARGE_BYTES = 32 << 10;

  /** More than is read, written or compressed on an event loop. */
  private static final int TOO_MUCH_FOR_A_LOOP = RestApi.LARGE_JSON_BYTES + 1000;

  private final ScarceAllocator allocator = new ScarceAllocator();
  private final EchoEndpoints endpoints = new EchoEndpoints(Runnable::run);
  private final List<String> bodies = new ArrayList<>(); // Of the answers.
  private boolean hasThreads = true;
  private int allocationsLeft = Integer.MAX_VALUE;
  private final RestApi api =
      endpoints.api(
          HttpConfig.of("127.0.0.1", 0),
          task -> {
            if (!hasThreads) {
              throw new OutOfMemoryError("unable to create native thread, says the test");
            }
            task.run();
          });

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

  @Test
  void refusesLargeJsonThatNoThreadCanBeHadToRead() {
    int values = TOO_MUCH_FOR_A_LOOP / 2;
    String json =
        "{\"inputs\": [{\"name\": \"x\", \"datatype\": \"UINT8\", \"shape\": ["
            + values
            + "], \"data\": ["
            + "1,".repeat(values - 1)
            + "1]}]}";
    byte[] body = json.getBytes(UTF_8);
    hasThreads = false;

    int status = answer(body, -1, ContentCoding.IDENTITY, ContentCoding.IDENTITY);

    assertRefusedForLackOfThreads(status);
    assertThat(endpoints.requests).isEmpty();
    hasThreads = true;
    assertThat(answer(body, -1, ContentCoding.IDENTITY, ContentCoding.IDENTITY)).isEqualTo(200);
    assertNothingIsKept();
  }

  @Test
  void refusesACompressedBodyThatNoThreadCanBeHadToRead() throws IOException {
    byte[] plain = new byte[LARGE_BYTES];
    new Random(1).nextBytes(plain);
    byte[] body = gzip(plain);
    hasThreads = false;

    int status = answer(body, -1, ContentCoding.GZIP, ContentCoding.IDENTITY);

    assertRefusedForLackOfThreads(status);
    assertThat(endpoints.requests).isEmpty();
  }

  @Test
  void refusesLargeJsonThatNoThreadCanBeHadToWrite() {
    byte[] head = binaryHead(TOO_MUCH_FOR_A_LOOP).replace("true", "false").getBytes(UTF_8);
    byte[] body = HttpTestServer.concat(head, new byte[TOO_MUCH_FOR_A_LOOP]);
    hasThreads = false;

    int status = answer(body, head.length, ContentCoding.IDENTITY, ContentCoding.IDENTITY);

    assertRefusedForLackOfThreads(status);
    assertThat(endpoints.requests).hasSize(1);
  }

  @Test
  void sendsALargeAnswerAsItIsThatNoThreadCanBeHadToCompress() {
    byte[] head = binaryHead(TOO_MUCH_FOR_A_LOOP).getBytes(UTF_8);
    byte[] body = HttpTestServer.concat(head, new byte[TOO_MUCH_FOR_A_LOOP]);
    hasThreads = false;

    int status = answer(body, head.length, ContentCoding.IDENTITY, ContentCoding.GZIP);

    assertThat(status).isEqualTo(200);
    assertThat(bodies.getLast()).contains("\"model_name\"").endsWith("\0".repeat(1000));
    assertNothingIsKept();
  }

  private void assertRefusedForLackOfThreads(int status) {
    assertThat(status).isEqualTo(503);
    assertThat(bodies.getLast()).contains("no thread", "send it again");
    assertNothingIsKept();
  }

  private void assertNothingIsKept() {
    assertThat(allocator.made).allMatch(made -> made.refCnt() == 0);
    assertThat(endpoints.openOutputs).hasValue(0);
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
      allocationsLeft = failures;
      status = answer(body, jsonBytes, sent, accepted);
      assertThat(status).as("after %d", failures).isIn(200, 500);
      assertNothingIsKept();
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
    assertNothingIsKept();
  }

  @Test
  void anAnswerOfARunOnItsEventLoopIsWrittenOnceThatIsOver() {
    byte[] head = binaryHead(8).getBytes(UTF_8);
    HttpHeaders headers = new DefaultHttpHeaders();
    headers.set(InferResponseEncoder.HEADER_LENGTH, Integer.toString(head.length));
    EmbeddedChannel channel = new EmbeddedChannel();
    List<Integer> statuses = new ArrayList<>();

    api.answer(
        new Incoming(
            new Route.Infer("echo", ""),
            headers,
            ContentCoding.IDENTITY,
            allocator.directBuffer().writeBytes(head).writeZero(8),
            new AnswerLoop(channel.eventLoop()),
            allocator,
            started -> {},
            System.nanoTime()),
        reply -> {
          statuses.add(reply.status().code());
          reply.discard();
        });

    assertThat(endpoints.requests).hasSize(1);
    assertThat(statuses).isEmpty();
    channel.runPendingTasks();
    assertThat(statuses).containsExactly(200);
    channel.finishAndReleaseAll();
    assertNothingIsKept();
  }

  /** Returns the status of the one answer. */
  private int answer(byte[] body, int jsonBytes, ContentCoding sent, ContentCoding accepted) {
    HttpHeaders headers = new DefaultHttpHeaders();
    if (jsonBytes >= 0) {
      headers.set(InferResponseEncoder.HEADER_LENGTH, Integer.toString(jsonBytes));
    }
    List<Integer> statuses = new ArrayList<>();
    EmbeddedChannel channel = new EmbeddedChannel();
    allocator.left = Integer.MAX_VALUE;
    ByteBuf received = allocator.directBuffer(body.length).writeBytes(body);
    allocator.left = allocationsLeft;
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
                    bodies.add(whole.body().toString(UTF_8));
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
