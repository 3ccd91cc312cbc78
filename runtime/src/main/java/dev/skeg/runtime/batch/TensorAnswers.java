package dev.skeg.runtime.batch;

import static dev.skeg.runtime.model.TensorLayouts.INT;

import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.servable.ServableHandle;
import dev.skeg.runtime.tap.LaneTap;
import dev.skeg.runtime.tap.TapLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/** Tensors that the engine has made: given to the only request as they are, else copied. */
final class TensorAnswers extends Answers {
  private final Batch batch;
  private final boolean isOnes;
  private final long[] offsets; // Of the next part, by output.
  private @Nullable InferenceOutputs outputs;

  /**
   * @param isOnes whether all of it is one request's
   */
  TensorAnswers(
      Batch batch, InferenceOutputs outputs, boolean isOnes, long startNanos, long endNanos) {
    super(
        outputs.inputNanos(),
        Math.max(0, endNanos - startNanos - outputs.inputNanos() - outputs.outputNanos()),
        endNanos);
    this.batch = batch;
    this.outputs = outputs;
    this.isOnes = isOnes;
    this.offsets = new long[isOnes ? 0 : outputs.size()];
  }

  @Override
  InferenceOutputs part(int index) {
    InferenceOutputs all = outputs;
    if (all == null) {
      throw new IllegalStateException("the only part has been given away");
    }
    if (isOnes) {
      ServableHandle claim = batch.entry(index).claimOfOutputs();
      InferenceOutputs part = claim == null ? all : new ClaimedOutputs(all, claim);
      outputs = null;
      return part;
    }
    return new TensorList(part(index, all, true), null, batch.entry(index).claimOfOutputs());
  }

  /**
   * Returns the outputs of the next request.
   *
   * @param copies whether they are to outlive these
   */
  private Tensor[] part(int index, InferenceOutputs all, boolean copies) {
    Tensor[] part = new Tensor[all.size()];
    int rows = batch.rowCount(index);
    for (int k = 0; k < part.length; k++) {
      Tensor output = all.get(k);
      long rowElements = ShapeClass.row(output.shape()).elementCount();
      long bytes = bytes(output, offsets[k], rowElements * rows);
      MemorySegment data = output.data().asSlice(offsets[k], bytes);
      part[k] =
          new Tensor(
              output.name(),
              output.type(),
              ShapeClass.withRows(ShapeClass.row(output.shape()), rows),
              copies ? MemorySegment.ofArray(data.toArray(ValueLayout.JAVA_BYTE)) : data);
      offsets[k] += bytes;
    }
    return part;
  }

  private static long bytes(Tensor tensor, long offset, long elements) {
    if (tensor.type() != DataType.BYTES) {
      return Tensor.byteSize(tensor.type(), elements);
    }
    long end = offset;
    for (long i = 0; i < elements; i++) {
      end += Integer.BYTES + Integer.toUnsignedLong(tensor.data().get(INT, end));
    }
    return end - offset;
  }

  /**
   * Requests' inputs are their transports' once they are answered, and so are the outputs if they
   * are given away: what ran outside of slots is recorded before, since afterwards it could only be
   * read from a copy of all its rows, or while every transport kept its memory for longer.
   */
  @Override
  void record(LaneTap tap, TapLayout layout, boolean isHandedOver, int index) {
    InferenceOutputs all = outputs;
    if (isHandedOver || all == null) {
      return;
    }
    if (isOnes) {
      int only = Math.max(0, index);
      tap.record(
          layout,
          batch.entry(only).request,
          BatchRun.inputs(batch, only),
          all,
          batch.firstRow(only));
      return;
    }
    long[] before = offsets.clone();
    for (int i = 0; i < batch.size(); i++) {
      Tensor[] part = part(i, all, false);
      tap.record(
          layout,
          batch.entry(i).request,
          BatchRun.inputs(batch, i),
          new TensorList(part, null, null),
          batch.firstRow(i));
    }
    System.arraycopy(before, 0, offsets, 0, offsets.length);
  }

  @Override
  public void close() {
    if (outputs != null) {
      outputs.close();
      outputs = null;
    }
  }
}
