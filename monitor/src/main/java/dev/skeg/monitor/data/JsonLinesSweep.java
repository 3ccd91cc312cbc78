package dev.skeg.monitor.data;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import dev.skeg.monitor.data.Projection.As;
import dev.skeg.monitor.record.CategoryHash;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A sweep over JSON lines. */
final class JsonLinesSweep extends TextSweep {
  private final JsonLinesFile file;
  private final Keys root = new Keys();

  /** The wanted names of an object: what is within, and which column a value is. */
  private static final class Keys {
    final Map<String, Keys> names = new HashMap<>();
    int column = -1;
  }

  JsonLinesSweep(JsonLinesFile file, Projection projection, TableOptions options, int number) {
    super(file.path(), projection, options, number, new RawChunks(file.path(), 0, false));
    this.file = file;
    List<Projection.Wanted> wanted = projection.columns();
    for (int i = 0; i < wanted.size(); i++) {
      if (wanted.get(i).as() == As.DERIVED) {
        continue;
      }
      String name = wanted.get(i).name();
      Keys keys = root;
      for (String part : name.split("\\.", -1)) {
        keys = keys.names.computeIfAbsent(part, key -> new Keys());
      }
      keys.column = i;
      // A key may have the dots itself.
      Keys whole = root.names.computeIfAbsent(name, key -> new Keys());
      whole.column = i;
    }
  }

  @Override
  public RowReader reader() {
    return new Reader(new RowBatch(projection, file.path()));
  }

  /** Owned by one thread. */
  private final class Reader implements RowReader {
    private final RowBatch batch;
    private final RawChunk chunk = new RawChunk(RawChunks.SIZE);
    private final boolean readsEveryRow =
        projection.columns().stream()
            .anyMatch(column -> column.as() == As.CATEGORY || column.as() == As.TIME);
    private byte[] text = new byte[1 << 12];
    private int textLength;

    Reader(RowBatch batch) {
      this.batch = batch;
    }

    @Override
    public RowBatch batch() {
      return batch;
    }

    @Override
    public boolean next() {
      batch.rows = 0;
      batch.skipped = 0;
      textLength = 0;
      while (batch.rows == 0 && batch.skipped == 0) {
        if (chunk.at >= chunk.length && !chunks.next(chunk)) {
          return false;
        }
        parse();
      }
      batch.text = text;
      return true;
    }

    private void parse() {
      while (batch.rows < batch.capacity && chunk.at < chunk.length) {
        int from = chunk.at;
        int end = RawChunks.lineFeed(chunk.bytes, from);
        if (!JsonLinesFile.isBlank(chunk.bytes, from, end)) {
          long key = RowBatch.key(number, chunk.offset + from);
          boolean isSelected = batch.isSelected(key);
          if (isSelected || readsEveryRow) {
            batch.keys[batch.rows] = key;
            line(from, end, isSelected);
            batch.rows++;
          } else {
            batch.skipped++;
          }
        }
        chunk.at = end + 1;
      }
    }

    private void line(int from, int end, boolean isSelected) {
      int row = batch.rows;
      for (int i = 0; i < projection.columns().size(); i++) {
        switch (projection.columns().get(i).as()) {
          case NUMBER -> batch.numbers[i][row] = Double.NaN;
          case CATEGORY -> {
            batch.longs[i][row] = CategoryHash.MISSING;
            batch.place(i, row, 0, 0);
          }
          case TIME -> batch.longs[i][row] = RowBatch.NO_TIME;
          case VECTOR -> noVector(i);
          case DERIVED -> {}
        }
      }
      try (JsonParser parser = file.json().createParser(chunk.bytes, from, end - from)) {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
          throw JsonLinesFile.notAnObject(file.path(), chunk.offset + from);
        }
        object(parser, root, isSelected);
        if (parser.nextToken() != null) {
          throw JsonLinesFile.notAnObject(file.path(), chunk.offset + from);
        }
      } catch (JsonProcessingException e) {
        throw JsonLinesFile.malformed(file.path(), chunk.offset + from, e);
      } catch (IOException e) {
        throw DataException.unreadable(file.path(), e);
      }
    }

