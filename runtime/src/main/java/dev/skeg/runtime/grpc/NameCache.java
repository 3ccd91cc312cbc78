package dev.skeg.runtime.grpc;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Strings that came before: the names that every request carries are made once.
 *
 * <p>Short ASCII strings only, each in the one place that its hash gives it, so that a client can
 * fill it with nonsense and do no more harm than a few allocations.
 *
 * <p><b>Threads.</b> One at a time.
 */
final class NameCache {
  private static final int PLACES = 256; // A power of two.
  private static final int MAX_BYTES = 64;

  private final @Nullable String[] names = new String[PLACES];

  /** Returns the string of those bytes; null if they are too many or not all of them ASCII. */
  @Nullable String find(ByteBuffer bytes, int offset, int length) {
    if (length > MAX_BYTES) {
      return null;
    }
    int hash = 0;
    for (int i = 0; i < length; i++) {
      byte next = bytes.get(offset + i);
      if (next < 0) {
        return null;
      }
      hash = 31 * hash + next;
    }
    int place = (hash ^ hash >>> 8) & PLACES - 1;
    String known = names[place];
    if (known != null && isSame(known, bytes, offset, length)) {
      return known;
    }
    char[] text = new char[length];
    for (int i = 0; i < length; i++) {
      text[i] = (char) bytes.get(offset + i);
    }
    String name = new String(text);
    names[place] = name;
    return name;
  }

  private static boolean isSame(String name, ByteBuffer bytes, int offset, int length) {
    if (name.length() != length) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      if (name.charAt(i) != bytes.get(offset + i)) {
        return false;
      }
    }
    return true;
  }
}
