package dev.skeg.runtime.servable;

/** Where a version is in its life; the names are the wire's. */
public enum VersionState {
  /** Being loaded; not to be called yet. */
  LOADING,
  /** Answers requests. */
  READY,
  /** Takes no new requests; those it has are being finished. */
  UNLOADING,
  /** Could not be loaded, or is gone. */
  UNAVAILABLE
}
