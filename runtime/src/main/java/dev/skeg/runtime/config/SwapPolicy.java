package dev.skeg.runtime.config;

/** What comes first when one version takes another's place. */
public enum SwapPolicy {
  /** The new one is loaded beside the old one, which answers until then: needs memory for both. */
  LOAD_FIRST,
  /** The old one is freed before the new one is loaded: nothing answers in between. */
  UNLOAD_FIRST
}
