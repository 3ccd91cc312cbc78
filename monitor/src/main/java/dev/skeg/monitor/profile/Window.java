package dev.skeg.monitor.profile;

/**
 * A span of event time.
 *
 * @param startMillis since the epoch, inclusive
 * @param endMillis since the epoch, exclusive; after the start
 */
public record Window(long startMillis, long endMillis) {
  public Window {
    if (endMillis <= startMillis) {
      throw new IllegalArgumentException(
          "endMillis: " + endMillis + " (expected: after " + startMillis + ")");
    }
  }

  /**
   * Returns the window of that length in which a time lies. Windows follow one another without
   * gaps; one starts at the epoch.
   */
  public static Window at(long timeMillis, long lengthMillis) {
    long start = Math.floorDiv(timeMillis, lengthMillis) * lengthMillis;
    return new Window(start, start + lengthMillis);
  }

  public long lengthMillis() {
    return endMillis - startMillis;
  }

  public boolean contains(long timeMillis) {
    return timeMillis >= startMillis && timeMillis < endMillis;
  }

  /** Returns the window right behind it, of the same length. */
  public Window next() {
    return new Window(endMillis, endMillis + lengthMillis());
  }

  /** Returns the least window in which both lie. */
  public Window span(Window other) {
    return new Window(
        Math.min(startMillis, other.startMillis), Math.max(endMillis, other.endMillis));
  }
}
