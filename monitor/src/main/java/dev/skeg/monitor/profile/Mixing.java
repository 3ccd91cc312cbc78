package dev.skeg.monitor.profile;

/** Makes well mixed hashes of numbers. */
final class Mixing {
  private Mixing() {}

  /** David Stafford's variant 13 of the finalizer of MurmurHash3, as SplitMix64 has it. */
  static long mix(long value) {
    long mixed = (value ^ value >>> 30) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ mixed >>> 27) * 0x94D049BB133111EBL;
    return mixed ^ mixed >>> 31;
  }
}
