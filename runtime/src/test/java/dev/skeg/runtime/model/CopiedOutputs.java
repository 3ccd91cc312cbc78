package dev.skeg.runtime.model;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Copies of tensors in native memory, for tests: freed when they are closed, which is once. */
public final class CopiedOutputs implements InferenceOutputs {
  private static final int ALIGNMENT = 64;

  private final Arena arena;
  private final List<Tensor> copies = new ArrayList<>();
  private final Runnable closed;

  /**
   * @param closed run after the memory has been freed
   */
  @SuppressWarnings("MustBeClosedChecker") // close() closes the arena.
  public CopiedOutputs(List<Tensor> tensors, Runnable closed) {
    this.arena = Arena.ofShared();
    this.closed = closed;
    for (Tensor each : tensors) {
      long bytes = each.data().byteSize();
      MemorySegment copy = arena.allocate(Math.max(1, bytes), ALIGNMENT).asSlice(0, bytes);
      copies.add(new Tensor(each.name(), each.type(), each.shape(), copy.copyFrom(each.data())));
    }
  }

  @Override
  public int size() {
    return copies.size();
  }

  @Override
  public Tensor get(int index) {
    return copies.get(index);
  }

  /**
   * @throws IllegalStateException if it has been closed already
   */
  @Override
  public void close() {
    arena.close();
    closed.run();
  }
}
