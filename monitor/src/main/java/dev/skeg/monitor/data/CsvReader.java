package dev.skeg.monitor.data;

import dev.skeg.monitor.record.CategoryHash;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * Turns chunks of a CSV file into batches.
 *
 * <p>Numbers as most files have them, a few digits with a point, are read as their bytes are
 * walked. Everything else first finds where its field ends: quoted fields, missing values, words.
 *
 * <p><b>Threads.</b> Owned by one.
 */
final class CsvReader implements RowReader {
  private final CsvSweep sweep;
  private final CsvFormat format;
  private final byte delimiter;
  private final Texts texts;
  private final int fieldCount;

  /** Of each field of the file: what becomes of it, and which column of the batch it is. */
  private final Action[] actions;

  private final Action[] unselectedActions;
  private final int[] targets;
  private final boolean readsEveryRow;

  private final RowBatch batch;
  private final RawChunk chunk = new RawChunk(RawChunks.SIZE);

  private MemorySegment segment = MemorySegment.ofArray(chunk.bytes);

  // The field just found.
  private int textStart;
  private int textEnd;
  private double number;

  /** What becomes of a field. */
  enum Action {
    PASS,
    NUMBER,
    CATEGORY,
    TIME
  }

  CsvReader(CsvSweep sweep, Action[] actions, int[] targets, RowBatch batch) {
    this.sweep = sweep;
    this.format = sweep.format;
    this.delimiter = format.delimiter();
    this.texts = sweep.texts;
    this.fieldCount = actions.length;
    this.actions = actions;
    this.targets = targets;
    this.batch = batch;
    this.unselectedActions = actions.clone();
    boolean others = false;
    for (int i = 0; i < fieldCount; i++) {
      if (actions[i] == Action.NUMBER) {
        unselectedActions[i] = Action.PASS;
      }
      others |= actions[i] == Action.CATEGORY || actions[i] == Action.TIME;
    }
    this.readsEveryRow = others;
  }

  @Override
  public RowBatch batch() {
    return batch;
  }

  @Override
  public boolean next() {
    batch.rows = 0;
    batch.skipped = 0;
    while (batch.rows == 0 && batch.skipped == 0) {
      if (chunk.at >= chunk.length && !nextChunk()) {
        return false;
      }
      parse();
    }
    return true;
  }

  private boolean nextChunk() {
    if (!sweep.chunks.next(chunk)) {
      return false;
    }
    batch.text = chunk.bytes;
    batch.textOffset = chunk.offset;
    segment = MemorySegment.ofArray(chunk.bytes);
    return true;
  }

  /** Fills the batch from the chunk, until one of them is through. */
  private void parse() {
    byte[] bytes = chunk.bytes;
    int at = chunk.at;
    int row = 0;
    while (row < batch.capacity && at < chunk.length) {
      if (bytes[at] == '\n' || (bytes[at] == '\r' && bytes[at + 1] == '\n')) {
        at += bytes[at] == '\n' ? 1 : 2; // A blank line.
        continue;
      }
      long key = RowBatch.key(sweep.number, chunk.offset + at);
      boolean isSelected = batch.isSelected(key);
      if (!isSelected && !readsEveryRow) {
        at = endOfRecord(bytes, at);
        batch.skipped++;
        continue;
      }
      batch.keys[row] = key;
      chunk.at = at; // Errors are about this record.
      at = record(bytes, at, row, isSelected ? actions : unselectedActions);
      row++;
    }
    chunk.at = at;
    batch.rows = row;
  }

  private int endOfRecord(byte[] bytes, int from) {
    if (!chunk.hasQuotes) {
      return RawChunks.lineFeed(bytes, from) + 1;
    }
    int at = from;
    boolean inside = false;
    while (inside || bytes[at] != '\n') {
      inside ^= bytes[at] == '"';
      at++;
    }
    return at + 1;
  }

  private int record(byte[] bytes, int from, int row, Action[] actions) {
    int at = from;
    for (int field = 0; field < actions.length; field++) {
      int end =
          switch (actions[field]) {
            case PASS -> field(bytes, at);
            case NUMBER -> {
              int behind = number(bytes, at, field);
              batch.numbers[targets[field]][row] = number;
              yield behind;
            }
            case CATEGORY -> category(bytes, at, targets[field], row);
            case TIME -> time(bytes, at, targets[field], row);
          };
      if (bytes[end] == delimiter) {
        at = end + 1;
        if (field == fieldCount - 1) {
          throw ragged(fieldCount + 1 + delimitersUntilLineEnd(at));
        }
      } else {
        at = bytes[end] == '\r' ? end + 2 : end + 1;
        if (field < fieldCount - 1) {
          throw ragged(field + 1);
        }
      }
    }
    return at;
  }

