package dev.skeg.monitor.data;

/** Whole records of a text file, as bytes; the last ends with a line feed. */
final class RawChunk {
  /** Bytes behind the records that may be read without looking, and mean nothing. */
  static final int PADDING = 32;

  byte[] bytes;
  int length;

  /** Of the first byte in the file's text. */
  long offset;

  boolean hasQuotes;

  /** Where the next record begins. */
  int at;

  RawChunk(int size) {
    bytes = new byte[size + PADDING];
  }
}
