package dev.skeg.runtime.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The answers to pipelined requests: in what order, and how often flushed. */
final class AnswerQueueTest {
  private static final Pattern ID = Pattern.compile("\"id\":\"([0-9]+)\"");

  private final EchoEndpoints endpoints = new EchoEndpoints(Runnable::run);
  private final EmbeddedChannel channel = new EmbeddedChannel();
  private Runnable task = () -> {};
  private int flushes;

  AnswerQueueTest() {
    channel
        .pipeline()
        .addLast(
            new ChannelOutboundHandlerAdapter() {
              @Override
              public void read(ChannelHandlerContext ctx) {
                Runnable now = task;
                task = () -> {};
                now.run();
                ctx.read();
              }

              @Override
              public void flush(ChannelHandlerContext ctx) {
                flushes++;
                ctx.flush();
              }
            },
            endpoints.connections());
  }

  @AfterEach
  void close() {
    channel.finishAndReleaseAll();
    assertThat(endpoints.openOutputs).hasValue(0);
  }

  private void send(int first, int count) {
    StringBuilder requests = new StringBuilder();
    for (int i = first; i < first + count; i++) {
      String body = "{\"id\":\"" + i + "\",\"inputs\":[]}";
      requests
          .append("POST /v2/models/held/infer HTTP/1.1\r\nContent-Length: ")
          .append(body.length())
          .append("\r\n\r\n")
          .append(body);
    }
    channel.writeInbound(Unpooled.copiedBuffer(requests, ISO_8859_1));
  }

  private void sendBinary(int id, int bytes) {
    String document =
        "{\"id\":\""
            + id
            + "\",\"inputs\":[{\"name\":\"x\",\"datatype\":\"UINT8\",\"shape\":["
            + bytes
            + "],\"parameters\":{\"binary_data_size\":"
            + bytes
            + "}}],\"parameters\":{\"binary_data_output\":true}}";
    String head =
        "POST /v2/models/held/infer HTTP/1.1\r\nContent-Length: "
            + (document.length() + bytes)
            + "\r\nInference-Header-Content-Length: "
            + document.length()
            + "\r\n\r\n";
    channel.writeInbound(
        Unpooled.copiedBuffer(head + document, ISO_8859_1),
        Unpooled.buffer(bytes).writeZero(bytes));
  }

  /**
   * Does something as an event loop does it in one task. An embedded channel does what it was given
   * to do whenever it has been written to, unless it is at work itself, as it is in a read.
   */
  private void inOneTask(Runnable work) {
    task = work;
    channel.read();
    channel.runPendingTasks();
  }

  /** Takes the requests that are worked on. */
  private List<Runnable> held() {
    List<Runnable> held = new ArrayList<>();
    endpoints.held.drainTo(held);
    return held;
  }

  /** Returns the ids of the answers that have come, in their order. */
  private List<Integer> answered() {
    StringBuilder text = new StringBuilder();
    for (ByteBuf piece = channel.readOutbound(); piece != null; piece = channel.readOutbound()) {
      text.append(piece.toString(ISO_8859_1));
      piece.release();
    }
    return ID.matcher(text)
        .results()
        .map((MatchResult id) -> Integer.valueOf(id.group(1)))
        .toList();
  }

  @Test
  void answersThatTheEventLoopGivesInOneTaskAreFlushedTogether() {
    send(0, 20);
    List<Runnable> held = held();
    flushes = 0;

    inOneTask(() -> held.forEach(Runnable::run));

    assertThat(answered()).hasSize(20).isSorted();
    assertThat(flushes).isEqualTo(1);
  }

  @Test
  void largeAnswersGivenInOneTaskGoOutAsTheyAreWritten() {
    int bytes = 40_000;
    for (int i = 0; i < 20; i++) {
      sendBinary(i, bytes);
    }
    List<Runnable> held = held();
    flushes = 0;

    List<Long> waiting = new ArrayList<>();
    inOneTask(() ->
        held.forEach(answer -> {
          answer.run();
          waiting.add(channel.unsafe().outboundBuffer().totalPendingWriteBytes());
        }));

    assertThat(waiting).hasSize(20).allMatch(pending -> pending < 256 << 10);
    assertThat(flushes).isBetween(20 * bytes / (256 << 10), 20 * bytes / (64 << 10));
    assertThat(answered()).hasSize(20).isSorted();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void inWhateverOrderAndTasksTheyAreGivenTheyAreWrittenInTheOrderOfTheRequests(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Random shuffle = new Random(seed);
    List<Integer> answered = new ArrayList<>();
    List<Runnable> held = new ArrayList<>();
    int sent = 0;
    for (int round = 0; round < 200; round++) {
      int count = Math.min(random.nextInt(5), 32 - held.size());
      send(sent, count);
      sent += count;
      held.addAll(held());
      Collections.shuffle(held, shuffle);
      List<Runnable> now = held.subList(0, random.nextInt(held.size() + 1));
      List<Runnable> given = List.copyOf(now);
      now.clear();
      if (random.nextBoolean()) {
        inOneTask(() -> given.forEach(Runnable::run));
      } else {
        given.forEach(Runnable::run);
        channel.runPendingTasks();
      }
      answered.addAll(answered());
    }
    held.forEach(Runnable::run);
    channel.runPendingTasks();
    answered.addAll(answered());

    assertThat(answered).as("seed %d", seed).hasSize(sent).isSorted();
  }
}
