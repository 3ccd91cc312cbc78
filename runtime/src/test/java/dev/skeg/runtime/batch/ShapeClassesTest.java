package dev.skeg.runtime.batch;

import static dev.skeg.runtime.batch.TestVersion.floats;
import static dev.skeg.runtime.batch.TestVersion.get;
import static dev.skeg.runtime.batch.TestVersion.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.InferenceResult;
import dev.skeg.runtime.testing.Engine;
import dev.skeg.runtime.testing.OnnxModels;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The classes of more shapes than are kept. */
final class ShapeClassesTest {
  private static final int REQUESTS = 1_500;
  private static final int MANY = KnownShapes.MOST + 100;

  /** Eight rows of so many floats are all but 4 MiB. */
  private static final int LARGE = 130_000;

  @RegisterExtension static final Engine ENGINE = new Engine();

  private TestVersion version;
  private ShapeClasses classes;

  @BeforeEach
  void start() {
    version =
        new TestVersion(
            ENGINE.backend(),
            ENGINE.directory(),
            OnnxModels.largestOfRow(),
            "max_batch_size: 8",
            1);
    classes = new ShapeClasses(version.servable, true, 8, 1);
  }

  @AfterEach
  void stop() {
    classes.close();
    version.close();
  }

  private static InferenceRequest wide(int width, float first) {
    float[] row = new float[width];
    row[0] = first;
    return request(floats("x", new long[] {1, width}, row));
  }

  @Test
  void requestsOfTheLatestShapeRunTogetherHoweverManyCameBefore() throws InterruptedException {
    for (int width = 1; width <= MANY; width++) {
      assertThat(floats(get(version.submit(wide(width, width), null)))[0]).isEqualTo(width);
    }
    List<CompletableFuture<InferenceResult>> answers = new ArrayList<>();
    long before;
    try (Blocker _ = new Blocker(version)) {
      before = version.metric("nv_inference_exec_count");
      for (int i = 1; i <= 4; i++) {
        answers.add(version.submit(wide(MANY, i), null));
      }
    }

    for (int i = 1; i <= 4; i++) {
      assertThat(floats(get(answers.get(i - 1)))[0]).isEqualTo(i);
    }
    assertThat(version.metric("nv_inference_exec_count")).isEqualTo(before + 1);
  }

  private ShapeClass of(int width) {
    return classes.of(wide(width, 0), 1);
  }

  /** Has so many shapes come, of rows from that width on. */
  private void come(int from, int shapes) {
    for (int width = from; width < from + shapes; width++) {
      assertThat(of(width).isBatchable()).isTrue();
    }
  }

  /** Takes slots of shapes that nobody has had, until there is no memory for one more. */
  private int takeAll(List<Runnable> giveBack) {
    for (int taken = 0; ; taken++) {
      SlotPool pool = Objects.requireNonNull(of(LARGE + giveBack.size()).slots());
      SlotPool.PooledSlot slot = pool.take();
      if (slot == null) {
        return taken;
      }
      giveBack.add(() -> pool.put(slot));
    }
  }

  @Test
  void aShapeThatIsUsedStaysAndOneThatIsNotGoes() {
    ShapeClass used = of(1);
    ShapeClass unused = of(2);
    for (int from = 3; from < 5 * KnownShapes.MOST; from += KnownShapes.MOST / 2) {
      assertThat(of(1)).isSameAs(used);
      come(from, KnownShapes.MOST / 2);
    }

    assertThat(of(1)).isSameAs(used);
    assertThat(of(2)).isNotSameAs(unused);
  }

  @Test
  void aShapeWhoseRequestsWaitStays() {
    ShapeClass awaited = of(1);
    awaited.awaits(1);
    come(2, 2 * KnownShapes.MOST);
    assertThat(of(1)).isSameAs(awaited);

    awaited.awaits(-1);
    come(2, 3 * KnownShapes.MOST);
    assertThat(of(1)).isNotSameAs(awaited);
  }

  @Test
  void whereRequestsWaitForAllShapesALaterOneRunsAlone() {
    List<ShapeClass> all = new ArrayList<>();
    for (int width = 1; width <= KnownShapes.MOST; width++) {
      ShapeClass shape = of(width);
      shape.awaits(1);
      all.add(shape);
    }
    assertThat(of(MANY).isBatchable()).isFalse();

    all.forEach(shape -> shape.awaits(-1));
    assertThat(of(MANY).isBatchable()).isTrue();
  }

  @Test
  void theFirstRequestOfAShapeTakesNoSlot() {

    assertThat(of(1).isRecent()).isFalse();
    assertThat(of(1).isRecent()).isTrue();
    assertThat(Objects.requireNonNull(classes.typical(2)).isRecent()).isTrue();
  }

