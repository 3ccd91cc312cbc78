package dev.skeg.runtime.control;

import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Lets a version be loaded if there is memory for it: a load that is refused is told why, a process
 * that runs out of memory is killed.
 *
 * <p>What a load takes is estimated from the size of its files: three times that, since the engine
 * holds a model's file and what it makes of it at once, or as many times as earlier loads of the
 * model were measured to take, and {@value #BASE_BYTES} bytes for a session. Loads that are under
 * way count as if they had taken theirs already.
 *
 * <p><b>Threads.</b> Any.
 */
final class MemoryAdmission {
  static final long BASE_BYTES = 8 << 20;
  static final double UNKNOWN_FACTOR = 3;

  private static final double MIN_FACTOR = 1;
  private static final double MAX_FACTOR = 10;
  private static final long MIB = 1 << 20;

  /** Files below this tell nothing of how memory grows with their size. */
  private static final long TELLING_BYTES = MIB;

  private final LongSupplier availableBytes;
  private final LongSupplier residentBytes;
  private final AtomicLong claimedBytes = new AtomicLong();
  private final AtomicInteger loads = new AtomicInteger();
  private final Map<String, Double> factors = new ConcurrentHashMap<>();

  /**
   * @param availableBytes what the process could take more at this moment
   * @param residentBytes what it has
   */
  MemoryAdmission(LongSupplier availableBytes, LongSupplier residentBytes) {
    this.availableBytes = availableBytes;
    this.residentBytes = residentBytes;
  }

  /** There is no memory for a load. */
  static final class LackOfMemory extends RuntimeException {
    LackOfMemory(ServingException why) {
      super(why.getMessage(), why);
    }
  }

  /** Memory that one load may take; closed when it has ended. */
  final class Claim implements AutoCloseable {
    private final String model;
    private final long fileBytes;
    private final long bytes;
    private final long beforeBytes = residentBytes.getAsLong();
    private boolean isAlone;

    private Claim(String model, long fileBytes, long bytes) {
      this.model = model;
      this.fileBytes = fileBytes;
      this.bytes = bytes;
      this.isAlone = loads.incrementAndGet() == 1;
    }

    /** The load went well: what it took is remembered, if it was the only one. */
    void measure() {
      isAlone &= loads.get() == 1;
      if (isAlone && fileBytes >= TELLING_BYTES) {
        double grown = residentBytes.getAsLong() - beforeBytes - (double) BASE_BYTES;
        double factor = Math.clamp(grown / fileBytes, MIN_FACTOR, MAX_FACTOR);
        factors.merge(model, factor, Math::max);
      }
    }

    @Override
    public void close() {
      loads.decrementAndGet();
      claimedBytes.addAndGet(-bytes);
    }
  }

  /**
   * Claims memory for a load.
   *
   * @param fileBytes of the version's files
   * @throws LackOfMemory if there is too little
   */
  Claim claim(String model, long fileBytes) {
    double factor = factors.getOrDefault(model, UNKNOWN_FACTOR);
    long bytes = BASE_BYTES + (long) (fileBytes * factor);
    long claimed = claimedBytes.addAndGet(bytes);
    long available = availableBytes.getAsLong();
    if (claimed > available) {
      claimedBytes.addAndGet(-bytes);
      throw new LackOfMemory(
          new ServingException(
              ErrorCode.UNAVAILABLE,
              "there is no memory for it: loading it takes about "
                  + mebibytes(bytes)
                  + " (its files have "
                  + mebibytes(fileBytes)
                  + "), and "
                  + mebibytes(Math.max(0, available - (claimed - bytes)))
                  + " are free (expected: more memory, or versions.swap: unload-first in"
                  + " model.yaml)"));
    }
    return new Claim(model, fileBytes, bytes);
  }

  private static String mebibytes(long bytes) {
    return (bytes + MIB - 1) / MIB + " MiB";
  }
}
