package dev.skeg.registry.store;

import dev.skeg.registry.Digests;
import dev.skeg.registry.Network.Retries;
import dev.skeg.registry.Progress;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.RemoteFile;
import dev.skeg.registry.Revision;
import dev.skeg.registry.Source;
import dev.skeg.registry.Transfer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.time.Duration;

/**
 * Brings one remote file to {@code partial/}, hashed, and goes on where an earlier attempt, of this
 * process or one before it, broke off.
 *
 * <p>A transfer that breaks is taken up again as often as the retries say, counted anew whenever
 * bytes came. One whose digest is wrong is begun again once: the partial file may have been spoilt
 * by a crash; then it is the source that is.
 *
 * <p><b>Threads.</b> Owned by the thread that fetches, which holds the revision's lock.
 */
final class Download {
  private static final int BUFFER_BYTES = 1 << 17;

  /** Waits; tests pass one that only counts. */
  @FunctionalInterface
  interface Pause {
    void pause(Duration time) throws InterruptedException;
  }

  /**
   * What came.
   *
   * @param sha256 of all bytes
   */
  record Done(Path file, long sizeBytes, String sha256) {}

  private final Source source;
  private final Revision revision;
  private final Progress progress;
  private final Retries retries;
  private final Pause pause;
  private final byte[] buffer = new byte[BUFFER_BYTES];

  Download(Source source, Revision revision, Progress progress, Retries retries, Pause pause) {
    this.source = source;
    this.revision = revision;
    this.progress = progress;
    this.retries = retries;
    this.pause = pause;
  }

  Done run(RemoteFile file, Path partial, long maxBytes) throws IOException {
    boolean resumed = Files.exists(partial);
    for (boolean again = false; ; again = true) {
      Done done = complete(file, partial, maxBytes);
      String problem = problem(file, done);
      if (problem.isEmpty()) {
        return done;
      }
      Files.deleteIfExists(partial);
      if (again) {
        throw new RegistryException(
            source.uri()
                + " "
                + name(file)
                + " came twice with "
                + problem
                + (resumed ? "; what lay here from before is gone" : ""));
      }
    }
  }

  private static String problem(RemoteFile file, Done done) {
    if (file.sizeBytes() >= 0 && file.sizeBytes() != done.sizeBytes()) {
      return done.sizeBytes() + " bytes (expected: " + file.sizeBytes() + ")";
    }
    return file.sha256().isEmpty() || file.sha256().equals(done.sha256())
        ? ""
        : "sha256 " + done.sha256() + " (expected: " + file.sha256() + ")";
  }

  /** Transfers until the source says that it is whole. */
  private Done complete(RemoteFile file, Path partial, long maxBytes) throws IOException {
    MessageDigest digest = Digests.sha256();
    try (FileChannel out =
        FileChannel.open(
            partial,
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      long have = hashExisting(out, digest, file);
      for (int attempt = 1; ; attempt++) {
        long before = have;
        try {
          have = transfer(file, out, have, digest, maxBytes);
          out.force(true);
          return new Done(partial, have, Digests.hex(digest.digest()));
        } catch (IOException | RegistryException e) {
          RegistryException failure = asFailure(file, e);
          have = out.position();
          attempt = have > before ? 1 : attempt;
          if (failure.kind() != Kind.TRANSIENT || attempt >= retries.attempts()) {
            out.force(true);
            throw failure;
          }
          waitBefore(attempt, failure);
        }
      }
    }
  }

  /** Hashes what an earlier attempt left; a part longer than the whole is begun again. */
  private long hashExisting(FileChannel out, MessageDigest digest, RemoteFile file)
      throws IOException {
    // Without a digest nothing would tell a spoilt beginning from a sound one.
    boolean unusable =
        file.sha256().isEmpty() || (file.sizeBytes() >= 0 && out.size() > file.sizeBytes());
    if (unusable) {
      out.truncate(0);
    }
    ByteBuffer chunk = ByteBuffer.wrap(buffer);
    while (out.read(chunk) >= 0) {
      digest.update(buffer, 0, chunk.position());
      chunk.clear();
    }
    return out.position();
  }

  private long transfer(
      RemoteFile file, FileChannel out, long have, MessageDigest digest, long maxBytes)
      throws IOException {
    if (file.sizeBytes() >= 0 && have == file.sizeBytes() && have > 0) {
      return have;
    }
    long done = have;
    try (Transfer transfer = source.open(revision, file, have)) {
      if (transfer.offset() != have) {
        if (transfer.offset() != 0) {
          throw new RegistryException(
              source.uri() + " went on at " + transfer.offset() + " (expected: " + have + " or 0)");
        }
        digest.reset();
        out.truncate(0);
        done = 0;
      }
      InputStream in = transfer.in();
      long total = file.sizeBytes() >= 0 ? file.sizeBytes() : transfer.totalBytes();
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        if (read > maxBytes - done) {
          throw new RegistryException(
              source.uri()
                  + " "
                  + name(file)
                  + " has more than "
                  + maxBytes
                  + " bytes (expected: less)");
        }
        ByteBuffer chunk = ByteBuffer.wrap(buffer, 0, read);
        while (chunk.hasRemaining()) {
          out.write(chunk);
        }
        digest.update(buffer, 0, read);
        done += read;
        progress.moved(name(file), done, total);
      }
      if (total >= 0 && done < total) {
        throw new IOException("ended after " + done + " of " + total + " bytes");
      }
    }
    return done;
  }

  private RegistryException asFailure(RemoteFile file, Exception e) {
    return e instanceof RegistryException failure
        ? failure
        : new RegistryException(
            Kind.TRANSIENT, source.uri() + " " + name(file) + " broke off: " + e.getMessage(), e);
  }

  private static String name(RemoteFile file) {
    return file.path().isEmpty() ? file.packing().name() : file.path();
  }

  private void waitBefore(int attempt, RegistryException failure) {
    long longest = retries.longest().toNanos();
    long backOff = Math.min(longest, retries.first().toNanos() << Math.min(attempt - 1, 20));
    long asked = failure.retryAfter().orElse(Duration.ZERO).toNanos();
    if (asked > longest) {
      throw failure;
    }
    try {
      pause.pause(Duration.ofNanos(Math.max(backOff, asked)));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure;
    }
  }
}
