package dev.skeg.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ConstantDescs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/**
 * What would the server do without its metrics? {@code WithoutMetrics DIR} writes changed copies of
 * two of the server's classes, to be put before it on the class path: the counters and histograms
 * of a version record nothing, and no clock is read for them alone. What the batcher learns from,
 * and {@code Server-Timing}, stay. The server has no such switch, since what its users pay for it
 * is this measurement's answer.
 */
final class WithoutMetrics {
  private static final String METRICS = "dev/skeg/runtime/telemetry/ModelMetrics";
  private static final String ENDINGS = "dev/skeg/runtime/batch/Endings";

  private WithoutMetrics() {}

  public static void main(String[] arguments) throws IOException {
    if (arguments.length != 1) {
      System.err.println("usage: WithoutMetrics DIR");
      System.exit(2);
    }
    Path directory = Path.of(arguments[0]);
    write(directory, METRICS, emptied());
    write(directory, ENDINGS, clockless());
  }

  /** Returns the class whose recording methods do nothing. */
  static byte[] emptied() throws IOException {
    ClassModel metrics = read(METRICS);
    Predicate<MethodModel> records =
        method ->
            method.methodName().stringValue().matches("record.*|pending.+")
                && method.methodTypeSymbol().returnType().equals(ConstantDescs.CD_void);
    expect(metrics.methods().stream().filter(records).count() >= 4, METRICS);
    return ClassFile.of()
        .transformClass(
            metrics,
            (builder, element) -> {
              if (element instanceof MethodModel method && records.test(method)) {
                builder.withMethodBody(
                    method.methodName().stringValue(),
                    method.methodTypeSymbol(),
                    method.flags().flagsMask(),
                    code -> code.return_());
              } else {
                builder.with(element);
              }
            });
  }

  /** Returns the class that takes the time to be 0 where only the metrics want to know it. */
  static byte[] clockless() throws IOException {
    AtomicInteger replaced = new AtomicInteger();
    CodeTransform clock =
        (builder, element) -> {
          if (element instanceof InvokeInstruction call
              && call.owner().asInternalName().equals("java/lang/System")
              && call.name().equalsString("nanoTime")) {
            replaced.incrementAndGet();
            builder.lconst_0();
          } else {
            builder.with(element);
          }
        };
    byte[] changed =
        ClassFile.of()
            .transformClass(
                read(ENDINGS),
                ClassTransform.transformingMethods(
                    WithoutMetrics::recordsSuccess, MethodTransform.transformingCode(clock)));
    expect(replaced.get() == 1, ENDINGS);
    return changed;
  }

  private static boolean recordsSuccess(MethodModel method) {
    return method.code().stream()
        .flatMap(code -> code.elementStream())
        .anyMatch(element ->
            element instanceof InvokeInstruction call
                && call.owner().asInternalName().equals(METRICS)
                && call.name().equalsString("recordSuccess"));
  }

  private static void expect(boolean isTrue, String name) {
    if (!isTrue) {
      throw new IllegalStateException(name + " has changed (expected: this class changed with it)");
    }
  }

  private static ClassModel read(String name) throws IOException {
    try (InputStream in = WithoutMetrics.class.getResourceAsStream("/" + name + ".class")) {
      if (in == null) {
        throw new IOException(name + " is not on the class path");
      }
      return ClassFile.of().parse(in.readAllBytes());
    }
  }

  private static void write(Path directory, String name, byte[] bytes) throws IOException {
    Path file = directory.resolve(name + ".class");
    Files.createDirectories(file.resolveSibling("").normalize());
    Files.write(file, bytes);
  }
}
