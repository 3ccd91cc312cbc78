package dev.skeg.registry;

/**
 * What one version may cost at most; one more is refused as unsafe.
 *
 * @param maxFiles files of a version
 * @param maxFileBytes of one file, unpacked
 * @param maxVersionBytes of all files, unpacked
 * @param maxArchiveEntries entries of one archive, kept or not
 * @param maxCompressionRatio unpacked bytes for each packed byte of an archive
 */
public record SizeCaps(
    int maxFiles,
    long maxFileBytes,
    long maxVersionBytes,
    int maxArchiveEntries,
    int maxCompressionRatio) {
  public SizeCaps {
    require("maxFiles", maxFiles);
    require("maxFileBytes", maxFileBytes);
    require("maxVersionBytes", maxVersionBytes);
    require("maxArchiveEntries", maxArchiveEntries);
    require("maxCompressionRatio", maxCompressionRatio);
  }

  /**
   * 10,000 files, 64 GiB each, 256 GiB a version, 100,000 entries an archive, packed 1,000 to 1.
   */
  public static SizeCaps defaults() {
    return new SizeCaps(Artifact.MAX_FILES, 64L << 30, 256L << 30, 100_000, 1_000);
  }

  private static void require(String name, long value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: 1 or more)");
    }
  }
}
