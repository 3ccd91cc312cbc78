package dev.skeg.monitor.data;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
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
 * lists are no features. The columns are those that the first lines have.
 */
public final class JsonLinesFile implements TableFile {
  /** Lines that are looked at for their columns. */
  static final int HEAD_ROWS = 10_000;

  private static final long HEAD_BYTES = 32L << 20;

  private final Path path;
  private final TableOptions options;
  private final JsonFactory json;
  private final TableHead head;

  private JsonLinesFile(Path path, TableOptions options, JsonFactory json, TableHead head) {
    this.path = path;
    this.options = options;
    this.json = json;
    this.head = head;
  }

  static JsonLinesFile open(Path path, TableOptions options) {
    JsonFactory json = new JsonFactory();
    return new JsonLinesFile(path, options, json, readHead(path, options, json));
  }

  private static TableHead readHead(Path path, TableOptions options, JsonFactory json) {
    Texts texts = new Texts(options.missing());
    Map<String, TableHead.@Nullable Declared> columns = new LinkedHashMap<>();
    List<Map<String, String>> rows = new ArrayList<>();
    RawChunk chunk = new RawChunk(RawChunks.SIZE);
    try (RawChunks chunks = new RawChunks(path, 0, false)) {
      while (rows.size() < HEAD_ROWS && chunk.offset < HEAD_BYTES && chunks.next(chunk)) {
        int at = 0;
        while (rows.size() < HEAD_ROWS && at < chunk.length) {
          int end = RawChunks.lineFeed(chunk.bytes, at);
          if (!isBlank(chunk.bytes, at, end)) {
            try (JsonParser parser = json.createParser(chunk.bytes, at, end - at)) {
              Map<String, String> row = new HashMap<>();
              if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw notAnObject(path, chunk.offset + at);
              }
              collect(parser, "", columns, row, texts);
              rows.add(row);
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
    return head(columns, rows);
  }

  private static TableHead head(
      Map<String, TableHead.@Nullable Declared> columns, List<Map<String, String>> rows) {
    List<String> names = new ArrayList<>(columns.keySet());
    List<@Nullable String[]> texts = new ArrayList<>();
    for (Map<String, String> row : rows) {
      @Nullable String[] line = new @Nullable String[names.size()];
      for (int i = 0; i < line.length; i++) {
        line[i] = row.get(names.get(i));
      }
      texts.add(line);
    }
    Map<String, TableHead.Declared> nested = new HashMap<>();
    columns.forEach((name, declared) -> {
      if (declared != null) {
        nested.put(name, declared);
      }
    });
    return new TableHead(names, texts, nested);
  }

  /** Collects an object's values, whose beginning was just read. */
  private static void collect(
      JsonParser parser,
      String prefix,
      Map<String, TableHead.@Nullable Declared> columns,
      Map<String, String> row,
      Texts texts)
      throws IOException {
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = prefix + parser.currentName();
      switch (parser.nextToken()) {
        case START_OBJECT -> collect(parser, name + ".", columns, row, texts);
        case START_ARRAY -> {
          parser.skipChildren();
          columns.put(name, TableHead.Declared.NESTED);
        }
        case VALUE_NULL -> columns.putIfAbsent(name, null);
        default -> {
          columns.putIfAbsent(name, null);
          if (!texts.isMissing(parser.getText())) {
            row.put(name, parser.getText());
          }
        }
      }
    }
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
    return new DataException(
        TextPlace.of(path, offset)
            + ": "
            + e.getOriginalMessage().lines().findFirst().orElse("no JSON")
            + " (expected: one JSON object a line)",
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
    return head.columns();
  }

  @Override
  public TableHead head(int rows) {
    return rows >= head.rows().size()
        ? head
        : new TableHead(head.columns(), head.rows().subList(0, rows), head.declared());
  }

  @Override
  public Sweep sweep(Projection projection, int file) {
    return new JsonLinesSweep(this, projection, options, file);
  }
}
