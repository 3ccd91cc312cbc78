package dev.skeg.runtime.tap;

import dev.skeg.monitor.record.PredictionId;
import dev.skeg.monitor.record.RecordLayout;
import dev.skeg.monitor.record.RecordRing;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.RequestMarks;
import dev.skeg.runtime.model.Tensor;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Records what one lane has answered.
 *
 * <p><b>Threads.</b> The holder's of the lane's baton; the ring's other end is the watcher's.
 * <b>Allocation.</b> None, once the ring has grown to what the traffic needs.
 */
public final class LaneTap {
  private final VersionTap tap;
  private final long firstNumber;
  private long generated;
  private @Nullable RecordRing ring;
  private @Nullable TapLayout ringLayout;

  LaneTap(VersionTap tap, long firstNumber) {
    this.tap = tap;
    this.firstNumber = firstNumber;
  }

  /** Returns what is to be recorded; null if nobody watches, and then there is nothing to do. */
  public @Nullable TapLayout watched() {
    return tap.watched();
  }

  /** Lets the watcher see what was recorded since this was called last. */
  public void publish() {
    if (ring != null) {
      ring.publish();
    }
  }

  private RecordRing ring(TapLayout layout) {
    RecordRing now = ring;
    if (now == null || ringLayout != layout) {
      now = new RecordRing(layout.records());
      ring = now;
      ringLayout = layout;
      tap.opened(layout, now);
    }
    return now;
  }

  private long id(InferenceRequest request) {
    String id = request.id();
    return id.isEmpty()
        ? PredictionId.generated(firstNumber + generated++)
        : PredictionId.request(id);
  }

  private static long group(TapLayout layout, RequestMarks marks) {
    return (marks.eventMillis() < 0 ? RecordLayout.ARRIVAL : 0)
        | (layout.segments().isEmpty() ? 0 : layout.segment(marks.parameters()));
  }

  /**
   * Records rows of one request that ran in a slot.
   *
   * @param inputs the slot's, in the plan's order; their rows begin at their start
   * @param slotRow the first of the rows in the slot
   * @param requestRow the first of the rows in the request
   */
  public void record(
      TapPlan plan,
      InferenceRequest request,
      MemorySegment[] inputs,
      MemorySegment[] outputs,
      int slotRow,
      int requestRow,
      int rows) {
    TapLayout layout = plan.layout();
    RecordRing to = ring(layout);
    long id = id(request);
    RequestMarks marks = request.marks();
    long time =
        marks.eventMillis() < 0 ? tap.wallMillis(request.receivedNanos()) : marks.eventMillis();
    long group = group(layout, marks);
    for (int i = 0; i < rows; i++) {
      int at = start(layout, to, PredictionId.row(id, requestRow + i), time, group);
      if (at < 0) {
        continue;
      }
      long[] words = to.words();
      if (!plan.isComplete()) {
        clear(layout, words, at);
      }
      read(plan.inputs(), inputs, slotRow + i, words, at + RecordLayout.HEADER);
      read(plan.outputs(), outputs, slotRow + i, words, at + RecordLayout.HEADER);
    }
  }

  private static int start(TapLayout layout, RecordRing to, long id, long time, long group) {
    if (layout.sample() < 1 && !PredictionId.isSampled(id, layout.sample())) {
      return -1;
    }
    int at = to.claim();
    if (at >= 0) {
      long[] words = to.words();
      words[at + RecordLayout.ID] = id;
      words[at + RecordLayout.TIME] = time;
      words[at + RecordLayout.GROUP] = group;
    }
    return at;
  }

  private static void clear(TapLayout layout, long[] words, int at) {
    int header = RecordLayout.HEADER;
    System.arraycopy(layout.missing(), header, words, at + header, layout.records().size());
  }

  private static void read(
      @Nullable TensorColumns[] columns, MemorySegment[] data, int row, long[] words, int at) {
    for (int k = 0; k < columns.length; k++) {
      TensorColumns tensor = columns[k];
      if (tensor != null) {
        tensor.read(data[k], row * tensor.rowBytes(), tensor.elements(), words, at);
      }
    }
  }

  /**
   * Records the rows of a request, or of a part of it, that ran by itself.
   *
   * @param requestRow the first of the rows in the request
   */
  public void record(
      TapLayout layout,
      InferenceRequest request,
      Iterable<Tensor> inputs,
      InferenceOutputs outputs,
      int requestRow) {
    RecordRing to = ring(layout);
    long id = id(request);
    RequestMarks marks = request.marks();
    long time =
        marks.eventMillis() < 0 ? tap.wallMillis(request.receivedNanos()) : marks.eventMillis();
    long group = group(layout, marks);
    long rows = rows(layout, inputs, outputs);
    for (int row = 0; row < rows; row++) {
      int at = start(layout, to, PredictionId.row(id, requestRow + row), time, group);
      if (at < 0) {
        continue;
      }
      long[] words = to.words();
      clear(layout, words, at);
      for (Tensor input : inputs) {
        int index = layout.signature().inputIndex(input.name());
        TensorColumns columns = index < 0 ? null : layout.input(index);
        read(columns, input, row, rows, words, at + RecordLayout.HEADER);
      }
      for (int k = 0; k < outputs.size(); k++) {
        Tensor output = outputs.get(k);
        int index = layout.signature().outputIndex(output.name());
        TensorColumns columns = index < 0 ? null : layout.output(index);
        read(columns, output, row, rows, words, at + RecordLayout.HEADER);
      }
    }
  }

  private static long rows(TapLayout layout, Iterable<Tensor> inputs, InferenceOutputs outputs) {
    if (!layout.hasRows()) {
      return 1;
    }
    for (Tensor input : inputs) {
      if (input.shape().rank() > 0) {
        return input.shape().dim(0);
      }
    }
    return outputs.size() > 0 && outputs.get(0).shape().rank() > 0
        ? outputs.get(0).shape().dim(0)
        : 1;
  }

  /** Reads a tensor's part of a row, if the tensor has that row. */
  private static void read(
      @Nullable TensorColumns columns, Tensor tensor, int row, long rows, long[] words, int at) {
    if (columns == null) {
      return;
    }
    if (rows > 1 && (tensor.shape().rank() == 0 || tensor.shape().dim(0) != rows)) {
      return;
    }
    long elements = tensor.shape().elementCount() / rows;
    if (tensor.type() == DataType.BYTES) {
      long offset = 0;
      for (int before = 0; before < row; before++) {
        offset = TensorColumns.skipTexts(tensor.data(), offset, elements);
      }
      columns.readTexts(tensor.data(), offset, elements, words, at);
    } else if (columns.isSummary() || elements == columns.words()) {
      columns.read(tensor.data(), row * elements * tensor.type().size(), elements, words, at);
    }
  }
}
