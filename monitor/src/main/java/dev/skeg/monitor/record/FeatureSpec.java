package dev.skeg.monitor.record;

/**
 * One feature or output of a model, as it is monitored.
 *
 * @param name by which the user knows it; unique among a model's features and outputs of its role
 */
public record FeatureSpec(String name, Role role, Kind kind) {
  /** Which side of the model it stands on. */
  public enum Role {
    INPUT,
    OUTPUT
  }

  /** How its values are read. */
  public enum Kind {
    /** Numbers with an order. */
    NUMERIC,
    /** Names without one; integers may be declared so. */
    CATEGORICAL
  }

  public FeatureSpec {
    if (name.isEmpty()) {
      throw new IllegalArgumentException("name: empty (expected: a feature's name)");
    }
  }

  /** Returns whether its values are numbers. */
  public boolean isNumeric() {
    return kind == Kind.NUMERIC;
  }
}
