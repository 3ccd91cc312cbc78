package dev.skeg.runtime.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.util.concurrent.DefaultEventExecutor;
import io.netty.util.concurrent.EventExecutor;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An {@link AnswerLoop} whose event loop is held up, so that what comes meanwhile is gathered. */
@Timeout(60)
final class AnswerLoopTest {
  private final DefaultEventExecutor eventLoop = new DefaultEventExecutor();
  private final AnswerLoop loop = new AnswerLoop(eventLoop);
  private final CountDownLatch held = new CountDownLatch(1);
  private final List<String> log = new ArrayList<>(); // The event loop's, until it is through.

  /** An answer to one of two connections. */
  private final class Numbered extends AnswerLoop.Answer {
    private final int number;
    private final AnswerLoop.Outlet connection;
    private final long bytes;

    Numbered(int number, Runnable flush) {
      this(number, loop.outletOf(flush), 100);
    }

    Numbered(int number, AnswerLoop.Outlet connection, long bytes) {
      this.number = number;
      this.connection = connection;
      this.bytes = bytes;
    }

    @Override
    protected void write() {
      if (number < 0) {
        throw new IllegalStateException("cannot be written, says the test");
      }
      log.add("write " + number);
      connection.flushLater(bytes);
    }
  }

  @AfterEach
  void stop() {
    held.countDown();
    var _ = eventLoop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }

  private void hold() {
    eventLoop.execute(() -> {
      try {
        held.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    });
  }

  private void goOn() throws Exception {
    held.countDown();
    for (int i = 0; i < 2; i++) { // What a task gives the loop to do comes behind the first.
      eventLoop.submit(() -> {}).get(20, TimeUnit.SECONDS);
    }
  }

  @Test
  void whatComesBackTogetherIsWrittenInItsOrderByOneTaskAndThenFlushed() throws Exception {
    hold();
    Runnable connection = () -> log.add("flush");
    for (int i = 0; i < 100; i++) {
      loop.comeBack(new Numbered(i, i == 0 ? connection : () -> {}));
      assertThat(eventLoop.pendingTasks()).isLessThanOrEqualTo(2); // With the one that holds it.
    }
    goOn();

    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      expected.add("write " + i);
    }
    expected.add("flush");
    assertThat(log).isEqualTo(expected);
  }

  @Test
  void whatIsMuchIsFlushedWheneverSoMuchHasBeenWritten() throws Exception {
    hold();
    AnswerLoop.Outlet one = loop.outletOf(() -> log.add("flush 1"));
    AnswerLoop.Outlet other = loop.outletOf(() -> log.add("flush 2"));
    long bytes = AnswerLoop.MAX_UNFLUSHED_BYTES / 2;
    loop.comeBack(new Numbered(1, one, bytes));
    loop.comeBack(new Numbered(2, other, bytes));
    loop.comeBack(new Numbered(3, one, 1));
    loop.comeBack(new Numbered(4, other, bytes));
    loop.comeBack(new Numbered(5, one, bytes));
    goOn();

    assertThat(log)
        .containsExactly(
            "write 1", "write 2", "write 3", "flush 1", "flush 2", "write 4", "write 5", "flush 2",
            "flush 1");
  }

  @Test
  void whatTheLoopWritesWithinAnotherTaskIsFlushedBehindItEvenIfItIsMuch() throws Exception {
    hold();
    eventLoop.execute(() -> {
      AnswerLoop.Outlet connection = loop.outletOf(() -> log.add("flush"));
      new Numbered(1, connection, AnswerLoop.MAX_UNFLUSHED_BYTES + 1L).write();
      new Numbered(2, connection, 1).write();
      log.add("goes on");
    });
    goOn();

    assertThat(log).containsExactly("write 1", "write 2", "goes on", "flush");
  }

  @Test
  void muchThatIsWrittenByAFlushIsFlushedBehindIt() throws Exception {
    hold();
    long much = AnswerLoop.MAX_UNFLUSHED_BYTES + 1L;
    AnswerLoop.Outlet other = loop.outletOf(() -> log.add("flush 2"));
    AnswerLoop.Outlet one =
        loop.outletOf(() -> {
          new Numbered(2, other, much).write();
          log.add("flush 1");
        });
    loop.comeBack(new Numbered(1, one, much));
    goOn();

    assertThat(log).containsExactly("write 1", "write 2", "flush 1", "flush 2");
  }

