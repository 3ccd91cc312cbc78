package dev.skeg.registry;

import java.nio.charset.StandardCharsets;

/**
 * The rule that every path from outside must pass before it becomes a file: relative, {@code /}
 * between names, and no name that means another place on any file system.
 */
public final class SafePath {
  private static final int MAX_LENGTH = 1024;
  private static final int MAX_NAME_BYTES = 240;
  private static final int MAX_DEPTH = 32;

  private SafePath() {}

  /**
   * Returns the path as it is.
   *
   * @throws RegistryException of kind INVALID if it is unsafe
   */
  public static String require(String path) {
    String problem = problem(path);
    if (!problem.isEmpty()) {
      throw new RegistryException(
          "path '"
              + shown(path)
              + "' "
              + problem
              + " (expected: a relative path, as weights/w.bin)");
    }
    return path;
  }

  private static String problem(String path) {
    if (path.isEmpty() || path.length() > MAX_LENGTH) {
      return "has " + path.length() + " characters, not 1 to " + MAX_LENGTH;
    }
    if (path.startsWith("/")) {
      return "is absolute";
    }
    for (int i = 0; i < path.length(); i++) {
      char c = path.charAt(i);
      if (c == '\\'
          || c == ':'
          || Character.isISOControl(c)
          || (Character.isSurrogate(c) && unpaired(path, i))) {
        return "has a character that means something else elsewhere";
      }
    }
    String[] names = path.split("/", -1);
    if (names.length > MAX_DEPTH) {
      return "is deeper than " + MAX_DEPTH;
    }
    for (String name : names) {
      if (name.isEmpty() || name.equals(".") || name.equals("..")) {
        return "has an empty, . or .. part";
      }
      if (name.getBytes(StandardCharsets.UTF_8).length > MAX_NAME_BYTES) {
        return "has a part of more than " + MAX_NAME_BYTES + " bytes";
      }
    }
    return "";
  }

  private static boolean unpaired(String text, int i) {
    char c = text.charAt(i);
    return Character.isHighSurrogate(c)
        ? i + 1 == text.length() || !Character.isLowSurrogate(text.charAt(i + 1))
        : i == 0 || !Character.isHighSurrogate(text.charAt(i - 1));
  }

  private static String shown(String path) {
    String printable = path.replaceAll("\\p{Cntrl}", "?");
    return printable.length() > 120 ? printable.substring(0, 120) + "…" : printable;
  }
}
