package dev.skeg.runtime.batch;

import dev.skeg.runtime.model.Completion;
import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.InferenceResult;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.model.StageTimings;
import dev.skeg.runtime.servable.ServableHandle;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The execution slots of one version: each is a thread that runs one request at a time, and one
 * bounded queue feeds them all.
 *
 * <p>A thread comes into being with the first request that needs it and goes when it has been idle
 * for a minute, so a version that nobody calls costs none. Nothing a request does can end a lane.
 *
 * <p><b>Threads.</b> {@link #submit} may be called by any.
 */
public final class Lanes implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Lanes.class);

  private final ThreadPoolExecutor threads;

  /**
   * @param model names the threads {@code lane-<model>-<n>}
   * @param count requests that run at once, 1 or more
   * @param maxQueued requests that wait at most, 1 or more; one more is refused
   */
  public Lanes(String model, int count, int maxQueued) {
    AtomicInteger started = new AtomicInteger();
    this.threads =
        new ThreadPoolExecutor(
            count,
            count,
            1,
            TimeUnit.MINUTES,
            new ArrayBlockingQueue<>(maxQueued),
            task -> {
              Thread thread = new Thread(task, "lane-" + model + "-" + started.getAndIncrement());
              thread.setDaemon(true);
              return thread;
            });
    threads.allowCoreThreadTimeOut(true);
  }

  /**
   * Queues a request that has passed its version's check.
   *
   * @param handle belongs to the lanes if this returns true: closed before {@code completion} is
   *     called; else it stays the caller's
   * @param completion called on a lane's thread, if this returns true
   * @return false if the queue is full
   */
  public boolean submit(ServableHandle handle, InferenceRequest request, Completion completion) {
    try {
      threads.execute(() -> completion.complete(run(handle, request)));
      return true;
    } catch (RejectedExecutionException e) {
      return false;
    }
  }

  private static InferenceResult run(ServableHandle handle, InferenceRequest request) {
    ModelVersion version = handle.servable().version();
    long startNanos = System.nanoTime();
    try (handle) {
      InferenceOutputs outputs = handle.run(request.inputs(), request.outputs());
      long runNanos = System.nanoTime() - startNanos;
      long inferNanos = runNanos - outputs.inputNanos() - outputs.outputNanos();
      return new InferenceResult.Completed(
          version,
          outputs,
          new StageTimings(
              Math.max(0, startNanos - request.receivedNanos()),
              outputs.inputNanos(),
              Math.max(0, inferNanos),
              outputs.outputNanos()));
    } catch (RuntimeException | Error e) {
      LOG.atWarn()
          .setCause(e)
          .addKeyValue("model", version.model())
          .addKeyValue("version", version.number())
          .addKeyValue("request_id", request.id())
          .log("The model failed on a valid request");
      return new InferenceResult.Failed(
          version,
          "model '"
              + version.model()
              + "' version "
              + version.number()
              + " failed on this request; the cause is in the server's log");
    }
  }

  /** Takes no more requests and lets those queued finish. */
  @Override
  public void close() {
    threads.shutdown();
  }
}