    private void object(JsonParser parser, Keys keys, boolean isSelected) throws IOException {
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        @Nullable Keys key = keys.names.get(parser.currentName());
        JsonToken token = parser.nextToken();
        if (key == null) {
          parser.skipChildren();
        } else if (token == JsonToken.START_OBJECT) {
          object(parser, key, isSelected);
        } else if (key.column >= 0) {
          value(parser, token, key.column, isSelected);
        } else {
          parser.skipChildren();
        }
      }
    }

    private void value(JsonParser parser, JsonToken token, int column, boolean isSelected)
        throws IOException {
      int row = batch.rows;
      if (token == JsonToken.VALUE_NULL) {
        return;
      }
      As as = projection.columns().get(column).as();
      if (as == As.VECTOR) {
        vector(parser, token, column, isSelected);
        return;
      }
      if (token == JsonToken.START_ARRAY) {
        parser.skipChildren();
        bad.add(column, "[…]", chunk.offset + chunk.at);
        return;
      }
      switch (as) {
        case NUMBER -> {
          if (isSelected) {
            batch.numbers[column][row] = number(parser, token, column);
          }
        }
        case CATEGORY -> category(parser.getText(), column, row);
        case TIME -> batch.longs[column][row] = time(parser, token, column);
        case VECTOR, DERIVED -> throw new IllegalStateException("" + as);
      }
    }

    private void noVector(int column) {
      int length = projection.columns().get(column).length();
      int first = batch.rows * length;
      Arrays.fill(batch.vectors[column], first, first + length, Float.NaN);
    }

    /** Reads a list; an empty one is missing. */
    private void vector(JsonParser parser, JsonToken token, int column, boolean isSelected)
        throws IOException {
      if (!isSelected) {
        parser.skipChildren();
        return;
      }
      if (token != JsonToken.START_ARRAY) {
        if (!texts.isMissing(parser.getText())) {
          bad.add(column, parser.getText(), chunk.offset + chunk.at);
        }
        return;
      }
      int length = projection.columns().get(column).length();
      int first = batch.rows * length;
      int count = 0;
      boolean areNumbers = true;
      for (JsonToken each = parser.nextToken();
          each != JsonToken.END_ARRAY;
          each = parser.nextToken()) {
        parser.skipChildren();
        areNumbers &= each.isNumeric();
        if (areNumbers && count < length) {
          batch.vectors[column][first + count] = parser.getFloatValue();
        }
        count++;
      }
      if (count > 0 && (count != length || !areNumbers)) {
        noVector(column);
        bad.add(column, "[… " + count + " values]", chunk.offset + chunk.at);
      }
    }

    private double number(JsonParser parser, JsonToken token, int column) throws IOException {
      if (token.isNumeric()) {
        return parser.getDoubleValue();
      }
      try {
        return texts.number(parser.getText());
      } catch (Texts.NotANumber e) {
        bad.add(column, parser.getText(), chunk.offset + chunk.at);
        return Double.NaN;
      }
    }

    private long time(JsonParser parser, JsonToken token, int column) throws IOException {
      long millis;
      if (token.isNumeric()) {
        double number = parser.getDoubleValue();
        millis = Double.isNaN(number) ? RowBatch.NO_TIME : TimeText.ofNumber(number);
      } else {
        String text = parser.getText();
        millis = texts.isMissing(text) ? RowBatch.NO_TIME : TimeText.millis(text);
      }
      if (millis == TimeText.NONE) {
        bad.add(column, parser.getText(), chunk.offset + chunk.at);
        return RowBatch.NO_TIME;
      }
      return millis;
    }

    private void category(String value, int column, int row) {
      if (texts.isMissing(value)) {
        return;
      }
      byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
      if (textLength + bytes.length > text.length) {
        text = Arrays.copyOf(text, Math.max(2 * text.length, textLength + bytes.length));
      }
      System.arraycopy(bytes, 0, text, textLength, bytes.length);
      batch.place(column, row, textLength, bytes.length);
      batch.longs[column][row] = CategoryHash.of(MemorySegment.ofArray(bytes));
      textLength += bytes.length;
    }
  }
}
