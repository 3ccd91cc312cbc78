package dev.skeg.monitor.data;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A file with a JSON object a line. A value within objects has a dotted name, as {@code user.age};
 * lists are features only if they are of numbers and equally long. The columns are those that the
 * first lines have; a key that a line does not have is a missing value. {@code NaN} and {@code
 * Infinity}, which Python writes, are numbers.
 */
public final class JsonLinesFile implements TableFile {
  /** Lines that are looked at for their columns. */
  static final int HEAD_ROWS = 10_000;

  private static final long HEAD_BYTES = 32L << 20;

  private final Path path;
  private final TableOptions options;
  private final JsonFactory json;
  private final Map<String, Integer> columns = new LinkedHashMap<>();
  private final Map<String, TableHead.Declared> nested = new HashMap<>();

  /** How many numbers a column's lists have; below 1 if they are not all lists of as many. */
  private final Map<String, Integer> lists = new HashMap<>();

  private JsonLinesFile(Path path, TableOptions options) {
    this.path = path;
    this.options = options;
    this.json = JsonFactory.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();
  }

  static JsonLinesFile open(Path path, TableOptions options) {
    JsonLinesFile file = new JsonLinesFile(path, options);
    file.lines(HEAD_ROWS, parser -> file.collect(parser, "", name -> {}));
    return file;
  }

  /** What is done with a line's object, whose beginning was just read. */
  private interface Line {
    void read(JsonParser parser) throws IOException;
  }

  /** What is done with a value that was just read. */
  private interface Value {
    void read(String name) throws IOException;
  }

  /** Reads the first lines. */
  private void lines(int rows, Line each) {
    int read = 0;
    RawChunk chunk = new RawChunk(RawChunks.SIZE);
    try (RawChunks chunks = new RawChunks(path, 0, false)) {
      while (read < rows && chunk.offset < HEAD_BYTES && chunks.next(chunk)) {
        int at = 0;
        while (read < rows && at < chunk.length) {
          int end = RawChunks.lineFeed(chunk.bytes, at);
          if (!isBlank(chunk.bytes, at, end)) {
            try (JsonParser parser = json.createParser(chunk.bytes, at, end - at)) {
              if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw notAnObject(path, chunk.offset + at);
              }
              each.read(parser);
              read++;
            } catch (JsonProcessingException e) {
              throw malformed(path, chunk.offset + at, e);
            }
          }
          at = end + 1;
        }
      }
    } catch (IOException e) {
      throw DataException.unreadable(path, e);
    }
  }

  /** Collects an object's columns and has its values read. */
  private void collect(JsonParser parser, String prefix, Value each) throws IOException {
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = prefix + parser.currentName();
      JsonToken token = parser.nextToken();
      if (token == JsonToken.START_OBJECT) {
        collect(parser, name + ".", each);
        continue;
      }
      columns.putIfAbsent(name, columns.size());
      if (token == JsonToken.START_ARRAY) {
        nested.put(name, TableHead.Declared.NESTED);
        int length = length(parser);
        if (length != 0) { // An empty one is missing.
          lists.merge(name, length, (one, other) -> one.equals(other) ? one : -1);
        }
      } else if (token != JsonToken.VALUE_NULL) {
        each.read(name);
      }
    }
  }

  /** Reads a list, whose beginning was just read; returns -1 if it is not one of numbers. */
  private static int length(JsonParser parser) throws IOException {
    int length = 0;
    boolean areNumbers = true;
    for (JsonToken token = parser.nextToken();
        token != JsonToken.END_ARRAY;
        token = parser.nextToken()) {
      parser.skipChildren();
      areNumbers &= token.isNumeric();
      length++;
    }
    return areNumbers ? length : -1;
  }

  static boolean isBlank(byte[] bytes, int from, int to) {
    for (int i = from; i < to; i++) {
      if (bytes[i] != ' ' && bytes[i] != '\r' && bytes[i] != '\t') {
        return false;
      }
    }
    return true;
  }

  static DataException malformed(Path path, long offset, JsonProcessingException e) {
    String said = e.getOriginalMessage().lines().findFirst().orElse("no JSON");
    // Where a bracket was opened it says in its own words, and always of line 1.
    String problem = said.replaceFirst(" \\(start marker at .*", "");
    return new DataException(
        TextPlace.of(path, offset)
            + ": "
            + problem
            + " "
            + (problem.startsWith("Invalid UTF-8")
                ? Texts.EXPECTED_UTF_8
                : "(expected: one JSON object a line)"),
        null,
        offset);
  }

  static DataException notAnObject(Path path, long offset) {
    return new DataException(
        TextPlace.of(path, offset) + ": no JSON object (expected: one a line)", null, offset);
  }

  JsonFactory json() {
    return json;
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public String format() {
    return "jsonl";
  }

  @Override
  public List<String> columns() {
    return List.copyOf(columns.keySet());
  }

  @Override
  public TableHead head(int rows) {
    Texts texts = new Texts(options.missing());
    int width = columns.size();
    List<@Nullable String[]> head = new ArrayList<>();
    lines(
        Math.min(rows, HEAD_ROWS),
        parser -> {
          @Nullable String[] row = new @Nullable String[width];
          collect(
              parser,
              "",
              name -> {
                int column = columns.getOrDefault(name, width);
                if (column < width && !texts.isMissing(parser.getText())) {
                  row[column] = parser.getText();
                }
              });
          head.add(row);
        });
    Map<String, Integer> ofNumbers = new HashMap<>(lists);
    ofNumbers.values().removeIf(length -> length < 1);
    return new TableHead(columns(), head, nested, ofNumbers);
  }

  @Override
  public Sweep sweep(Projection projection, int file) {
    return new JsonLinesSweep(this, projection, options, file);
  }
}
