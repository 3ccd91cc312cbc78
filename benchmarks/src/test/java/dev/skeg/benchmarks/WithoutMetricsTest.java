package dev.skeg.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.MethodModel;
import java.lang.classfile.instruction.InvokeInstruction;
import org.junit.jupiter.api.Test;

final class WithoutMetricsTest {
  @Test
  void theChangedClassesAreValid() throws IOException {
    assertThat(ClassFile.of().verify(WithoutMetrics.emptied())).isEmpty();
    assertThat(ClassFile.of().verify(WithoutMetrics.clockless())).isEmpty();
  }

  @Test
  void whatRecordsDoesNothingAndWhatReadsIsAsItWas() throws IOException {
    var metrics = ClassFile.of().parse(WithoutMetrics.emptied());

    for (MethodModel method : metrics.methods()) {
      String name = method.methodName().stringValue();
      long calls =
          method.code().stream()
              .flatMap(code -> code.elementStream())
              .filter(InvokeInstruction.class::isInstance)
              .count();
      if (name.startsWith("record") || name.startsWith("pendingStarted")) {
        assertThat(calls).as(name).isZero();
      } else if (name.equals("successes")) {
        assertThat(calls).as(name).isPositive();
      }
    }
  }
}
