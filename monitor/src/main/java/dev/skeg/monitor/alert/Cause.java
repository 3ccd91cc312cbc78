package dev.skeg.monitor.alert;

import java.util.Arrays;
import java.util.Optional;

/**
 * What most likely lies behind a finding. In the order in which they explain one another: where
 * values are missing their distribution has changed too, and not the other way round.
 */
public enum Cause {
  /** Values that used to be there are not. */
  MISSING("missing", "Values are missing"),
  /** Values are of another type, or no finite numbers. */
  TYPE("type", "Values are of another type"),
  /** Values are in another unit: all are the same factor times what they were. */
  UNIT("unit", "Values are in another unit"),
  /** One value holds more of the rows than it should: a default, or a sensor that hangs. */
  STUCK("stuck", "One value comes too often"),
  /** Categories that the training data does not have. */
  NEW_CATEGORY("new-category", "There are new categories"),
  /** Values outside the range of the training data. */
  OUT_OF_RANGE("out-of-range", "Values are out of range"),
  /** The distribution is another, and none of the above says why. */
  SHIFT("shift", "The distribution has shifted"),
  /** The outputs have changed, and no input has. */
  PREDICTION("prediction", "Predictions have changed, inputs have not"),
  /** The same rows over and over. */
  DUPLICATES("duplicates", "Rows are repeated"),
  /** Far more or far fewer rows than in comparable windows. */
  VOLUME("volume", "The number of rows has changed");

  private final String word;
  private final String title;

  Cause(String word, String title) {
    this.word = word;
    this.title = title;
  }

  /** Returns its name in the API and in metrics, as {@code new-category}. */
  public String word() {
    return word;
  }

  /** Returns it as the beginning of a sentence for people. */
  public String title() {
    return title;
  }

  /** Returns whether it can lie behind the other one, or is the same. */
  boolean explains(Cause other) {
    return plain().compareTo(other.plain()) <= 0;
  }

  /** Returns whether one is the other, by any name. */
  boolean isLike(Cause other) {
    return plain() == other.plain();
  }

  /** Predictions that change are a shift; that the inputs have not is said by the name alone. */
  private Cause plain() {
    return this == PREDICTION ? SHIFT : this;
  }

  /** Returns the cause of that {@link #word}. */
  public static Optional<Cause> of(String word) {
    return Arrays.stream(values()).filter(each -> each.word.equals(word)).findFirst();
  }
}