  @Test
  void oneThatCannotBeWrittenHoldsUpNoOther() throws Exception {
    hold();
    loop.comeBack(new Numbered(1, () -> log.add("flush 1")));
    loop.comeBack(new Numbered(-1, () -> {}));
    loop.comeBack(new Numbered(2, () -> log.add("flush 2")));
    goOn();

    assertThat(log).containsExactly("write 1", "write 2", "flush 1", "flush 2");
  }

  @Test
  void whatTheLoopItselfWritesIsFlushedOnceItHasWrittenAll() throws Exception {
    hold();
    eventLoop.execute(() -> {
      new Numbered(1, () -> log.add("flush")).write();
      log.add("goes on");
    });
    eventLoop.execute(() -> log.add("next"));
    goOn();

    assertThat(log).containsExactly("write 1", "goes on", "next", "flush");
  }

  @Test
  void whatComesBackToALoopThatIsGoneIsWrittenByTheCaller() throws Exception {
    eventLoop.shutdownGracefully(0, 1, TimeUnit.SECONDS).get(20, TimeUnit.SECONDS);

    loop.comeBack(new Numbered(1, () -> log.add("flush")));
    loop.comeBack(new Numbered(2, () -> log.add("flush")));

    assertThat(log).containsExactly("write 1", "flush", "write 2", "flush");
  }

  @Test
  void aConnectionThatCannotBeFlushedHoldsUpNoOther() throws Exception {
    hold();
    loop.comeBack(
        new Numbered(
            1,
            () -> {
              throw new IllegalStateException("cannot be flushed, says the test");
            }));
    loop.comeBack(new Numbered(2, () -> log.add("flush 2")));
    goOn();
    loop.comeBack(new Numbered(3, () -> log.add("flush 3")));
    goOn();

    assertThat(log).containsExactly("write 1", "write 2", "flush 2", "write 3", "flush 3");
  }

  @Test
  void whereThereWasNoMemoryForATaskTheNextAnswerBringsTheOneBefore() throws Exception {
    AnswerLoop shortOfMemory = new AnswerLoop(withoutMemoryForTheFirstTask());
    List<String> written = new ArrayList<>();
    assertThatThrownBy(() -> shortOfMemory.comeBack(new Written("1", written)))
        .isInstanceOf(OutOfMemoryError.class);

    shortOfMemory.comeBack(new Written("2", written));
    goOn();

    assertThat(written).containsExactly("1", "2");
  }

  @Test
  void whereThereWasNoMemoryForAFlushTheNextAnswerOnTheConnectionBringsIt() throws Exception {
    AnswerLoop shortOfMemory = new AnswerLoop(withoutMemoryForTheFirstTask());
    AnswerLoop.Outlet connection = shortOfMemory.outletOf(() -> log.add("flush"));
    assertThatThrownBy(() -> connection.flushLater(1)).isInstanceOf(OutOfMemoryError.class);

    connection.flushLater(1);
    goOn();

    assertThat(log).containsExactly("flush");
  }

  /** Returns the event loop, which cannot be given the first task that it is given. */
  private EventExecutor withoutMemoryForTheFirstTask() {
    AtomicBoolean isScarce = new AtomicBoolean(true);
    return (EventExecutor)
        Proxy.newProxyInstance(
            EventExecutor.class.getClassLoader(),
            new Class<?>[] {EventExecutor.class},
            (_, method, arguments) -> {
              if (method.getName().equals("execute") && isScarce.getAndSet(false)) {
                throw new OutOfMemoryError("says the test");
              }
              return method.invoke(eventLoop, arguments);
            });
  }

  /** An answer that only says that it was written. */
  private static final class Written extends AnswerLoop.Answer {
    private final String name;
    private final List<String> log;

    Written(String name, List<String> log) {
      this.name = name;
      this.log = log;
    }

    @Override
    protected void write() {
      log.add(name);
    }
  }
}
