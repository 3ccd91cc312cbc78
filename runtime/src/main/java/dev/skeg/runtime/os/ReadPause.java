package dev.skeg.runtime.os;

/**
 * How long an event loop leaves its sockets alone before it reads again, so that what arrives
 * meanwhile is read in one wake-up and not in one each. A wake-up takes a processor away from
 * whoever has it; where those are lanes that are behind, it costs more than the request it brings.
 *
 * <p><b>Threads.</b> One has one of its own.
 */
public final class ReadPause {
  private static final ThreadLocal<ReadPause> OWN = ThreadLocal.withInitial(ReadPause::new);

  private long nanos;

  private ReadPause() {}

  /** Returns the one of the calling thread. */
  public static ReadPause own() {
    return OWN.get();
  }

  /** Asks for a pause before the next read; the shortest that was asked for is made. */
  public void ask(long nanos) {
    this.nanos = this.nanos == 0 ? nanos : Math.min(this.nanos, nanos);
  }

  /** Returns the nanoseconds that were asked for, 0 for none; once. */
  public long take() {
    long asked = nanos;
    nanos = 0;
    return asked;
  }
}
