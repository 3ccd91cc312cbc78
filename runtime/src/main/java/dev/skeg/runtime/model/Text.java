package dev.skeg.runtime.model;

/** What a client sent, made fit for an error message. */
public final class Text {
  private static final int MAX_CHARS = 128;

  private Text() {}

  /** Returns {@code text}, cut to its first 128 characters. */
  public static String excerpt(String text) {
    if (text.length() <= MAX_CHARS) {
      return text;
    }
    int end = Character.isHighSurrogate(text.charAt(MAX_CHARS - 1)) ? MAX_CHARS - 1 : MAX_CHARS;
    return text.substring(0, end) + "… (" + text.length() + " characters)";
  }
}
