package dev.skeg.monitor.alert;

import java.time.Duration;

/**
 * When alerts gather, come back and go.
 *
 * @param joinWindows within so many windows of the one that raised it, an alert that nobody has
 *     acknowledged still takes in more features of its cause, and one of inputs, acknowledged or
 *     not, the outputs that follow; what is farther from it is another alert
 * @param quietWindows so many windows that were judged and are without a notice end it; pages end
 *     with their verdict, which has a hysteresis of its own
 * @param coolDown what comes back this long after it was cleared is the same alert, no other page
 * @param latchFor how long an alert stays that is over and that nobody acknowledges
 * @param silentFor so long without any window, an alert's version is taken to serve no more
 */
public record AlertPolicy(
    int joinWindows, int quietWindows, Duration coolDown, Duration latchFor, Duration silentFor) {
  public static final AlertPolicy DEFAULT =
      new AlertPolicy(3, 3, Duration.ofHours(24), Duration.ofDays(7), Duration.ofDays(7));

  public AlertPolicy {
    if (joinWindows < 0) {
      throw new IllegalArgumentException("joinWindows: " + joinWindows + " (expected: 0 or more)");
    }
    if (quietWindows < 1) {
      throw new IllegalArgumentException(
          "quietWindows: " + quietWindows + " (expected: 1 or more)");
    }
    if (coolDown.isNegative() || !latchFor.isPositive() || !silentFor.isPositive()) {
      throw new IllegalArgumentException(
          "coolDown: "
              + coolDown
              + ", latchFor: "
              + latchFor
              + ", silentFor: "
              + silentFor
              + " (expected: over 0 s; coolDown 0 s or more)");
    }
  }
}
