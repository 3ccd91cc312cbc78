package dev.skeg.runtime.config;

/**
 * How the versions of a model follow one another.
 *
 * @param keepPrevious versions that stay loaded after others have taken their place, 0 to {@value
 *     #MAX_KEEP_PREVIOUS}, so that going back needs no load
 */
public record VersionsConfig(SwapPolicy swap, int keepPrevious) {
  static final int MAX_KEEP_PREVIOUS = 16;
  static final int DEFAULT_KEEP_PREVIOUS = 2;

  /** What a model has that does not say. */
  public static final VersionsConfig DEFAULT =
      new VersionsConfig(SwapPolicy.LOAD_FIRST, DEFAULT_KEEP_PREVIOUS);

  public VersionsConfig {
    if (keepPrevious < 0 || keepPrevious > MAX_KEEP_PREVIOUS) {
      throw new IllegalArgumentException(
          "keepPrevious: " + keepPrevious + " (expected: 0 to " + MAX_KEEP_PREVIOUS + ")");
    }
    if (keepPrevious > 0 && swap == SwapPolicy.UNLOAD_FIRST) {
      throw new IllegalArgumentException(
          "keepPrevious: " + keepPrevious + " (expected: 0 where versions are unloaded first)");
    }
  }
}
