package dev.skeg.monitor.data;

import java.util.List;
import java.util.OptionalLong;

/** What a value's text means, as the readers take it. */
public final class ValueText {
  private static final Texts TEXTS = new Texts(List.of());

  private ValueText() {}

  /** Returns whether it is a number. */
  public static boolean isNumber(String text) {
    try {
      return !Double.isNaN(TEXTS.number(text));
    } catch (Texts.NotANumber e) {
      return false;
    }
  }

  /** Returns the milliseconds since the epoch that it is, if it is a time. */
  public static OptionalLong millis(String text) {
    long millis = TimeText.millis(text);
    return millis == TimeText.NONE ? OptionalLong.empty() : OptionalLong.of(millis);
  }
}
