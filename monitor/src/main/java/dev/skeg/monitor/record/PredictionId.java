package dev.skeg.monitor.record;

/**
 * The 64-bit hash by which a prediction is known: of the request's id, or of a generated one, and
 * the row's place in the request.
 */
public final class PredictionId {
  private static final long MULTIPLIER = 0x9E3779B97F4A7C15L;

  private PredictionId() {}

  /** Returns the hash of a request's id. Allocates nothing. */
  public static long request(String id) {
    long hash = id.length() * MULTIPLIER;
    int at = 0;
    for (; at + 4 <= id.length(); at += 4) {
      long four =
          id.charAt(at)
              | (long) id.charAt(at + 1) << 16
              | (long) id.charAt(at + 2) << 32
              | (long) id.charAt(at + 3) << 48;
      hash = Long.rotateLeft((hash ^ four) * MULTIPLIER, 29);
    }
    for (; at < id.length(); at++) {
      hash = Long.rotateLeft((hash ^ id.charAt(at)) * MULTIPLIER, 29);
    }
    return mix(hash);
  }

  /** Returns the hash of a request that has no id, by a number that no other such request has. */
  public static long generated(long number) {
    return mix(number ^ 0x6A09E667F3BCC909L);
  }

  /**
   * Returns the hash of one row's prediction.
   *
   * @param request the hash of its request
   * @param row its place in the request, from 0 on
   */
  public static long row(long request, int row) {
    return mix(request + row * MULTIPLIER);
  }

  /** Returns whether a prediction belongs to a sample of that part of all. */
  public static boolean isSampled(long hash, double part) {
    return (hash >>> 11) * 0x1p-53 < part;
  }

  private static long mix(long value) {
    long mixed = (value ^ value >>> 30) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ mixed >>> 27) * 0x94D049BB133111EBL;
    return mixed ^ mixed >>> 31;
  }
}
