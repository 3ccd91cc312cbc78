package dev.skeg.runtime.batch;

import dev.skeg.runtime.backend.BatchSlot;
import dev.skeg.runtime.backend.RunControl;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.InferenceResult;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.StageTimings;
import dev.skeg.runtime.model.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An execution slot: runs one batch at a time, for whoever holds its baton.
 *
 * <p>That is an event loop with a cheap batch, or the lane's own thread, which exists from the
 * first batch that needs it until it has been idle for a minute. Whatever a batch throws ends that
 * batch and nothing else.
 *
 * <p><b>Threads.</b> {@link #batch} and what it runs with belong to the baton's holder; {@link
 * #start} publishes the batch to the lane's thread.
 */
final class Lane implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(Lane.class);

  private static final long IDLE_NANOS = TimeUnit.MINUTES.toNanos(1);

  /** Inputs of a request that runs alone are not copied into a slot if they are longer. */
  private static final long DIRECT_BYTES = 64 << 10;

  private static final int ALIGNMENT = 64;

  private static final ValueLayout.OfInt LENGTH =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Batcher batcher;
  private final int index;
  private final Batch batch = new Batch();
  private @Nullable RunControl control;

  private volatile boolean hasBatch;
  private long reckonedNanos; // Of the batch that the thread was given.

  private volatile @Nullable Thread thread;

  Lane(Batcher batcher, int index) {
    this.batcher = batcher;
    this.index = index;
  }

  int index() {
    return index;
  }

  /** Returns the lane's batch; only for the holder of the baton. */
  Batch batch() {
    return batch;
  }

  /** Has the lane's thread run the batch, and gives it the baton. */
  void start() {
    reckonedNanos = batch.shape().cost().predict(batch.rows());
    batcher.runs(reckonedNanos);
    hasBatch = true;
    Thread running = thread;
    if (running == null) {
      startThread();
    } else {
      LockSupport.unpark(running);
    }
  }

  private synchronized void startThread() {
    if (thread == null) {
      Thread started = new Thread(this, "lane-" + batcher.model() + "-" + index);
      started.setDaemon(true);
      thread = started;
      started.start();
    }
  }

  @Override
  public void run() {
    do {
      while (hasBatch) {
        hasBatch = false;
        boolean goesOn = true;
        while (goesOn) {
          execute(true);
          batcher.runs(-reckonedNanos);
          reckonedNanos = 0;
          goesOn = batcher.release(this) && batcher.schedule(this, false);
        }
      }
      long began = System.nanoTime();
      while (!hasBatch && !batcher.isClosed() && System.nanoTime() - began < IDLE_NANOS) {
        LockSupport.parkNanos(this, IDLE_NANOS);
      }
    } while (!ends());
  }

  /** A batch may come at the very moment at which the thread gives up. */
  private synchronized boolean ends() {
    if (hasBatch) {
      return false;
    }
    thread = null;
    if (hasBatch) {
      thread = Thread.currentThread();
      return false;
    }
    return true;
  }

  /** Wakes the thread, so that it sees that the batcher is closed. */
  void wake() {
    LockSupport.unpark(thread);
  }

  /** Frees what runs need; nothing runs any more. */
  void close() {
    if (control != null) {
      control.close();
      control = null;
    }
  }

  // Running. All of it is the baton holder's.

  /**
   * Runs the batch and hands its answers over; never throws.
   *
   * @param canEndEarly whether the run ends when nobody waits for it any more
   */
  void execute(boolean canEndEarly) {
    try {
      RunControl runs = control();
      RunToken token = canEndEarly ? new RunToken(runs, batch.size()) : null;
      if (token != null) {
        for (int i = 0; i < batch.size(); i++) {
          batch.entry(i).joins(token);
        }
        if (token.isLost()) {
          token.end();
          cancelAll();
          return;
        }
      }
      run(runs, token);
    } catch (RuntimeException | Error e) {
      // Memory for a control, or a mistake of ours: those that have no answer yet get one.
      fail(e);
    } finally {
      batch.clear();
    }
  }

  private RunControl control() {
    if (control == null) {
      control = batcher.servable().openControl();
    }
    return control;
  }

  private void run(RunControl runs, @Nullable RunToken token) {
    ShapeClass shape = batch.shape();
    SlotPool slots = shape.slots();
    boolean alone = batch.size() == 1;
    boolean ended = false;
    RuntimeException failure = null;
    Answers answers = null;
    long startNanos = System.nanoTime();
    try {
      if (alone && (slots == null || shape.rowBytes() * batch.rows() > DIRECT_BYTES)) {
        answers = runDirect(0, runs, startNanos);
      } else if (slots != null && batch.rows() <= shape.slotRows()) {
        answers = runInSlot(slots, runs, startNanos);
      } else {
        answers = runGathered(runs, startNanos);
      }
    } catch (RuntimeException e) {
      failure = e;
    } catch (Error e) {
      failure = new IllegalStateException(e);
    } finally {
      ended = token != null && token.end();
    }
    if (answers != null) {
      batcher.succeeded();
      shape.learn(batch.rows(), answers.endNanos() - startNanos);
      batcher.metrics().recordExecution(batch.rows());
      hand(answers, startNanos);
    } else if (ended) {
      cancelAll();
    } else if (failure != null) {
      if (alone) {
        fail(failure);
      } else {
        isolate(runs);
      }
    }
  }

  /**
   * What a run gave.
   *
   * @param slot where fixed rows lie; null if {@code outputs} has them
   * @param outputs of the whole batch
   */
  private record Answers(
      SlotPool.@Nullable PooledSlot slot,
      boolean isLent,
      @Nullable InferenceOutputs outputs,
      long inputNanos,
      long inferNanos,
      long endNanos) {}

  /** Runs one request where its inputs lie. */
  private Answers runDirect(int index, RunControl runs, long startNanos) {
    Entry entry = batch.entry(index);
    List<Tensor> inputs = entry.request.inputs();
    if (!batch.isWhole(index)) {
      inputs = part(entry, batch.firstRow(index), batch.rowCount(index));
    }
    InferenceOutputs outputs = entry.handle.run(inputs, entry.request.outputs(), runs);
    long endNanos = System.nanoTime();
    long inferNanos = endNanos - startNanos - outputs.inputNanos() - outputs.outputNanos();
    return new Answers(
        null, false, outputs, outputs.inputNanos(), Math.max(0, inferNanos), endNanos);
  }

  private static List<Tensor> part(Entry entry, int firstRow, int rows) {
    List<Tensor> parts = new ArrayList<>();
    for (Tensor input : entry.request.inputs()) {
      parts.add(part(input, firstRow, rows));
    }
    return parts;
  }

  private static Tensor part(Tensor input, int firstRow, int rows) {
    Shape row = ShapeClass.row(input.shape());
    long rowBytes = Tensor.byteSize(input.type(), row.elementCount());
    return new Tensor(
        input.name(),
        input.type(),
        ShapeClass.withRows(row, rows),
        input.data().asSlice(firstRow * rowBytes, rows * rowBytes));
  }

  /** Copies the rows into a slot and runs them there. */
  private Answers runInSlot(SlotPool slots, RunControl runs, long startNanos) {
    SlotPool.PooledSlot slot = slots.take();
    boolean done = false;
    try {
      fill(slot.memory());
      long readyNanos = System.nanoTime();
      slot.memory().run(batch.rows(), runs);
      long endNanos = System.nanoTime();
      done = true;
      return new Answers(
          slot, slots.lend(), null, readyNanos - startNanos, endNanos - readyNanos, endNanos);
    } finally {
      if (!done) {
        slots.put(slot);
      }
    }
  }

  private void fill(BatchSlot slot) {
    ShapeClass shape = batch.shape();
    long row = 0;
    for (int i = 0; i < batch.size(); i++) {
      List<Tensor> inputs = batch.entry(i).request.inputs();
      for (int k = 0; k < inputs.size(); k++) {
        Tensor input = inputs.get(k);
        int position = shape.inputPosition(input.name(), k);
        long rowBytes = shape.inputRowBytes(position);
        MemorySegment.copy(
            input.data(),
            batch.firstRow(i) * rowBytes,
            slot.input(position),
            row * rowBytes,
            batch.rowCount(i) * rowBytes);
      }
      row += batch.rowCount(i);
    }
  }

  /** Puts the requests' inputs one behind the other, of whatever length each row is. */
  private Answers runGathered(RunControl runs, long startNanos) {
    try (Arena memory = Arena.ofConfined()) {
      return runGathered(memory, runs, startNanos);
    }
  }

  private Answers runGathered(Arena memory, RunControl runs, long startNanos) {
    ShapeClass shape = batch.shape();
    List<Tensor> together = new ArrayList<>();
    for (int position = 0; position < shape.inputCount(); position++) {
      String name = shape.inputSpec(position).name();
      long bytes = 0;
      List<Tensor> parts = new ArrayList<>();
      for (int i = 0; i < batch.size(); i++) {
        Tensor part = input(i, name);
        parts.add(part);
        bytes += part.data().byteSize();
      }
      MemorySegment data = memory.allocate(Math.max(1, bytes), ALIGNMENT).asSlice(0, bytes);
      long offset = 0;
      for (Tensor part : parts) {
        MemorySegment.copy(part.data(), 0, data, offset, part.data().byteSize());
        offset += part.data().byteSize();
      }
      Shape row = ShapeClass.row(parts.getFirst().shape());
      together.add(
          new Tensor(name, parts.getFirst().type(), ShapeClass.withRows(row, batch.rows()), data));
    }
    Entry first = batch.entry(0);
    InferenceOutputs outputs = first.handle.run(together, first.request.outputs(), runs);
    for (int i = 0; i < outputs.size(); i++) {
      Shape given = outputs.get(i).shape();
      if (given.rank() == 0 || given.dim(0) != batch.rows()) {
        String name = outputs.get(i).name();
        outputs.close();
        throw new ServingException(
            ErrorCode.INTERNAL,
            "output '"
                + name
                + "' has shape "
                + given
                + " for a batch of "
                + batch.rows()
                + " rows: the model has no batch dimension (expected: max_batch_size: 0)");
      }
    }
    long endNanos = System.nanoTime();
    long inferNanos = endNanos - startNanos - outputs.inputNanos() - outputs.outputNanos();
    return new Answers(
        null, false, outputs, outputs.inputNanos(), Math.max(0, inferNanos), endNanos);
  }

  private Tensor input(int index, String name) {
    Entry entry = batch.entry(index);
    for (Tensor input : entry.request.inputs()) {
      if (input.name().equals(name)) {
        return batch.isWhole(index)
            ? input
            : part(input, batch.firstRow(index), batch.rowCount(index));
      }
    }
    throw new IllegalStateException("a request of this class has no input " + name);
  }

  // Handing over.

  private void hand(Answers answers, long startNanos) {
    SlotPool.PooledSlot slot = answers.slot();
    if (slot != null) {
      handRows(slot, answers, startNanos);
    } else if (answers.outputs() != null) {
      handTensors(answers, answers.outputs(), startNanos);
    }
  }

  private void handRows(SlotPool.PooledSlot slot, Answers answers, long startNanos) {
    ShapeClass shape = batch.shape();
    int size = batch.size();
    InferenceOutputs[] copies = null;
    if (answers.isLent()) {
      slot.holdFor(size);
    } else {
      copies = new InferenceOutputs[size];
      for (int i = 0, row = 0; i < size; row += batch.rowCount(i++)) {
        copies[i] = new TensorList(rows(slot.memory(), row, batch.rowCount(i), true), null);
      }
      SlotPool slots = shape.slots();
      if (slots != null) {
        slots.put(slot);
      }
    }
    for (int i = 0, row = 0; i < size; row += batch.rowCount(i++)) {
      InferenceOutputs outputs =
          copies == null
              ? new TensorList(rows(slot.memory(), row, batch.rowCount(i), false), slot)
              : copies[i];
      hand(i, outputs, answers, startNanos);
    }
  }

  private Tensor[] rows(BatchSlot slot, int firstRow, int rows, boolean copied) {
    ShapeClass shape = batch.shape();
    Tensor[] tensors = new Tensor[shape.outputCount()];
    for (int i = 0; i < tensors.length; i++) {
      long rowBytes = shape.outputRowBytes(i);
      MemorySegment data = slot.output(i).asSlice(firstRow * rowBytes, rows * rowBytes);
      tensors[i] =
          new Tensor(
              shape.outputSpec(i).name(),
              shape.outputSpec(i).type(),
              shape.outputShape(i, rows),
              copied ? MemorySegment.ofArray(data.toArray(ValueLayout.JAVA_BYTE)) : data);
    }
    return tensors;
  }

  private void handTensors(Answers answers, InferenceOutputs outputs, long startNanos) {
    if (batch.size() == 1) {
      hand(0, outputs, answers, startNanos);
      return;
    }
    InferenceOutputs[] parts = split(outputs);
    outputs.close();
    for (int i = 0; i < parts.length; i++) {
      hand(i, parts[i], answers, startNanos);
    }
  }

  private InferenceOutputs[] split(InferenceOutputs outputs) {
    Tensor[][] parts = new Tensor[batch.size()][outputs.size()];
    for (int k = 0; k < outputs.size(); k++) {
      Tensor output = outputs.get(k);
      long rowElements = ShapeClass.row(output.shape()).elementCount();
      long offset = 0;
      for (int i = 0; i < parts.length; i++) {
        long bytes = bytes(output, offset, rowElements * batch.rowCount(i));
        byte[] copy = output.data().asSlice(offset, bytes).toArray(ValueLayout.JAVA_BYTE);
        parts[i][k] =
            new Tensor(
                output.name(),
                output.type(),
                ShapeClass.withRows(ShapeClass.row(output.shape()), batch.rowCount(i)),
                MemorySegment.ofArray(copy));
        offset += bytes;
      }
    }
    InferenceOutputs[] lists = new InferenceOutputs[parts.length];
    for (int i = 0; i < lists.length; i++) {
      lists[i] = new TensorList(parts[i], null);
    }
    return lists;
  }

  private static long bytes(Tensor tensor, long offset, long elements) {
    if (tensor.type() != DataType.BYTES) {
      return Tensor.byteSize(tensor.type(), elements);
    }
    long end = offset;
    for (long i = 0; i < elements; i++) {
      end += Integer.BYTES + Integer.toUnsignedLong(tensor.data().get(LENGTH, end));
    }
    return end - offset;
  }

  private void hand(int index, InferenceOutputs outputs, Answers answers, long startNanos) {
    Entry entry = batch.entry(index);
    StageTimings timings =
        new StageTimings(
            Math.max(0, startNanos - entry.request.receivedNanos()),
            answers.inputNanos(),
            answers.inferNanos(),
            outputs.outputNanos());
    batcher.ended(
        entry,
        batch.firstRow(index),
        batch.rowCount(index),
        new InferenceResult.Completed(batcher.servable().version(), outputs, timings));
  }

  private void cancelAll() {
    for (int i = 0; i < batch.size(); i++) {
      batcher.ended(batch.entry(i), batch.firstRow(i), batch.rowCount(i), Batcher.CANCELLED);
    }
  }

  /**
   * One request may have spoilt the batch: each runs again by itself, so that only that one fails.
   */
  private void isolate(RunControl runs) {
    for (int i = 0; i < batch.size(); i++) {
      long startNanos = System.nanoTime();
      Entry entry = batch.entry(i);
      try {
        Answers answers = runDirect(i, runs, startNanos);
        batcher.succeeded();
        batcher.metrics().recordExecution(batch.rowCount(i));
        if (answers.outputs() != null) {
          hand(i, answers.outputs(), answers, startNanos);
        }
      } catch (RuntimeException | Error e) {
        fail(entry, i, e);
      }
    }
  }

  private void fail(Throwable cause) {
    for (int i = 0; i < batch.size(); i++) {
      fail(batch.entry(i), i, cause);
    }
  }

  private void fail(Entry entry, int index, Throwable cause) {
    LOG.atWarn()
        .setCause(cause)
        .addKeyValue("model", batcher.model())
        .addKeyValue("version", batcher.servable().version().number())
        .addKeyValue("request_id", entry.request.id())
        .log("The model failed on a valid request");
    batcher.failed(cause);
    batcher.ended(
        entry,
        batch.firstRow(index),
        batch.rowCount(index),
        new InferenceResult.Failed(
            batcher.servable().version(),
            "model '"
                + batcher.model()
                + "' version "
                + batcher.servable().version().number()
                + " failed on this request; the cause is in the server's log"));
  }
}
