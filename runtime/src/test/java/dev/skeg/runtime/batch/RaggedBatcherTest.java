package dev.skeg.runtime.batch;

import static dev.skeg.runtime.batch.TestVersion.floats;
import static dev.skeg.runtime.batch.TestVersion.get;
import static dev.skeg.runtime.batch.TestVersion.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.InferenceResult;
import dev.skeg.runtime.testing.Engine;
import dev.skeg.runtime.testing.OnnxGraph;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Requests to ragged models, each a run of its own, whatever rows it has. */
final class RaggedBatcherTest {
  private static final String RAGGED =
      "max_batch_size: 4 input { name: 'x' data_type: TYPE_FP32 dims: -1 allow_ragged_batch: true } ";
  private static final String SCATTERED =
      "output { name: 'y' data_type: TYPE_FP32 dims: -1 } batch_output { target_name: 'y'"
          + " source_input: 'x' }";
  private static final String COUNT =
      "batch_input { kind: BATCH_ELEMENT_COUNT target_name: 'n' data_type: TYPE_INT32"
          + " source_input: 'x' }";

  @RegisterExtension static final Engine ENGINE = new Engine();

  private static TestVersion version(byte[] model, String config) {
    return new TestVersion(
        ENGINE.backend(), ENGINE.directory(), model, config.replace('\'', '"'), 1);
  }

  private static InferenceRequest rows(int rows, float... values) {
    return request(floats("x", new long[] {rows, values.length / rows}, values));
  }

  @Test
  void eachRowCountsAsOneInference() {
    byte[] negative =
        new OnnxGraph()
            .input("x", DataType.FP32, "elements")
            .output("y", DataType.FP32, "elements")
            .node("Neg", List.of("x"), List.of("y"))
            .build();
    try (TestVersion version = version(negative, RAGGED + SCATTERED)) {
      InferenceResult three = get(version.submit(rows(3, 1, 2, 3), null));
      InferenceResult one = get(version.submit(rows(1, 4, 5), null));

      assertThat(floats(three)).containsExactly(-1, -2, -3);
      assertThat(floats(one)).containsExactly(-4, -5);
      assertThat(version.metric("nv_inference_count")).isEqualTo(4);
      assertThat(version.metric("nv_inference_exec_count")).isEqualTo(2);
    }
  }

  @Test
  void aClientIsToldWhichOutputHasTooFewRowsAndTakesTheVersionFromNobody() {
    byte[] counted =
        new OnnxGraph()
            .input("x", DataType.FP32, "elements")
            .input("n", DataType.INT32, "requests")
            .output("y", DataType.INT32, "requests")
            .node("Identity", List.of("n"), List.of("y"))
            .build();
    try (TestVersion version = version(counted, RAGGED + COUNT)) {
      for (int i = 0; i < 2 * FailureStreak.MOST; i++) {
        InferenceResult result = get(version.submit(rows(2, 1, 2), null));
        assertThat(result)
            .isInstanceOfSatisfying(
                InferenceResult.Failed.class,
                failed ->
                    assertThat(failed.detail())
                        .isEqualTo(
                            "model 'm' version 1 failed on this request: output 'y' has shape [1]"
                                + " for a request of 2 rows (expected: at least as many rows)"));
      }

      assertThat(version.quarantined).isEmpty();
      assertThat(get(version.submit(rows(1, 5), null)))
          .isInstanceOfSatisfying(
              InferenceResult.Completed.class, completed -> completed.outputs().close());
    }
  }
}
