package dev.skeg.monitor.drift;

/**
 * How certain it is that a feature's values come from another distribution than the reference's.
 *
 * @param logE natural logarithm of this window's own e-value; under no change its expectation is at
 *     most 1, so 0 says nothing and 9.6 is enough for one page a month of 20 features judged hourly
 * @param logDetector natural logarithm of the Shiryaev-Roberts detector, which adds up evidence
 *     over windows
 * @param logThreshold what {@code logDetector} must reach in this window for a page of this feature
 *     alone, by the budget of false pages
 * @param spanWindows how many windows, this one the last, speak the loudest together; at least 1
 * @param designEffect by which counts are divided since rows of a window resemble one another; at
 *     least 1
 * @param referenceRows rows that this window was held against
 */
public record Evidence(
    double logE,
    double logDetector,
    double logThreshold,
    int spanWindows,
    double designEffect,
    double referenceRows) {}
