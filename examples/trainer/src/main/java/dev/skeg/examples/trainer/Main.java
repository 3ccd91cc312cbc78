package dev.skeg.examples.trainer;

import com.google.errorprone.annotations.FormatMethod;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Trains the example models and writes them into a model repository. */
public final class Main {
  private static final int TEST_ROWS = 20_000;

  private Main() {}

  /**
   * Runs {@code [--seed N] [--rows N] [--models loan|all] [--out DIR]}; the defaults are 1993,
   * 40000, {@code loan} and {@code examples/models}.
   */
  public static void main(String[] arguments) throws IOException {
    long seed = 1993;
    int rows = 40_000;
    boolean all = false;
    Path out = Path.of("examples", "models");
    for (int i = 0; i < arguments.length; i += 2) {
      if (i + 1 == arguments.length) {
        throw usage(arguments[i] + " has no value");
      }
      String value = arguments[i + 1];
      switch (arguments[i]) {
        case "--seed" -> seed = Long.parseLong(value);
        case "--rows" -> rows = Integer.parseInt(value);
        case "--models" -> all = value.equals("all");
        case "--out" -> out = Path.of(value);
        default -> throw usage("unknown option " + arguments[i]);
      }
    }
    long startNanos = System.nanoTime();
    LoanModel loan = LoanModel.train(seed, rows);
    LoanModel.Quality quality = loan.measure(seed + 2, TEST_ROWS);
    print(
        "loan: %d rows, %.1f s; on %d others: accuracy %.4f, AUC %.4f, log loss %.4f",
        rows,
        (System.nanoTime() - startNanos) / 1e9,
        TEST_ROWS,
        quality.accuracy(),
        quality.auc(),
        quality.logLoss());
    write(out, "loan", loan.toOnnx());
    if (all) {
      DigitsModel digits = DigitsModel.train(seed);
      print("digits: accuracy %.4f on 5000 others", digits.accuracy(seed + 2, 5_000));
      write(out, "digits", digits.toOnnx());
      write(out, "sentiment", SentimentModel.train(seed));
      write(out, "identity", IdentityModel.build());
    }
  }

  @FormatMethod
  private static void print(String format, Object... values) {
    System.out.println(String.format(Locale.ROOT, format, values));
  }

  private static IllegalArgumentException usage(String problem) {
    return new IllegalArgumentException(
        problem + " (expected: [--seed N] [--rows N] [--models loan|all] [--out DIR])");
  }

  private static void write(Path out, String model, byte[] file) throws IOException {
    Path directory = out.resolve(model).resolve("1");
    Files.createDirectories(directory);
    Path target = directory.resolve("model.onnx");
    Files.write(target, file);
    print("wrote %s (%d bytes)", target, file.length);
  }
}