  /** Reads a number into {@link #number}; returns where its field ends. */
  private int number(byte[] bytes, int from, int field) {
    int at = from;
    boolean isNegative = bytes[at] == '-';
    if (isNegative) {
      at++;
    }
    int first = at;
    long digits = 0;
    int digit;
    while ((digit = bytes[at] - '0') >= 0 && digit <= 9) {
      digits = digits * 10 + digit;
      at++;
    }
    int count = at - first;
    int exponent = 0;
    if (bytes[at] == '.') {
      int point = ++at;
      while ((digit = bytes[at] - '0') >= 0 && digit <= 9) {
        digits = digits * 10 + digit;
        at++;
      }
      exponent = point - at;
      count -= exponent;
    }
    byte end = bytes[at];
    if ((end == 'e' || end == 'E') && count > 0) {
      return scientific(bytes, from, at + 1, field, isNegative, digits, exponent, count);
    }
    // 18 digits fit into a long whatever they are.
    if (count == 0
        || count > 18
        || (end != delimiter && end != '\n' && (end != '\r' || bytes[at + 1] != '\n'))) {
      return spelledNumber(bytes, from, field);
    }
    return decimal(bytes, from, at, field, isNegative, digits, exponent);
  }

  private int decimal(
      byte[] bytes, int from, int end, int field, boolean isNegative, long digits, int exponent) {
    double size = DecimalNumber.of(digits, exponent);
    if (Double.isNaN(size)) {
      return spelledNumber(bytes, from, field);
    }
    number = isNegative ? -size : size;
    return end;
  }

  private int scientific(
      byte[] bytes,
      int from,
      int behindE,
      int field,
      boolean isNegative,
      long digits,
      int scale,
      int count) {
    int at = behindE;
    boolean isSmall = bytes[at] == '-';
    if (isSmall || bytes[at] == '+') {
      at++;
    }
    int first = at;
    int exponent = 0;
    int digit;
    while ((digit = bytes[at] - '0') >= 0 && digit <= 9 && at - first < 5) {
      exponent = exponent * 10 + digit;
      at++;
    }
    if (at == first || count > 18 || !format.isEnd(bytes, at)) {
      return spelledNumber(bytes, from, field);
    }
    return decimal(
        bytes, from, at, field, isNegative, digits, scale + (isSmall ? -exponent : exponent));
  }

  private int spelledNumber(byte[] bytes, int from, int field) {
    int end = field(bytes, from);
    try {
      number = texts.number(bytes, textStart, textEnd);
    } catch (Texts.NotANumber e) {
      bad(bytes, field);
      number = Double.NaN;
    }
    return end;
  }

  private void bad(byte[] bytes, int field) {
    String text = new String(bytes, textStart, textEnd - textStart, StandardCharsets.UTF_8);
    sweep.bad.add(targets[field], text, chunk.offset + chunk.at);
  }

  private int category(byte[] bytes, int from, int column, int row) {
    int end = field(bytes, from);
    boolean isMissing = texts.isMissing(bytes, textStart, textEnd);
    batch.place(column, row, textStart, isMissing ? 0 : textEnd - textStart);
    batch.longs[column][row] =
        isMissing ? CategoryHash.MISSING : CategoryHash.of(segment, textStart, textEnd - textStart);
    return end;
  }

  private int time(byte[] bytes, int from, int column, int row) {
    int end = field(bytes, from);
    long millis = RowBatch.NO_TIME;
    if (!texts.isMissing(bytes, textStart, textEnd)) {
      millis = TimeText.millis(bytes, textStart, textEnd);
      if (millis == TimeText.NONE) {
        String text = new String(bytes, textStart, textEnd - textStart, StandardCharsets.UTF_8);
        sweep.bad.add(column, text, chunk.offset + chunk.at);
        millis = RowBatch.NO_TIME;
      }
    }
    batch.longs[column][row] = millis;
    return end;
  }

  /** Finds a field's text; returns where the field ends, which is behind it where it is quoted. */
  private int field(byte[] bytes, int from) {
    if (bytes[from] == '"') {
      return quotedField(bytes, from);
    }
    int at = from;
    while (true) {
      byte one = bytes[at];
      if (one == delimiter || one == '\n' || (one == '\r' && bytes[at + 1] == '\n')) {
        textStart = from;
        textEnd = at;
        return at;
      }
      if (one == '"') {
        throw new DataException(
            place()
                + ": a quote inside a field that does not begin with one (expected: all of the field"
                + " in quotes, and its own quotes doubled)",
            null,
            chunk.offset + chunk.at);
      }
      at++;
    }
  }

  /** Takes the doubling of quotes back where the text lies, since it only gets shorter. */
  private int quotedField(byte[] bytes, int from) {
    int at = from + 1;
    int to = at;
    textStart = at;
    while (true) {
      byte one = bytes[at++];
      if (one == '"') {
        if (bytes[at] != '"') {
          break;
        }
        at++;
      }
      bytes[to++] = one;
    }
    textEnd = to;
    if (!format.isEnd(bytes, at)) {
      throw new DataException(
          place() + ": text behind a closing quote (expected: the next field, or the line's end)",
          null,
          chunk.offset + chunk.at);
    }
    return at;
  }

  private String place() {
    return TextPlace.of(sweep.path, chunk.offset + chunk.at);
  }

  private int delimitersUntilLineEnd(int from) {
    boolean inside = false;
    int count = 0;
    for (int at = from; inside || bytes(at) != '\n'; at++) {
      inside ^= bytes(at) == '"';
      count += bytes(at) == delimiter && !inside ? 1 : 0;
    }
    return count;
  }

  private DataException ragged(int found) {
    String fields = found == 1 ? " field" : " fields";
    return new DataException(
        place() + ": " + found + fields + " (expected: " + fieldCount + ", as in the first line)",
        null,
        chunk.offset + chunk.at);
  }

  private byte bytes(int at) {
    return chunk.bytes[at];
  }
}
