package dev.skeg.runtime.servable;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.runtime.model.Completion;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.InferenceResult;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.model.RequestTerms;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.StageTimings;
import dev.skeg.runtime.model.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** {@link RecentRequests} from time 0 on, and what {@link RowBatches} makes of requests. */
final class RecentRequestsTest {
  private static final InferenceResult REFUSED =
      new InferenceResult.Rejected(ErrorCode.INTERNAL, "");

  private final RecentRequests.Budget budget = new RecentRequests.Budget();
  private final RecentRequests recent = new RecentRequests(budget, 0);
  private final List<InferenceResult> results = new ArrayList<>();
  private final Completion completion = results::add;
  private long nowNanos;

  @Test
  void recordsWhatWasAnsweredAsItWasWhenItCame() {
    float[] values = {1, 2};
    Completion watched = recent.watch(request(values), completion);
    values[0] = 9; // The transport takes its memory back.
    watched.complete(answer());

    assertThat(results).hasSize(1);
    assertThat(recorded()).containsExactly(List.of(1f, 2f));
  }

  @Test
  void recordsNothingThatWasRefused() {
    recent.watch(request(new float[] {1}), completion).complete(REFUSED);

    assertThat(results).containsExactly(REFUSED);
    assertThat(recorded()).isEmpty();
  }

  @Test
  void recordsOneOfManyAndKeepsTheLast() {
    for (int i = 0; i < 40_000; i++) {
      nowNanos = i * 1_000_000L; // A request a millisecond, for 40 s.
      answered(i);
    }

    List<List<Float>> recorded = recorded();
    assertThat(recorded).hasSize(RecentRequests.MOST);
    assertThat(recorded.getLast().getFirst()).isGreaterThan(39_000 - 1_000f);
    for (int i = 1; i < recorded.size(); i++) {
      assertThat(recorded.get(i).getFirst() - recorded.get(i - 1).getFirst()).isEqualTo(1000);
    }
  }

  private void answered(float... values) {
    Completion watched = recent.watch(request(values), completion);
    watched.complete(watched.equals(completion) ? REFUSED : answer());
  }

  @Test
  void leavesOutWhatIsTooLargeAndKeepsWithinItsMemory() {
    answered(new float[(int) RecentRequests.MAX_REQUEST_BYTES / Float.BYTES + 1]);
    assertThat(recorded()).isEmpty();

    for (int i = 0; i < RecentRequests.MOST; i++) {
      nowNanos += RecentRequests.APART_NANOS;
      answered(new float[(int) RecentRequests.MAX_REQUEST_BYTES / Float.BYTES]);
    }

    assertThat(recorded())
        .hasSize((int) (RecentRequests.MAX_BYTES / RecentRequests.MAX_REQUEST_BYTES));
  }

  @Test
  void modelsShareOneBudgetWhichAModelThatIsGoneGivesBack() {
    List<RecentRequests> models = new ArrayList<>();
    int filled = 0;
    for (int model = 0; model < 40; model++) {
      RecentRequests one = new RecentRequests(budget, 0);
      models.add(one);
      for (int i = 0; i < 4; i++) {
        nowNanos += RecentRequests.APART_NANOS;
        one.watch(
                request(new float[(int) RecentRequests.MAX_REQUEST_BYTES / Float.BYTES]),
                completion)
            .complete(answer());
      }
      filled += one.inputs().size() == 4 ? 1 : 0;
    }
    assertThat(filled).isEqualTo(32);
    nowNanos += RecentRequests.APART_NANOS;
    answered(5);
    assertThat(recorded()).isEmpty();

    models.forEach(RecentRequests::close);
    nowNanos += RecentRequests.APART_NANOS;
    answered(6);
    assertThat(recorded()).containsExactly(List.of(6f));
  }

  @Test
  void rowsOfRequestsMakeBatchesOfEverySize() {
    List<List<Tensor>> batches =
        RowBatches.of(List.of(inputs(1, 2), inputs(3), inputs(4, 5, 6)), 9);

    assertThat(batches.stream().map(batch -> values(batch.getFirst())).toList())
        .containsExactly(
            List.of(1f),
            List.of(1f, 2f),
            List.of(1f, 2f, 3f, 4f),
            List.of(1f, 2f, 3f, 4f, 5f, 6f, 1f, 2f));
    assertThat(batches.getLast().getFirst().shape()).isEqualTo(Shape.of(8, 1));
    assertThat(RowBatches.of(List.of(), 8)).isEmpty();
  }

  private InferenceRequest request(float[] values) {
    return new InferenceRequest(
        "m", "", "", inputs(values), List.of(), RequestTerms.NONE, nowNanos);
  }

  private static List<Tensor> inputs(float... values) {
    return List.of(
        new Tensor("x", DataType.FP32, Shape.of(values.length, 1), MemorySegment.ofArray(values)));
  }

  private static InferenceResult answer() {
    InferenceOutputs none =
        new InferenceOutputs() {
          @Override
          public int size() {
            return 0;
          }

          @Override
          public Tensor get(int index) {
            throw new IndexOutOfBoundsException(index);
          }

          @Override
          public void close() {}
        };
    return new InferenceResult.Completed(
        new ModelVersion("m", 1), none, new StageTimings(0, 0, 0, 0));
  }

  private List<List<Float>> recorded() {
    return recent.inputs().stream().map(inputs -> values(inputs.getFirst())).toList();
  }

  private static List<Float> values(Tensor tensor) {
    List<Float> values = new ArrayList<>();
    for (float value : tensor.data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED)) {
      values.add(value);
    }
    return values;
  }
}
