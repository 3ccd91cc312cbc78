package dev.skeg.registry.hf;

import dev.skeg.registry.Digests;
import dev.skeg.registry.RegistryException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * A file that must be the blob which Git knows by an id: the SHA-1 of {@code blob SIZE\0} and its
 * bytes. Checked before the last bytes are handed out, so that nobody ever holds all of a wrong
 * one. <b>Threads.</b> One reader.
 */
final class GitBlobStream extends FilterInputStream {
  private final String path;
  private final String id;
  private final long sizeBytes;
  private final MessageDigest sha1;
  private long count;
  private boolean checked;

  GitBlobStream(InputStream in, String path, String id, long sizeBytes) {
    super(in);
    this.path = path;
    this.id = id;
    this.sizeBytes = sizeBytes;
    try {
      this.sha1 = MessageDigest.getInstance("SHA-1");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-1", e);
    }
    sha1.update(("blob " + sizeBytes + "\0").getBytes(StandardCharsets.US_ASCII));
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    int read = in.read(target, offset, length);
    if (read > 0) {
      sha1.update(target, offset, read);
      count += read;
    }
    if (!checked && (read < 0 || count >= sizeBytes)) {
      check();
      checked = true;
    } else if (checked && read > 0) {
      throw corrupt("more bytes");
    }
    return read;
  }

  private void check() {
    String computed = Digests.hex(sha1.digest());
    if (count != sizeBytes || !computed.equals(id)) {
      throw corrupt(count + " bytes of Git blob " + computed);
    }
  }

  /** Transient, since it may have been garbled on its way. */
  private RegistryException corrupt(String found) {
    return new RegistryException(
        RegistryException.Kind.TRANSIENT,
        path + " is corrupt: " + found + " (expected: " + sizeBytes + " of " + id + ")");
  }

  @Override
  public long skip(long count) {
    throw new UnsupportedOperationException("what is skipped is not verified");
  }

  @Override
  public boolean markSupported() {
    return false;
  }
}
