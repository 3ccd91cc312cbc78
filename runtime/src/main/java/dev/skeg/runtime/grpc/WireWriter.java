package dev.skeg.runtime.grpc;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Writes protobuf's wire format into an array that grows and is used again. <b>Threads.</b> One at
 * a time.
 */
final class WireWriter {
  static final int MAX_VARINT_BYTES = 10;

  private byte[] bytes = new byte[128];
  private int size;

  /** Starts anew. */
  void clear() {
    size = 0;
  }

  void writeTag(int field, int wireType) {
    writeVarint((long) field << 3 | wireType);
  }

  /** As protobuf 3 does it: an empty string is not written. */
  void writeString(int field, String text) {
    if (text.isEmpty()) {
      return;
    }
    writeTag(field, WireReader.DELIMITED);
    if (isAscii(text)) {
      writeVarint(text.length());
      ensure(text.length());
      for (int i = 0; i < text.length(); i++) {
        bytes[size++] = (byte) text.charAt(i);
      }
    } else {
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      writeVarint(utf8.length);
      append(utf8, utf8.length);
    }
  }

  private static boolean isAscii(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= 0x80) {
        return false;
      }
    }
    return true;
  }

  void writeMessage(int field, WireWriter message) {
    writeTag(field, WireReader.DELIMITED);
    writeVarint(message.size);
    append(message.bytes, message.size);
  }

  void writeVarint(long value) {
    ensure(MAX_VARINT_BYTES);
    size = putVarint(bytes, size, value);
  }

  /** Writes a varint at {@code offset} and returns the offset after it. */
  static int putVarint(byte[] target, int offset, long value) {
    int position = offset;
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      target[position++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    target[position++] = (byte) rest;
    return position;
  }

  static int varintSize(long value) {
    return (70 - Long.numberOfLeadingZeros(value | 1)) / 7;
  }

  int size() {
    return size;
  }

  /** Copies all that was written behind what {@code target} has. */
  void copyTo(ByteBuf target) {
    target.writeBytes(bytes, 0, size);
  }

  private void append(byte[] source, int length) {
    ensure(length);
    System.arraycopy(source, 0, bytes, size, length);
    size += length;
  }

  private void ensure(int more) {
    if (bytes.length - size < more) {
      bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, Math.addExact(size, more)));
    }
  }
}
