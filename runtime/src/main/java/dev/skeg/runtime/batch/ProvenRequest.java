package dev.skeg.runtime.batch;

import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.servable.Servable;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A copy of the first request that went well, of a version that does not run on made-up rows: by it
 * can be told later whether the version still runs.
 *
 * <p><b>Threads.</b> Any.
 */
final class ProvenRequest {
  /** A larger request is not kept; another may be smaller. */
  private static final long MAX_BYTES = 1 << 20;

  private final Servable servable;
  private volatile @Nullable List<Tensor> inputs;

  ProvenRequest(Servable servable) {
    this.servable = servable;
  }

  /** Keeps the inputs of a request whose run went well; returns whether it has some. */
  boolean keep(Batch batch, int index) {
    if (inputs != null) {
      return true;
    }
    List<Tensor> given = BatchRun.inputs(batch, index);
    long bytes = 0;
    for (Tensor input : given) {
      bytes += input.data().byteSize();
    }
    if (bytes > MAX_BYTES) {
      return false;
    }
    List<Tensor> kept = new ArrayList<>();
    for (Tensor input : given) {
      byte[] data = input.data().toArray(ValueLayout.JAVA_BYTE);
      kept.add(new Tensor(input.name(), input.type(), input.shape(), MemorySegment.ofArray(data)));
    }
    inputs = kept;
    return true;
  }

  /** Runs it again; returns whether that goes well. */
  boolean runs() {
    List<Tensor> kept = inputs;
    return kept != null && CostProbe.runs(servable, () -> kept);
  }
}
