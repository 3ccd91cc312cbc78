package dev.skeg.monitor.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.zip.GZIPInputStream;

/** A table in a file; its columns are known, its rows are read as often as one likes. */
public sealed interface TableFile permits CsvFile, JsonLinesFile, ParquetFile {
  Path path();

  /** Returns {@code csv}, {@code jsonl} or {@code parquet}. */
  String format();

  /** Returns the size on disk. */
  default long sizeBytes() {
    try {
      return Files.size(path());
    } catch (IOException e) {
      throw DataException.unreadable(path(), e);
    }
  }

  /** Returns the columns' names, in the file's order. */
  List<String> columns();

  /** Returns the first rows, for a guess at what the columns hold. */
  TableHead head(int rows);

  /**
   * Begins to read all of it.
   *
   * @param file the file's number among those that are read together, so that rows' keys differ
   * @throws DataException if a wanted column is not there
   */
  Sweep sweep(Projection projection, int file);

  /**
   * Opens a file; what it is, its content tells. Text may be compressed by gzip.
   *
   * @throws DataException if it cannot be read, is empty, or is of no known format
   */
  static TableFile open(Path path, TableOptions options) {
    if (!Files.exists(path)) {
      throw new DataException(path + " does not exist");
    }
    if (Files.isDirectory(path)) {
      throw new DataException(path + " is a directory (expected: a file)");
    }
    byte[] start = start(path);
    if (start.length == 0) {
      throw DataException.empty(path);
    }
    if (beginsWith(start, "PAR1")) {
      if (isGzip(path)) {
        throw new DataException(path + " is Parquet in gzip (expected: it unpacked; gunzip)");
      }
      return ParquetFile.open(path, options);
    }
    if (start.length >= 2
        && ((start[0] == (byte) 0xFE && start[1] == (byte) 0xFF)
            || (start[0] == (byte) 0xFF && start[1] == (byte) 0xFE))) {
      throw new DataException(path + " is UTF-16 (expected: UTF-8; iconv -f utf-16 -t utf-8)");
    }
    if (beginsWith(start, "version https://git-lfs.github.com/")) {
      throw new DataException(
          path + " is a pointer of Git LFS to the file (expected: the file itself; git lfs pull)");
    }
    int first = firstText(start);
    String name = String.valueOf(path.getFileName()).toLowerCase(Locale.ROOT);
    if (first == '{') {
      return JsonLinesFile.open(path, options);
    }
    if (first == '[' && name.matches(".*\\.(json|jsonl|ndjson)(\\.gz)?")) {
      throw new DataException(
          path + " is one JSON array (expected: an object a line; jq -c '.[]' makes them)");
    }
    if (name.endsWith(".parquet")) {
      throw new DataException(
          path
              + (beginsWith(start, "PARE")
                  ? " is encrypted (expected: Parquet that is not)"
                  : " is no Parquet file (expected: one; or CSV or JSON lines by another name)"));
    }
    return CsvFile.open(path, options);
  }

  private static boolean beginsWith(byte[] start, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    return start.length >= bytes.length
        && Arrays.equals(start, 0, bytes.length, bytes, 0, bytes.length);
  }

  /** Returns what a file begins with, unpacked. */
  private static byte[] start(Path path) {
    boolean isGzip = isGzip(path);
    try (InputStream in = Files.newInputStream(path)) {
      return (isGzip ? new GZIPInputStream(in) : in).readNBytes(4096);
    } catch (IOException e) {
      throw DataException.unreadable(path, e);
    }
  }

  private static boolean isGzip(Path path) {
    try (InputStream in = Files.newInputStream(path)) {
      return Arrays.equals(in.readNBytes(2), new byte[] {0x1F, (byte) 0x8B});
    } catch (IOException e) {
      throw DataException.unreadable(path, e);
    }
  }

  private static int firstText(byte[] start) {
    int at = 0;
    if (start.length >= 3 && start[0] == (byte) 0xEF && start[1] == (byte) 0xBB) {
      at = 3;
    }
    while (at < start.length && (start[at] == ' ' || start[at] == '\n' || start[at] == '\r')) {
      at++;
    }
    return at < start.length ? start[at] : -1;
  }
}
