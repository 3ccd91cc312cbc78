package dev.skeg.registry.store;

import dev.skeg.registry.ArtifactFile;
import dev.skeg.registry.Digests;
import dev.skeg.registry.Packing;
import dev.skeg.registry.PublishedLayout;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.SafePath;
import dev.skeg.registry.SizeCaps;
import io.airlift.compress.v3.MalformedInputException;
import io.airlift.compress.v3.zstd.ZstdJavaInputStream;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;

/**
 * Unpacks an archive from a source that is not trusted.
 *
 * <p>Files and directories only, anything else that would be kept is refused: links and devices. So
 * are absolute paths, {@code ..}, names that come twice in one archive or differ in case only, and
 * whatever exceeds the caps: bytes are counted as they come, whatever headers say, and so is what
 * they were packed in. Nothing is written but new files under numbered names; the archive's names
 * are used only once they passed {@link SafePath}. A later layer replaces files of an earlier one,
 * and removes them by the image format's {@code .wh.} names.
 *
 * <p>Zstandard is decoded in Java (aircompressor 3: Apache-2.0, 2.5 MB with nothing beside it)
 * rather than by zstd-jni (BSD, 6.5 MB of native libraries): layers are read once, and no native
 * code sees bytes from outside.
 *
 * <p><b>Threads.</b> Owned by the thread that fetches.
 */
final class Unpacker {
  private static final int BUFFER_BYTES = 1 << 17;
  private static final String REMOVED = ".wh.";
  private static final String REMOVED_ALL = ".wh..wh..opq";
  // A few kilobytes of zeros pack arbitrarily well, so the ratio counts from here on.
  private static final long RATIO_FREE_BYTES = 1 << 20;

  private final SizeCaps caps;
  private final Staging staging;
  private final byte[] buffer = new byte[BUFFER_BYTES];

  Unpacker(SizeCaps caps, Staging staging) {
    this.caps = caps;
    this.staging = staging;
  }

