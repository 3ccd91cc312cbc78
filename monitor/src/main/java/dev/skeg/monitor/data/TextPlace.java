package dev.skeg.monitor.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** Says where in a text file something is, for people. */
final class TextPlace {
  private TextPlace() {}

  /** Returns file and line of a byte, as {@code train.csv:17}; reads the file up to there. */
  static String of(Path path, long offset) {
    try (FileChannel channel = FileChannel.open(path);
        InputStream in = RawChunks.text(channel)) {
      byte[] buffer = new byte[1 << 16];
      long line = 1;
      long left = offset;
      while (left > 0) {
        int read = in.read(buffer, 0, (int) Math.min(left, buffer.length));
        if (read < 0) {
          break;
        }
        for (int i = 0; i < read; i++) {
          line += buffer[i] == '\n' ? 1 : 0;
        }
        left -= read;
      }
      return path + ":" + line;
    } catch (IOException e) {
      return path + " at byte " + offset;
    }
  }

  /** Returns a value as it may stand in a message: quoted, short, in one line. */
  static String quote(String value) {
    String line = value.replaceAll("\\s+", " ");
    return '"' + (line.length() > 40 ? line.substring(0, 40) + "…" : line) + '"';
  }
}