  @Test
  void shapesThatGoGiveTheirSlotsBackAndThoseInUseStayValidUntilThen() {
    List<Runnable> giveBack = new ArrayList<>();
    SlotPool pool = Objects.requireNonNull(of(LARGE - 1).slots());
    SlotPool.PooledSlot lent = Objects.requireNonNull(pool.take());
    assertThat(pool.lend()).isTrue();
    lent.holdFor(1);
    int most = takeAll(giveBack);
    assertThat(most).isPositive();
    giveBack.forEach(Runnable::run); // To pools that are soon gone.

    come(1, MANY);
    List<Runnable> later = new ArrayList<>(giveBack);
    assertThat(takeAll(later)).isEqualTo(most);
    later.subList(most, later.size()).forEach(Runnable::run);

    lent.outputs()[0].fill((byte) 1);
    assertThat(pool.take()).isNull(); // What runs yet does without.
    come(1, MANY);
    lent.release(1);
    later.clear();
    assertThat(takeAll(later)).isGreaterThan(most);
    later.forEach(Runnable::run);
  }

  @Test
  void whateverThreadsDoNoMemoryIsLost() throws InterruptedException {
    List<Runnable> giveBack = new ArrayList<>();
    int most = takeAll(giveBack);
    giveBack.forEach(Runnable::run);
    List<Throwable> mistakes = new CopyOnWriteArrayList<>();
    List<Thread> threads = new ArrayList<>();
    for (int seed = 0; seed < 4; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      threads.add(
          Thread.ofPlatform()
              .uncaughtExceptionHandler((_, mistake) -> mistakes.add(mistake))
              .start(() -> use(random)));
    }
    for (Thread thread : threads) {
      thread.join();
    }

    assertThat(mistakes).isEmpty();
    giveBack.clear();
    assertThat(takeAll(giveBack)).isEqualTo(most);
    giveBack.forEach(Runnable::run);
  }

  /** Takes slots of random shapes and gives them back, one way or the other. */
  private void use(SplittableRandom random) {
    ArrayDeque<Runnable> held = new ArrayDeque<>();
    for (int i = 0; i < 3_000; i++) {
      ShapeClass shape = of(1 + random.nextInt(2 * KnownShapes.MOST));
      SlotPool pool = shape.slots();
      SlotPool.PooledSlot slot = pool == null ? null : pool.take();
      if (pool != null && slot != null) {
        slot.inputs()[0].fill((byte) i);
        if (random.nextBoolean() && pool.lend()) {
          slot.holdFor(1);
          held.add(() -> slot.release(1));
        } else {
          held.add(() -> pool.put(slot));
        }
      }
      if (held.size() > 16) {
        held.remove().run();
      }
    }
    held.forEach(Runnable::run);
  }

  @Test
  void everyRequestIsAnsweredOnceWhileShapesComeAndGo() throws InterruptedException {
    List<String> mistakes = new CopyOnWriteArrayList<>();
    List<Thread> clients = new ArrayList<>();
    for (int seed = 0; seed < 4; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      clients.add(
          Thread.ofPlatform()
              .uncaughtExceptionHandler((_, mistake) -> mistakes.add(mistake.toString()))
              .start(() -> ask(random, mistakes)));
    }
    for (Thread client : clients) {
      client.join();
    }

    assertThat(mistakes).isEmpty();
    assertThat(version.metric("nv_inference_count")).isEqualTo(4 * REQUESTS);
    assertThat(version.metric("nv_inference_pending_request_count")).isZero();
  }

  /** Sends requests of a few shapes that come often, and of more others than are kept. */
  private void ask(SplittableRandom random, List<String> mistakes) {
    ArrayDeque<Runnable> open = new ArrayDeque<>();
    for (int i = 1; i <= REQUESTS; i++) {
      int width = 1 + random.nextInt(random.nextBoolean() ? 4 : 2 * KnownShapes.MOST);
      float largest = i;
      CompletableFuture<InferenceResult> answer = new CompletableFuture<>();
      var _ =
          version.submit(
              wide(width, largest),
              null,
              result -> {
                if (!answer.complete(result)) {
                  mistakes.add("ended twice: " + result);
                }
              });
      open.add(() -> {
        float given = floats(get(answer))[0];
        if (given != largest) {
          mistakes.add(given + " for " + largest);
        }
      });
      if (open.size() > 8) {
        open.remove().run(); // Till then its answer may be in a slot of a shape that is gone.
      }
    }
    open.forEach(Runnable::run);
  }
}
