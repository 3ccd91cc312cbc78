package dev.skeg.runtime.grpc;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Reads protobuf's wire format where it lies, as protobuf's own parser does: it takes what that
 * takes and refuses what that refuses, so that no client can tell the two apart. One exception: a
 * number of more than 10 bytes is always refused, where Java's parser, unlike C++'s, overlooks it
 * unless the number stands near the end.
 *
 * <p><b>Threads.</b> One at a time; reads one message after the other. <b>Allocation.</b> Strings
 * only, and of names only those that are new.
 */
final class WireReader {
  static final int VARINT = 0;
  static final int FIXED64 = 1;
  static final int DELIMITED = 2;
  static final int START_GROUP = 3;
  static final int END_GROUP = 4;
  static final int FIXED32 = 5;

  /** What is said of a number whose tenth byte is not its last. */
  static final String NUMBER_TOO_LONG = "number of more than 10 bytes";

  /** Messages and groups inside one another, as many as protobuf's parser allows. */
  private static final int MAX_DEPTH = 100;

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final NameCache names = new NameCache();
  private ByteBuffer bytes = NOTHING;
  private int position;
  private int limit;
  private int depth;

  /**
   * Goes to the beginning of a message.
   *
   * @param message little-endian, from 0 to its limit; read by index alone
   */
  void start(ByteBuffer message) {
    if (message.order() != ByteOrder.LITTLE_ENDIAN) {
      throw new IllegalArgumentException(
          "order: " + message.order() + " (expected: little-endian)");
    }
    bytes = message;
    position = 0;
    limit = message.limit();
    depth = 0;
  }

  /** Lets go of the message. */
  void end() {
    bytes = NOTHING;
    position = 0;
    limit = 0;
  }

  int position() {
    return position;
  }

  /** Goes to {@code offset}, to read {@code length} bytes that were read over before. */
  void seek(int offset, int length) {
    position = offset;
    limit = offset + length;
  }

  boolean atEnd() {
    return position == limit;
  }

  /** Returns the next field's number and wire type, or 0 at the end of the message. */
  int readTag() throws WireFormatException {
    if (position == limit) {
      return 0;
    }
    int tag = readVarint32();
    if (tag >>> 3 == 0) {
      throw new WireFormatException("field number 0 at byte " + position);
    }
    return tag;
  }

  /** As a varint of 64 bits, of which the lower 32 are taken. */
  int readVarint32() throws WireFormatException {
    return (int) readVarint64();
  }

  long readVarint64() throws WireFormatException {
    if (position < limit) {
      byte first = bytes.get(position);
      if (first >= 0) {
        position++;
        return first;
      }
    }
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (position == limit) {
        throw truncated();
      }
      byte next = bytes.get(position++);
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw new WireFormatException(NUMBER_TOO_LONG + " at byte " + position);
  }

  int readFixed32() throws WireFormatException {
    require(Integer.BYTES);
    int value = bytes.getInt(position);
    position += Integer.BYTES;
    return value;
  }

  long readFixed64() throws WireFormatException {
    require(Long.BYTES);
    long value = bytes.getLong(position);
    position += Long.BYTES;
    return value;
  }

  /** Reads the length of a delimited field, all of whose bytes are there. */
  int readLength() throws WireFormatException {
    int length = readVarint32();
    if (length < 0) {
      throw new WireFormatException("negative length at byte " + position);
    }
    require(length);
    return length;
  }

  /** Passes over that many bytes, which are there. */
  void skipBytes(int length) throws WireFormatException {
    require(length);
    position += length;
  }

  /** Copies that many bytes, which are there. */
  void readBytes(byte[] target, int offset, int length) throws WireFormatException {
    require(length);
    bytes.get(position, target, offset, length);
    position += length;
  }

  /** Reads a string that other messages will have too. */
  String readName() throws WireFormatException {
    int start = position;
    int length = readLength();
    String known = names.find(bytes, position, length);
    if (known == null) {
      position = start;
      return readString();
    }
    position += length;
    return known;
  }

  /** Reads a string, which has to be UTF-8. */
  String readString() throws WireFormatException {
    byte[] text = new byte[readLength()];
    bytes.get(position, text);
    position += text.length;
    for (byte b : text) {
      if (b < 0) {
        return decodeUtf8(text);
      }
    }
    return new String(text, StandardCharsets.ISO_8859_1);
  }

  private String decodeUtf8(byte[] text) throws WireFormatException {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(text))
          .toString();
    } catch (CharacterCodingException e) {
      throw new WireFormatException("string that is not UTF-8 before byte " + position);
    }
  }

  /**
   * Enters a message of {@code length} bytes; {@link #readTag} returns 0 at its end.
   *
   * @return for {@link #leave}
   */
  int enter(int length) throws WireFormatException {
    deepen();
    int outer = limit;
    limit = position + length;
    return outer;
  }

  /** Leaves the message, which was read to its end. */
  void leave(int outer) {
    depth--;
    limit = outer;
  }

  /** Passes over the field of that tag, whatever it is. */
  void skipField(int tag) throws WireFormatException {
    switch (tag & 7) {
      case VARINT -> readVarint64();
      case FIXED64 -> skipBytes(Long.BYTES);
      case DELIMITED -> skipBytes(readLength());
      case START_GROUP -> skipGroup(tag >>> 3);
      case END_GROUP -> throw new WireFormatException("end of a group at byte " + position);
      case FIXED32 -> skipBytes(Integer.BYTES);
      default -> throw new WireFormatException("wire type " + (tag & 7) + " at byte " + position);
    }
  }

  private void skipGroup(int number) throws WireFormatException {
    deepen();
    while (true) {
      int tag = readTag();
      if (tag == 0) {
        throw truncated();
      }
      if ((tag & 7) == END_GROUP) {
        if (tag >>> 3 != number) {
          throw new WireFormatException("end of another group at byte " + position);
        }
        depth--;
        return;
      }
      skipField(tag);
    }
  }

  private void deepen() throws WireFormatException {
    if (++depth > MAX_DEPTH) {
      throw new WireFormatException("more than " + MAX_DEPTH + " messages inside one another");
    }
  }

  private void require(int length) throws WireFormatException {
    if (length > limit - position) {
      throw truncated();
    }
  }

  private WireFormatException truncated() {
    return new WireFormatException("ends too early, at byte " + limit);
  }
}
