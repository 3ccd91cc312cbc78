package dev.skeg.runtime.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * When a server is killed that brings a version into its store and serves it: so many microseconds
 * after a step is seen.
 *
 * @param afterBytes of the model's file, for {@link Step#TRANSFERRED}
 */
record KillPoint(Step step, int afterBytes, int afterMicros) {
  /** What is seen from outside, one after the other. */
  enum Step {
    /** So many bytes have come. */
    TRANSFERRED(0),
    /** The files are put together; they are forced to the disk. */
    STAGED(20_000),
    /** The version lies in the store; every byte of it is read again. */
    STORED(60_000),
    /** The engine loads it, and it is checked. */
    LOADING(30_000),
    /** It has answered; the old version is drained and freed, and the pointer written down. */
    ANSWERED(10_000),
    /** The pointer's meaning is written down. */
    REMEMBERED(10_000);

    /** What it takes at most until something else happens, roughly. */
    private final int micros;

    Step(int micros) {
      this.micros = micros;
    }
  }

  /** Draws one: as often of the transfer as of what follows it. */
  static KillPoint draw(Random random, int modelBytes) {
    Step step =
        random.nextInt(3) == 0
            ? Step.TRANSFERRED
            : Step.values()[1 + random.nextInt(Step.values().length - 1)];
    return new KillPoint(
        step,
        1 + random.nextInt(modelBytes - 1),
        step.micros == 0 ? 0 : random.nextInt(step.micros));
  }

  /**
   * The store of the server to be killed, and the server as a client sees it.
   *
   * @param hex of the version's digest
   * @param remembered what the store says of the pointer before
   */
  record Scene(
      Path store,
      String hex,
      String remembered,
      BooleanSupplier isLoading,
      BooleanSupplier answers) {
    static Scene of(Path store, String hex, BooleanSupplier isLoading, BooleanSupplier answers) {
      return new Scene(store, hex, pointers(store), isLoading, answers);
    }

    /** Returns whether the store's only pointer names a revision. */
    static boolean isRemembered(Path store, String revision) {
      return pointers(store).contains('"' + revision + '"');
    }

    /** Returns the furthest step that the store shows; the steps between are not written down. */
    Step reached() {
      if (!pointers(store).equals(remembered)) {
        return Step.REMEMBERED;
      }
      if (Files.exists(store.resolve("versions").resolve(hex))) {
        return Step.STORED;
      }
      return any(store.resolve("staging"), "model.onnx") > 0 ? Step.STAGED : Step.TRANSFERRED;
    }

    private static String pointers(Path store) {
      while (true) {
        try (Stream<Path> paths = Files.walk(store.resolve("pointers"))) {
          StringBuilder all = new StringBuilder();
          for (Path path : (Iterable<Path>) paths.filter(Scene::isRecord).sorted()::iterator) {
            all.append(Files.readString(path));
          }
          return all.toString();
        } catch (IOException | UncheckedIOException e) {
          // A name vanished while it was looked at, as those do that a record is first written to.
          Thread.onSpinWait();
        }
      }
    }

    private static boolean isRecord(Path path) {
      return path.toString().endsWith(".json");
    }

    /** Returns how many bytes of the model have come. */
    private long transferred() {
      return any(store.resolve("partial"), "");
    }

    /** Returns the size of the largest file whose name ends so; 0 if there is none. */
    private static long any(Path directory, String end) {
      long largest = 0;
      try (Stream<Path> paths = Files.walk(directory)) {
        for (Path path : (Iterable<Path>) paths::iterator) {
          if (path.toString().endsWith(end) && Files.isRegularFile(path)) {
            largest = Math.max(largest, Files.size(path));
          }
        }
      } catch (IOException | UncheckedIOException e) {
        return largest; // It goes away while it is looked at.
      }
      return largest;
    }
  }

  /** Returns whether the moment has come to count microseconds from. */
  boolean isReached(Scene scene) {
    return switch (step) {
      case TRANSFERRED -> scene.transferred() >= afterBytes || scene.reached() != step;
      case STAGED, STORED, REMEMBERED -> scene.reached().compareTo(step) >= 0;
      case LOADING -> scene.isLoading().getAsBoolean() || scene.answers().getAsBoolean();
      case ANSWERED -> scene.answers().getAsBoolean();
    };
  }
}
