package dev.skeg.monitor.baseline;

/** What the values of a column are, as far as its first rows tell. */
public enum ColumnType {
  INTEGER,
  NUMBER,
  /** {@code true} and {@code false}, which are 1 and 0. */
  BOOLEAN,
  CATEGORY,
  TIME,
  /** Different in every row. */
  IDENTIFIER,
  /** Long and mostly different: written language. */
  TEXT,
  /** Nothing. */
  EMPTY,
  /** A list of numbers, as long in every row: an embedding. */
  VECTOR,
  /** A list or a map. */
  NESTED
}
