package dev.skeg.registry;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * A name for a version at a source: {@code latest}, {@code version/7}, {@code tag/prod}, {@code
 * alias/champion}, {@code branch/main}, {@code revision/<id>} or {@code digest/sha256:…}.
 *
 * @param name empty for {@link Kind#LATEST} only; letters, digits and {@code . _ + @ : / -}
 */
public record Pointer(Kind kind, String name) {
  /** Which kind of name; not every source knows every kind. */
  public enum Kind {
    /** The source's newest version. */
    LATEST,
    /** A version number, 1 or more. */
    VERSION,
    /** A mutable name, as of an image. */
    TAG,
    /** A mutable name, as of MLflow. */
    ALIAS,
    /** A line of versions, as of a repository. */
    BRANCH,
    /** An immutable state in the source's own words. */
    REVISION,
    /** An immutable state by the digest that the source itself uses. */
    DIGEST;

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._+@:/-]{0,255}");
  private static final Pattern DIGEST = Pattern.compile("sha256:[0-9a-f]{64}");
  private static final Pattern NUMBER = Pattern.compile("[1-9][0-9]{0,17}");
  private static final Pattern DOTS = Pattern.compile("(.*/)?(\\.{1,2})?(/.*)?");

  /** The newest version. */
  public static final Pointer LATEST = new Pointer(Kind.LATEST, "");

  public Pointer {
    boolean sound =
        switch (kind) {
          case LATEST -> name.isEmpty();
          case VERSION -> NUMBER.matcher(name).matches();
          case DIGEST -> DIGEST.matcher(name).matches();
          case TAG, ALIAS, BRANCH, REVISION ->
              NAME.matcher(name).matches() && !DOTS.matcher(name).matches();
        };
    if (!sound) {
      throw new IllegalArgumentException(
          "pointer: "
              + kind.word()
              + "/"
              + name
              + " (expected: "
              + switch (kind) {
                case LATEST -> "latest alone";
                case VERSION -> "version/NUMBER, 1 or more";
                case DIGEST -> "digest/sha256: and 64 lower-case hexadecimal digits";
                case TAG, ALIAS, BRANCH, REVISION ->
                    "a name of letters, digits and . _ + @ : / -, without empty parts";
              }
              + ")");
    }
  }

  /**
   * Parses a pointer's text.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static Pointer parse(String text) {
    if (text.equals("latest")) {
      return LATEST;
    }
    int slash = text.indexOf('/');
    if (slash > 0) {
      String word = text.substring(0, slash);
      for (Kind kind : Kind.values()) {
        if (kind != Kind.LATEST && kind.word().equals(word)) {
          return new Pointer(kind, text.substring(slash + 1));
        }
      }
    }
    throw new IllegalArgumentException(
        "pointer: "
            + text
            + " (expected: latest, version/7, tag/NAME, alias/NAME, branch/NAME, revision/ID or"
            + " digest/sha256:…)");
  }

  public static Pointer version(long number) {
    return new Pointer(Kind.VERSION, Long.toString(number));
  }

  /** Returns the number of a {@link Kind#VERSION} pointer. */
  public long number() {
    if (kind != Kind.VERSION) {
      throw new IllegalStateException(this + " has no number");
    }
    return Long.parseLong(name);
  }

  /**
   * Whether it always means the same state. A number is not: it can be published again by force.
   */
  public boolean isImmutable() {
    return kind == Kind.REVISION || kind == Kind.DIGEST;
  }

  /** Returns the text that {@link #parse} reads. */
  @Override
  public String toString() {
    return kind == Kind.LATEST ? "latest" : kind.word() + "/" + name;
  }
}
