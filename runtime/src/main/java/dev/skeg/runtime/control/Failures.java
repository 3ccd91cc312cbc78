package dev.skeg.runtime.control;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a model's versions have failed at, lest they be tried again and again; the last {@value
 * #MOST} of them.
 *
 * <p><b>Threads.</b> The control thread's.
 */
final class Failures {
  static final int MOST = 64;

  private final Map<Long, Failure> failures = new LinkedHashMap<>(); // The oldest first.

  private record Failure(VersionPlan.Load load, String reason, boolean isPassing) {}

  /**
   * A version has failed.
   *
   * @param isPassing whether it may be otherwise by the next plan
   */
  void add(VersionPlan.Load load, String reason, boolean isPassing) {
    failures.remove(load.number());
    failures.put(load.number(), new Failure(load, reason, isPassing));
    if (failures.size() > MOST) {
      failures.remove(failures.keySet().iterator().next());
    }
  }

  /** A version of that number has not failed. */
  void remove(long number) {
    failures.remove(number);
  }

  /** Forgets what may be otherwise by now, or everything. */
  void forget(boolean everything) {
    failures.values().removeIf(failure -> everything || failure.isPassing());
  }

  /** Returns whether loading the same has failed. */
  boolean has(VersionPlan.Load load) {
    Failure failure = failures.get(load.number());
    return failure != null && failure.load().isSameAs(load);
  }

  /** Returns whether what the version of that number failed at may be over by the next plan. */
  boolean isPassing(long number) {
    Failure failure = failures.get(number);
    return failure != null && failure.isPassing();
  }

  /** Returns why the version of that number could not be served; null if it has not failed. */
  @Nullable String reason(long number) {
    Failure failure = failures.get(number);
    return failure == null ? null : failure.reason();
  }
}
