package dev.skeg.runtime.admin.page;

import java.util.Locale;

/** HTML being written. What comes from outside goes in by {@link #text}. <b>Threads.</b> One. */
final class Html {
  private final StringBuilder html = new StringBuilder(64 * 1024);

  /** Appends markup as it is. */
  Html raw(String markup) {
    html.append(markup);
    return this;
  }

  /** Appends text, safe both between tags and in a quoted attribute. */
  Html text(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '<' -> html.append("&lt;");
        case '>' -> html.append("&gt;");
        case '&' -> html.append("&amp;");
        case '"' -> html.append("&quot;");
        case '\'' -> html.append("&#39;");
        default -> html.append(c < ' ' || c == 0x7f ? ' ' : c);
      }
    }
    return this;
  }

  /** Appends a coordinate with one decimal. */
  Html number(double value) {
    html.append(Math.rint(value * 10) / 10);
    return this;
  }

  @Override
  public String toString() {
    return html.toString();
  }

  /** Returns a share as {@code 12.3 %}; small ones with as many digits as they need. */
  static String percent(double share) {
    double value = 100 * share;
    if (value == 0) {
      return "0 %";
    }
    String format = value >= 99.95 ? "%.0f" : value >= .1 ? "%.1f" : value >= .01 ? "%.2f" : "%.3f";
    return String.format(Locale.ROOT, format, value) + " %";
  }

  /** Returns a number for people: at most four digits that count. */
  static String figure(double value) {
    if (Double.isNaN(value)) {
      return "–";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "∞" : "−∞";
    }
    double size = Math.abs(value);
    String text;
    if (size != 0 && (size < 1e-3 || size >= 1e7)) {
      text = String.format(Locale.ROOT, "%.1e", value);
    } else if (value == Math.rint(value)) {
      text = String.format(Locale.ROOT, "%,d", (long) value);
    } else {
      int digits = Math.clamp(3 - (int) Math.floor(Math.log10(size)), 0, 4);
      text = String.format(Locale.ROOT, "%,." + digits + "f", value);
      text = text.contains(".") ? text.replaceAll("\\.?0+$", "") : text;
    }
    return text.replace('-', '−').replace(",", "\u202f");
  }

  /** Returns a count with thin spaces. */
  static String count(long value) {
    return String.format(Locale.ROOT, "%,d", value).replace(",", "\u202f");
  }
}
