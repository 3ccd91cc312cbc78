package dev.skeg.runtime.tap;

import dev.skeg.monitor.record.PredictionId;
import dev.skeg.monitor.record.RecordLayout;
import dev.skeg.monitor.record.RecordRing;
import dev.skeg.monitor.record.VectorSummary;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.RequestMarks;
import dev.skeg.runtime.model.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;
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
  private boolean isWriting; // Whether a record is claimed and not yet whole.
  private final TextOffsets texts = new TextOffsets();
  private double[] scratch = {}; // What a summary looks at.
  private List<RowSums> sums = List.of();

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
      double[] room = new double[layout.hasSummaries() ? VectorSummary.MOST_LOOKED_AT : 0];
      List<RowSums> ofRows = layout.summed().stream().map(RowSums::new).toList();
      tap.opened(layout, now, ofRows);
      ring = now; // All or nothing, should memory be short.
      ringLayout = layout;
      scratch = room;
      sums = ofRows;
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
    int done = 0;
    try {
      TapLayout layout = plan.layout();
      RecordRing to = ring(layout);
      long id = id(request);
      long time = time(request);
      long group =
          group(layout, request.marks()) | (plan.isComplete() ? 0 : RecordLayout.SOME_UNOBSERVED);
      for (; done < rows; done++) {
        int at = start(layout, to, PredictionId.row(id, requestRow + done), time, group);
        if (at < 0) {
          continue;
        }
        long[] words = to.words();
        if (!plan.isComplete()) {
          clear(layout, words, at);
        }
        int first = at + RecordLayout.HEADER;
        read(plan.inputs(), plan.inputElements(), inputs, slotRow + done, words, first);
        read(plan.outputs(), plan.outputElements(), outputs, slotRow + done, words, first);
        isWriting = false;
      }
    } catch (RuntimeException | Error e) {
      failed(e, rows - done);
    }
  }

  private long time(InferenceRequest request) {
    long event = request.marks().eventMillis();
    return event < 0 ? tap.wallMillis(request.receivedNanos()) : event;
  }

  /** Rows could not be recorded; one that is half written is taken back. */
  private void failed(Throwable cause, long rows) {
    if (isWriting && ring != null) {
      ring.takeBack();
    }
    isWriting = false;
    tap.failed(cause, rows);
  }

  private int start(TapLayout layout, RecordRing to, long id, long time, long group) {
    if (layout.sample() < 1 && !PredictionId.isSampled(id, layout.sample())) {
      return -1;
    }
    int at = to.claim();
    if (at >= 0) {
      isWriting = true;
      long[] words = to.words();
      words[at + RecordLayout.ID] = id;
      words[at + RecordLayout.TIME] = time;
      words[at + RecordLayout.GROUP] = group;
    }
    return at;
  }

  private static void clear(TapLayout layout, long[] words, int at) {
    int header = RecordLayout.HEADER;
    long[] blank = layout.blank();
    System.arraycopy(blank, header, words, at + header, blank.length - header);
  }

  private void read(
      @Nullable TensorColumns[] columns,
      long[] elements,
      MemorySegment[] data,
      int row,
      long[] words,
      int at) {
    for (int k = 0; k < columns.length; k++) {
      TensorColumns tensor = columns[k];
      if (tensor != null) {
        long count = elements[k];
        read(tensor, data[k], row * count * tensor.type().size(), count, words, at);
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
      List<Tensor> inputs,
      InferenceOutputs outputs,
      int requestRow) {
    int done = 0;
    int rows = 1;
    try {
      rows = Math.toIntExact(rows(layout, inputs, outputs));
      RecordRing to = ring(layout);
      long id = id(request);
      long time = time(request);
      long group = group(layout, request.marks());
      texts.begin(inputs.size() + outputs.size());
      for (; done < rows; done++) {
        int at = start(layout, to, PredictionId.row(id, requestRow + done), time, group);
        if (at < 0) {
          continue;
        }
        long[] words = to.words();
        clear(layout, words, at);
        int first = at + RecordLayout.HEADER;
        for (int k = 0; k < inputs.size(); k++) {
          Tensor input = inputs.get(k);
          int index = layout.signature().inputIndex(input.name());
          TensorColumns columns = index < 0 ? null : layout.input(index);
          read(columns, input, k, done, rows, words, first);
        }
        boolean isWhole = outputs.size() == layout.signature().outputs().size();
        for (int k = 0; k < outputs.size(); k++) {
          Tensor output = outputs.get(k);
          int index = layout.signature().outputIndex(output.name());
          TensorColumns columns = index < 0 ? null : layout.output(index);
          isWhole &= read(columns, output, inputs.size() + k, done, rows, words, first);
        }
        words[at + RecordLayout.GROUP] |= isWhole ? 0 : RecordLayout.SOME_UNOBSERVED;
        isWriting = false;
      }
    } catch (RuntimeException | Error e) {
      failed(e, rows - done);
    }
  }

  private static long rows(TapLayout layout, List<Tensor> inputs, InferenceOutputs outputs) {
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

  /**
   * Reads a tensor's part of a row, if the tensor has that row.
   *
   * @param place of the tensor among all of the request
   * @return whether it has
   */
  private boolean read(
      @Nullable TensorColumns columns,
      Tensor tensor,
      int place,
      int row,
      int rows,
      long[] words,
      int at) {
    if (columns == null) {
      return false;
    }
    if (rows > 1 && (tensor.shape().rank() == 0 || tensor.shape().dim(0) != rows)) {
      return false;
    }
    long elements = tensor.shape().elementCount() / rows;
    if (tensor.type() == DataType.BYTES) {
      long offset = texts.offset(place, tensor.data(), elements, row);
      texts.next(place, columns.readTexts(tensor.data(), offset, elements, words, at), row + 1);
      return true;
    }
    if (!columns.isSummary() && elements != columns.features()) {
      return false;
    }
    long offset = row * elements * tensor.type().size();
    read(columns, tensor.data(), offset, elements, words, at);
    return true;
  }

  private void read(
      TensorColumns columns, MemorySegment data, long offset, long count, long[] words, int at) {
    TensorColumns.Summary summary = columns.summary();
    if (summary == null) {
      columns.read(data, offset, words, at);
    } else {
      summarise(columns, summary, data, offset, count, words, at);
    }
  }

  private void summarise(
      TensorColumns columns,
      TensorColumns.Summary summary,
      MemorySegment data,
      long offset,
      long count,
      long[] words,
      int at) {
    columns.summarise(summary, data, offset, count, words, at, scratch);
    if (summary.summed() >= 0) {
      double norm = Double.longBitsToDouble(words[at + columns.firstWord()]);
      sums.get(summary.summed()).add(scratch, count, norm);
    }
  }
}
