package dev.skeg.monitor.drift;

/**
 * Something about the data of a window that is wrong rather than different.
 *
 * @param check which check found it
 * @param observed the figure that was found, in the check's own unit
 * @param expected the figure that the reference makes one expect
 * @param detail one line for people
 */
public record QualityFinding(Check check, double observed, double expected, String detail) {
  /** What is checked. */
  public enum Check {
    /** Share of values that are missing, over the reference's. */
    MISSING,
    /** Share of values that are no finite number where the reference has none such. */
    NOT_FINITE,
    /** Share of values outside the reference's range. */
    OUT_OF_RANGE,
    /** Share of categories that the reference does not know. */
    UNSEEN,
    /** Numbers with a fraction where the reference has whole numbers only, or the like. */
    TYPE,
    /** One single value where the reference has several. */
    CONSTANT,
    /** One value holds more of the window than it does of the reference, as a default would. */
    STUCK,
    /** All values are a power of ten, or another unit's factor, times what they were. */
    UNIT,
    /** The same rows over and over. */
    DUPLICATES,
    /** Far fewer or more rows than in comparable windows. */
    VOLUME
  }
}
