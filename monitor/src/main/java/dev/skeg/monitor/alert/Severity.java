package dev.skeg.monitor.alert;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Whom an alert may wake. */
public enum Severity {
  /** Evidence within the budget of false pages, and an effect that is worth it. */
  PAGE,
  /** Something is odd about the data; it has no share in the budget and wakes nobody. */
  NOTICE;

  /** Returns its name in the API and in metrics, as {@code page}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns the severity of that {@link #word}. */
  public static Optional<Severity> of(String word) {
    return Arrays.stream(values()).filter(each -> each.word().equals(word)).findFirst();
  }
}
