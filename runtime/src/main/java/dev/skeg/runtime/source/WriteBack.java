package dev.skeg.runtime.source;

import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.mlflow.MlflowWriter;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells MLflow which version of a model serves: that one has the tag {@code serving.state}, and the
 * ones before it have it no more. Only the last word counts. What fails is tried again, later each
 * time, and disturbs nothing.
 *
 * <p><b>Threads.</b> Any; a virtual thread of its own writes.
 */
final class WriteBack implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(WriteBack.class);
  private static final String STABLE = "stable";
  private static final long LONGEST_RETRY_SECONDS = 300;

  private final String model;
  private final MlflowWriter writer;
  private final BlockingQueue<Long> latest = new ArrayBlockingQueue<>(1);
  private final Thread thread;

  /**
   * @param writer closed with this
   */
  WriteBack(String model, MlflowWriter writer) {
    this.model = model;
    this.writer = writer;
    this.thread = Thread.ofVirtual().name("write-back-" + model).unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /** Says which version serves; returns at once. One thread at a time. */
  void serves(long number) {
    latest.clear();
    boolean _ = latest.offer(number);
  }

  private void run() {
    Set<Long> tagged = new HashSet<>(); // Some perhaps: what failed may have been done.
    long written = 0;
    try {
      while (true) {
        long next = latest.take();
        for (int failures = 0; next != written; failures++) {
          written = 0;
          String problem = write(next, tagged);
          if (problem == null) {
            written = next;
          } else {
            if (failures == 0) {
              LOG.atWarn()
                  .addKeyValue("model", model)
                  .addKeyValue("version", next)
                  .addKeyValue("reason", problem)
                  .log("The registry is not told yet which version serves");
            }
            Long newer =
                latest.poll(
                    Math.min(1L << Math.min(failures, 16), LONGEST_RETRY_SECONDS),
                    TimeUnit.SECONDS);
            next = newer == null ? next : newer;
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns what is wrong; null if it is written, and only that one is tagged. */
  private @Nullable String write(long next, Set<Long> tagged) {
    try {
      tagged.add(next);
      writer.setTag(next, MlflowWriter.SERVING_STATE, STABLE);
      for (long other : List.copyOf(tagged)) {
        if (other != next) {
          untag(other);
          tagged.remove(other);
        }
      }
      return null;
    } catch (RegistryException e) {
      return String.valueOf(e.getMessage());
    }
  }

  private void untag(long number) {
    try {
      writer.deleteTag(number, MlflowWriter.SERVING_STATE);
    } catch (RegistryException e) {
      if (e.kind() != Kind.NOT_FOUND) {
        throw e;
      }
      // It was deleted there meanwhile.
    }
  }

  @Override
  public void close() {
    thread.interrupt();
    writer.close();
  }
}
