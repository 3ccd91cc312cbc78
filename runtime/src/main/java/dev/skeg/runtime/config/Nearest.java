package dev.skeg.runtime.config;

import java.util.Collection;
import java.util.Locale;

/** Finds what somebody may have meant by a name that does not exist. */
final class Nearest {
  private Nearest() {}

  /** Returns {@code " (did you mean NAME?)"}, or nothing where no name is near. */
  static String hint(String given, Collection<String> names) {
    String nearest = "";
    int best = Integer.MAX_VALUE;
    for (String name : names) {
      int distance = distance(given, name);
      if (distance < best) {
        best = distance;
        nearest = name;
      }
    }
    return nearest.isEmpty() || best > Math.max(1, given.length() / 3)
        ? ""
        : " (did you mean " + nearest + "?)";
  }

  /** Edits from one to the other; for keys with several parts, also from a last part alone. */
  private static int distance(String given, String name) {
    String from = canonical(given);
    String to = canonical(name);
    int whole = edits(from, to);
    int lastPart = edits(from.substring(from.lastIndexOf('.') + 1), lastPart(to));
    // A right name in a wrong block is worse than a slip, better than anything further away.
    return lastPart == 0 ? Math.min(whole, 1) : whole;
  }

  private static String lastPart(String name) {
    return name.substring(name.lastIndexOf('.') + 1);
  }

  /** Lower case with dashes: {@code drainDelay} and {@code drain_delay} are {@code drain-delay}. */
  private static String canonical(String name) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean hump = i > 0 && Character.isUpperCase(c) && Character.isLowerCase(name.charAt(i - 1));
      text.append(hump ? "-" : "").append(c == '_' ? '-' : c);
    }
    return text.toString().toLowerCase(Locale.ROOT);
  }

  /** Insertions, deletions, replacements and swaps of neighbours (Damerau 1964, restricted). */
  private static int edits(String a, String b) {
    int[][] cost = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          cost[i][j] = i + j;
          continue;
        }
        boolean same = a.charAt(i - 1) == b.charAt(j - 1);
        int least =
            Math.min(
                Math.min(cost[i - 1][j], cost[i][j - 1]) + 1, cost[i - 1][j - 1] + (same ? 0 : 1));
        boolean swapped =
            i > 1
                && j > 1
                && a.charAt(i - 1) == b.charAt(j - 2)
                && a.charAt(i - 2) == b.charAt(j - 1);
        cost[i][j] = swapped ? Math.min(least, cost[i - 2][j - 2] + 1) : least;
      }
    }
    return cost[a.length()][b.length()];
  }
}
