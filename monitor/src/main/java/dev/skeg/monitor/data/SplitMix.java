package dev.skeg.monitor.data;

/** SplitMix64 (Steele et al., "Fast splittable pseudorandom number generators", OOPSLA 2014). */
public final class SplitMix {
  private static final long GAMMA = 0x9E3779B97F4A7C15L;

  private SplitMix() {}

  /** Returns what is as good as random, always the same for a number, and no other's. */
  public static long hash(long number) {
    long z = number * GAMMA + GAMMA;
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }
}
