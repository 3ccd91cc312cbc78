package dev.skeg.runtime.source;

import dev.skeg.registry.Pointer;
import dev.skeg.registry.RemoteFile;
import dev.skeg.registry.Revision;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.Transfer;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A source that knows when a pointer was last looked up there. <b>Threads.</b> Any. */
final class LookedUp implements Source {
  private final Source source;
  private final InstantSource clock;
  private volatile @Nullable Instant time;

  LookedUp(Source source, InstantSource clock) {
    this.source = source;
    this.clock = clock;
  }

  /** Returns when that was; empty if it never succeeded. */
  Optional<Instant> time() {
    return Optional.ofNullable(time);
  }

  @Override
  public SourceUri uri() {
    return source.uri();
  }

  @Override
  public Revision resolve(Pointer pointer, @Nullable Revision known) {
    Revision revision = source.resolve(pointer, known);
    time = clock.instant();
    return revision;
  }

  @Override
  public List<RemoteFile> files(Revision revision) {
    return source.files(revision);
  }

  @Override
  public Transfer open(Revision revision, RemoteFile file, long offset) {
    return source.open(revision, file, offset);
  }

  @Override
  public void close() {
    source.close();
  }
}
