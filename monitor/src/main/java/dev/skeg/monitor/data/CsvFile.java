package dev.skeg.monitor.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A CSV file in UTF-8, with or without a byte order mark, compressed by gzip or not. */
public final class CsvFile implements TableFile {
  private static final int BYTE_ORDER_MARK = 3;

  private final Path path;
  private final TableOptions options;
  private final CsvFormat format;
  private final List<String> columns;
  private final long firstRecord;

  private CsvFile(
      Path path, TableOptions options, CsvFormat format, List<String> columns, long firstRecord) {
    this.path = path;
    this.options = options;
    this.format = format;
    this.columns = List.copyOf(columns);
    this.firstRecord = firstRecord;
  }

  static CsvFile open(Path path, TableOptions options) {
    RawChunk chunk = new RawChunk(RawChunks.SIZE);
    try (RawChunks chunks = new RawChunks(path, 0, true)) {
      if (!chunks.next(chunk)) {
        throw DataException.empty(path);
      }
    }
    byte[] bytes = chunk.bytes;
    int at = hasByteOrderMark(bytes) ? BYTE_ORDER_MARK : 0;
    while (at < chunk.length && (bytes[at] == '\n' || bytes[at] == '\r')) {
      at++;
    }
    if (at == chunk.length) {
      throw DataException.withoutRows(path);
    }
    int start = at;
    CsvFormat format =
        options
            .delimiter()
            .map(given -> new CsvFormat((byte) given.charValue()))
            .orElseGet(() -> CsvFormat.detect(bytes, start, chunk.length));
    CsvFormat.Fields first = format.split(bytes, start);
    if (first.texts().size() == 1 && first.texts().getFirst().indexOf('\r') >= 0) {
      throw new DataException(
          path
              + " ends its lines by a carriage return alone (expected: a line feed; tr '\\r' '\\n')");
    }
    if (options.hasHeader() && !Texts.isUtf8(bytes, start, first.next())) {
      throw new DataException(
          path + ": the header " + first.texts() + " is no UTF-8 " + Texts.EXPECTED_UTF_8);
    }
    return options.hasHeader()
        ? new CsvFile(path, options, format, names(path, first.texts()), first.next())
        : new CsvFile(path, options, format, numbered(first.texts().size()), start);
  }

  private static boolean hasByteOrderMark(byte[] bytes) {
    return bytes[0] == (byte) 0xEF && bytes[1] == (byte) 0xBB && bytes[2] == (byte) 0xBF;
  }

  /** Makes names of the header's fields; one without a name, as pandas writes it, gets one. */
  private static List<String> names(Path path, List<String> header) {
    List<String> names = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < header.size(); i++) {
      String name = header.get(i).strip();
      name = name.isEmpty() ? "unnamed_" + i : name;
      if (!seen.add(name)) {
        throw new DataException(
            path + ": two columns are called " + name + " (expected: a name for each)");
      }
      names.add(name);
    }
    return names;
  }

  private static List<String> numbered(int count) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      names.add("c" + i);
    }
    return names;
  }

  CsvFormat csvFormat() {
    return format;
  }

  /** Returns where the first record that is no header begins in the file's text. */
  long firstRecord() {
    return firstRecord;
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public String format() {
    return "csv";
  }

  @Override
  public List<String> columns() {
    return columns;
  }

  @Override
  public TableHead head(int rows) {
    Texts texts = new Texts(options.missing());
    List<@Nullable String[]> head = new ArrayList<>();
    RawChunk chunk = new RawChunk(RawChunks.SIZE);
    try (RawChunks chunks = new RawChunks(path, firstRecord, true)) {
      while (head.size() < rows && chunks.next(chunk)) {
        while (head.size() < rows && chunk.at < chunk.length) {
          if (chunk.bytes[chunk.at] == '\n' || chunk.bytes[chunk.at] == '\r') {
            chunk.at++;
            continue;
          }
          CsvFormat.Fields record = format.split(chunk.bytes, chunk.at);
          head.add(row(record.texts(), texts));
          chunk.at = record.next();
        }
      }
    }
    return new TableHead(columns, head, Map.of(), Map.of());
  }

  /** Leaves ragged rows to the sweep, which says where they are. */
  private @Nullable String[] row(List<String> fields, Texts texts) {
    @Nullable String[] row = new @Nullable String[columns.size()];
    for (int i = 0; i < Math.min(row.length, fields.size()); i++) {
      String text = fields.get(i);
      row[i] = texts.isMissing(text) ? null : text;
    }
    return row;
  }

  @Override
  public Sweep sweep(Projection projection, int file) {
    return CsvSweep.of(this, projection, options, file);
  }
}