  /**
   * Unpacks.
   *
   * @param prefix what entries must begin with to be kept, and lose; {@code ""} keeps all
   * @param origin names the archive in messages
   */
  void unpack(Path archive, Packing packing, String prefix, String origin) throws IOException {
    long packedBytes = Files.size(archive);
    try (InputStream file = new BufferedInputStream(Files.newInputStream(archive), BUFFER_BYTES);
        InputStream unpacked = new Counted(decoded(file, packing), limit(packedBytes), origin);
        TarArchiveInputStream tar = new TarArchiveInputStream(unpacked)) {
      Set<String> seen = new HashSet<>();
      int entries = 0;
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        if (++entries > caps.maxArchiveEntries()) {
          throw new RegistryException(
              origin + " has more than " + caps.maxArchiveEntries() + " entries (expected: fewer)");
        }
        entry(tar, entry, prefix, seen);
      }
      // To the end, so that a checksum behind the archive's last entry is checked too.
      while (unpacked.read(buffer) >= 0) {}
    } catch (IOException | MalformedInputException | IllegalArgumentException e) {
      if (isOurDisk(e)) {
        throw e;
      }
      // The archive's digest was right: the same bytes will never unpack.
      throw new RegistryException(
          Kind.INVALID, origin + " does not unpack as " + packing + ": " + e.getMessage(), e);
    }
  }

  private static boolean isOurDisk(Exception e) {
    return e instanceof FileSystemException
        || String.valueOf(e.getMessage()).startsWith("No space left");
  }

  private long limit(long packedBytes) {
    long byRatio =
        packedBytes > Long.MAX_VALUE / caps.maxCompressionRatio()
            ? Long.MAX_VALUE
            : Math.max(RATIO_FREE_BYTES, packedBytes * caps.maxCompressionRatio());
    // Tar adds at most three blocks and a name to a file.
    long overhead = 8192L * caps.maxArchiveEntries();
    long bySize =
        caps.maxVersionBytes() > Long.MAX_VALUE - overhead
            ? Long.MAX_VALUE
            : caps.maxVersionBytes() + overhead;
    return Math.min(byRatio, bySize);
  }

  private static InputStream decoded(InputStream file, Packing packing) throws IOException {
    return switch (packing) {
      case PLAIN -> throw new IllegalArgumentException("packing: PLAIN (expected: an archive)");
      case TAR -> file;
      case TAR_GZIP ->
          GzipCompressorInputStream.builder()
              .setInputStream(file)
              .setDecompressConcatenated(true)
              .get();
      case TAR_ZSTD -> new ZstdJavaInputStream(file);
    };
  }

  private void entry(
      TarArchiveInputStream tar, TarArchiveEntry entry, String prefix, Set<String> seen)
      throws IOException {
    String name = entry.getName();
    while (name.startsWith("./")) {
      name = name.substring(2);
    }
    if (!name.startsWith(prefix)) {
      return;
    }
    String path = name.substring(prefix.length());
    if (path.endsWith("/")) {
      path = path.substring(0, path.length() - 1);
    }
    if (path.isEmpty() || path.equals(".")) {
      return;
    }
    SafePath.require(path);
    if (entry.isDirectory()) {
      return; // They come with their files.
    }
    if (!isRegular(entry)) {
      throw new RegistryException(
          "entry '"
              + path
              + "' is a link, device or sparse file (expected: files and directories)");
    }
    if (!seen.add(path.toLowerCase(Locale.ROOT))) {
      throw new RegistryException(
          "entry '"
              + path
              + "' comes twice in one archive, perhaps in other case (expected: once)");
    }
    if (!removal(path) && isKept(path)) {
      store(tar, path);
    }
  }

  /** By its type alone: the library calls everything a file that is neither link nor directory. */
  private static boolean isRegular(TarArchiveEntry entry) {
    byte type = entry.getLinkFlag();
    boolean regular = type == TarConstants.LF_NORMAL || type == TarConstants.LF_OLDNORM;
    return regular && !entry.isSparse();
  }

  private static boolean isKept(String path) {
    return PublishedLayout.isContent(path) || path.equals(PublishedLayout.SIGNATURE);
  }

  private boolean removal(String path) throws IOException {
    int slash = path.lastIndexOf('/');
    String directory = slash < 0 ? "" : path.substring(0, slash);
    String name = path.substring(slash + 1);
    if (name.equals(REMOVED_ALL)) {
      staging.remove(directory);
      return true;
    }
    if (name.startsWith(REMOVED)) {
      String gone = name.substring(REMOVED.length());
      staging.remove(directory.isEmpty() ? gone : directory + "/" + gone);
      return true;
    }
    return false;
  }

  private void store(InputStream in, String path) throws IOException {
    Path target = staging.temporary();
    MessageDigest digest = Digests.sha256();
    long size = 0;
    long limit = staging.bytesLeft();
    try (FileChannel out =
        FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        if (read > limit - size) {
          throw staging.tooLarge(path);
        }
        ByteBuffer chunk = ByteBuffer.wrap(buffer, 0, read);
        while (chunk.hasRemaining()) {
          out.write(chunk);
        }
        digest.update(buffer, 0, read);
        size += read;
      }
      out.force(true);
    }
    staging.take(target, new ArtifactFile(path, size, Digests.hex(digest.digest())), true);
  }

  /** Fails as soon as more came out than the caps allow. */
  private static final class Counted extends FilterInputStream {
    private final String origin;
    private final long limit;
    private long left;

    Counted(InputStream in, long limit, String origin) {
      super(in);
      this.limit = limit;
      this.left = limit;
      this.origin = origin;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      int count = super.read(target, offset, length);
      left -= Math.max(count, 0);
      if (left < 0) {
        throw new RegistryException(
            origin + " unpacks to more than " + limit + " bytes (expected: less; see the caps)");
      }
      return count;
    }

    @Override
    public long skip(long count) throws IOException {
      long skipped = 0;
      byte[] scratch = new byte[8192];
      while (skipped < count) {
        int read = read(scratch, 0, (int) Math.min(scratch.length, count - skipped));
        if (read < 0) {
          break;
        }
        skipped += read;
      }
      return skipped;
    }
  }
}
