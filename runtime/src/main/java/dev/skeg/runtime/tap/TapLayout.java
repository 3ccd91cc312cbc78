package dev.skeg.runtime.tap;

import dev.skeg.monitor.record.RecordLayout;
import dev.skeg.monitor.record.RecordLayout.Encoding;
import dev.skeg.runtime.model.Signature;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What is recorded of a version's rows: which tensors' elements, and where they stand in a record.
 *
 * <p>Immutable.
 */
public final class TapLayout {
  private final Signature signature;
  private final RecordLayout records;
  private final @Nullable TensorColumns[] inputs; // By the signature's inputs.
  private final @Nullable TensorColumns[] outputs;
  private final List<RowSums.Of> summed;
  private final boolean hasRows;
  private final double sample;
  private final String segmentParameter;
  private final List<String> segments;
  private final long[] blank;
  private final boolean hasSummaries;

  /**
   * @param summed tensors whose first rows are summed
   * @param hasRows whether the first dimension of every tensor counts rows
   * @param sample the part of all predictions that is recorded
   * @param segmentParameter the request parameter that says which segment; empty for none
   */
  TapLayout(
      Signature signature,
      RecordLayout records,
      @Nullable TensorColumns[] inputs,
      @Nullable TensorColumns[] outputs,
      List<RowSums.Of> summed,
      boolean hasRows,
      double sample,
      String segmentParameter,
      List<String> segments) {
    this.signature = signature;
    this.records = records;
    this.inputs = inputs.clone();
    this.outputs = outputs.clone();
    this.summed = List.copyOf(summed);
    this.hasRows = hasRows;
    this.sample = sample;
    this.segmentParameter = segmentParameter;
    this.segments = List.copyOf(segments);
    this.blank = new long[records.words()];
    int inputCount = records.inputCount();
    for (int i = 0; i < records.size(); i++) {
      Encoding encoding = records.encodings().get(i);
      long bits = i < inputCount ? encoding.missing() : encoding.unobserved();
      int place = RecordLayout.place(records.encodings(), i);
      RecordLayout.put(encoding, bits, blank, RecordLayout.HEADER, place);
    }
    this.hasSummaries =
        Stream.concat(Arrays.stream(this.inputs), Arrays.stream(this.outputs))
            .anyMatch(columns -> columns != null && columns.isSummary());
  }

  /** Returns what a record holds. */
  public RecordLayout records() {
    return records;
  }

  /** Returns the part of all predictions that is recorded. */
  public double sample() {
    return sample;
  }

  /** Returns the declared segments. */
  public List<String> segments() {
    return segments;
  }

  /** Returns the tensors whose first rows are summed. */
  List<RowSums.Of> summed() {
    return summed;
  }

  /** Returns whether any tensor is summarised. */
  boolean hasSummaries() {
    return hasSummaries;
  }

  boolean hasRows() {
    return hasRows;
  }

  Signature signature() {
    return signature;
  }

  @Nullable TensorColumns input(int index) {
    return inputs[index];
  }

  @Nullable TensorColumns output(int index) {
    return outputs[index];
  }

  /** A record in which inputs are missing and outputs are not observed; not to be changed. */
  long[] blank() {
    return blank;
  }

  /** Returns which segment a request says: 0 for none that is declared, else 1 and its place. */
  long segment(List<String> parameters) {
    for (int i = 0; i + 1 < parameters.size(); i += 2) {
      if (parameters.get(i).equals(segmentParameter)) {
        return segments.indexOf(parameters.get(i + 1)) + 1L;
      }
    }
    return 0;
  }

  /**
   * Returns how requests of one shape are recorded.
   *
   * @param inputIndexes the tensors that a slot has, by the signature
   * @param inputElements of a row of each
   * @param outputIndexes likewise
   */
  public TapPlan plan(
      int[] inputIndexes, long[] inputElements, int[] outputIndexes, long[] outputElements) {
    @Nullable TensorColumns[] in = new TensorColumns[inputIndexes.length];
    @Nullable TensorColumns[] out = new TensorColumns[outputIndexes.length];
    int features = 0;
    for (int i = 0; i < in.length; i++) {
      TensorColumns columns = inputs[inputIndexes[i]];
      in[i] = columns;
      features += columns == null ? 0 : columns.features();
    }
    for (int i = 0; i < out.length; i++) {
      TensorColumns columns = outputs[outputIndexes[i]];
      out[i] = columns;
      features += columns == null ? 0 : columns.features();
    }
    return new TapPlan(this, in, inputElements, out, outputElements, features == records.size());
  }
}
