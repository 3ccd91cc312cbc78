package dev.skeg.monitor.data;

import java.nio.file.Path;

/**
 * A sweep over a text file: its chunks, and what its texts mean.
 *
 * <p><b>Threads.</b> Any.
 */
abstract class TextSweep implements Sweep {
  final Path path;
  final Projection projection;

  /** The file's number among those that are read together. */
  final int number;

  final Texts texts;
  final BadValues bad;
  final RawChunks chunks;

  /**
   * @param chunks of the file; closed by this
   */
  TextSweep(Path path, Projection projection, TableOptions options, int number, RawChunks chunks) {
    this.path = path;
    this.projection = projection;
    this.number = number;
    this.texts = new Texts(options.missing());
    this.bad = new BadValues(path, projection, options.badValueIsMissing());
    this.chunks = chunks;
  }

  @Override
  public final long bytesRead() {
    return chunks.bytesRead();
  }

  @Override
  public final void stop() {
    chunks.stop();
  }

  @Override
  public final long badValues(int column) {
    return bad.count(column);
  }

  @Override
  public final void close() {
    chunks.close();
  }
}
