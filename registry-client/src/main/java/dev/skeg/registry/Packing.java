package dev.skeg.registry;

/** How the bytes of a {@link RemoteFile} become files. */
public enum Packing {
  /** One file, as it is. */
  PLAIN,
  /** A tar archive of files. */
  TAR,
  /** A tar archive, compressed with gzip. */
  TAR_GZIP,
  /** A tar archive, compressed with Zstandard. */
  TAR_ZSTD
}
