package dev.skeg.runtime.backend.onnx;

import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The table of function pointers that is the C API of ONNX Runtime, and how its entries are called.
 *
 * <p>{@code OrtGetApiBase()->GetApi(15)} gives a table that only ever grows at its end, so an
 * entry's index, as in the public header {@code onnxruntime_c_api.h}, holds for every later
 * release. {@link OrtApi}, {@link OrtTypeInfo} and {@link OrtMetadata} know the entries by name.
 *
 * <p><b>Calling.</b> Every parameter of every entry is a pointer, a {@code size_t} or an enum, and
 * every result a pointer or nothing. In the System V and AArch64 calling conventions all of these
 * travel in the same integer registers, a narrower argument in the register's low half, and a
 * caller may ignore the result's register. So each entry is called with {@code long}s, and one
 * method handle for each number of parameters serves them all: linking a handle is what costs at
 * start-up.
 *
 * <p><b>Threads.</b> Any.
 */
@SuppressWarnings("restricted") // Native access is what this file is for.
final class OrtTable {
  /** The first version of the table that has all entries used here. */
  private static final int API_VERSION = 15;

  private static final int GET_ERROR_CODE = 1;
  private static final int GET_ERROR_MESSAGE = 2;
  private static final int RELEASE_STATUS = 93;
  private static final int GET_BUILD_INFO_STRING = 254;
  private static final int LENGTH = 255;

  /** The one code that speaks of what the engine was given; all others are its own failures. */
  private static final int ORT_INVALID_ARGUMENT = 2;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final MethodHandle CALL_0 = handle(0);
  private static final MethodHandle CALL_1 = handle(1);
  private static final MethodHandle CALL_2 = handle(2);
  private static final MethodHandle CALL_3 = handle(3);
  private static final MethodHandle CALL_4 = handle(4);
  private static final MethodHandle CALL_5 = handle(5);
  private static final MethodHandle CALL_7 = handle(7);
  private static final MethodHandle CALL_8 = handle(8);

  private final MemorySegment[] entries = new MemorySegment[LENGTH];
  private final String version;

  private OrtTable(MemorySegment base) {
    MemorySegment pair = base.reinterpret(2 * ValueLayout.ADDRESS.byteSize());
    long table = call(pair.getAtIndex(ValueLayout.ADDRESS, 0), API_VERSION);
    if (table == 0) {
      throw new ServingException(
          ErrorCode.INTERNAL, "the ONNX Runtime library has no C API of version " + API_VERSION);
    }
    MemorySegment pointers = memory(table, LENGTH * ValueLayout.ADDRESS.byteSize());
    for (int i = 0; i < LENGTH; i++) {
      entries[i] = pointers.getAtIndex(ValueLayout.ADDRESS, i);
    }
    this.version = string(call(pair.getAtIndex(ValueLayout.ADDRESS, 1)));
  }

  /**
   * Loads the library and finds the table.
   *
   * <p>{@code ORT_DISABLE_TELEMETRY=1} is set in the process's environment before: newer releases
   * report to their vendor from the moment they are loaded, unless it is there.
   */
  static OrtTable load(Path library) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment setenv = LINKER.defaultLookup().findOrThrow("setenv");
      call(
          setenv,
          arena.allocateFrom("ORT_DISABLE_TELEMETRY").address(),
          arena.allocateFrom("1").address(),
          1);
    }
    SymbolLookup symbols = SymbolLookup.libraryLookup(library, Arena.global());
    MemorySegment base = MemorySegment.ofAddress(call(symbols.findOrThrow("OrtGetApiBase")));
    return new OrtTable(base);
  }

  /** Returns the library's version, as {@code 1.28.0}. */
  String version() {
    return version;
  }

  /** Returns what the library says of how it was built. */
  String buildInfo() {
    return string(call(entries[GET_BUILD_INFO_STRING]));
  }

  /** Returns an entry, to be called. */
  MemorySegment entry(int index) {
    return entries[index];
  }

  /** Returns native memory of which the engine told only the address. */
  static MemorySegment memory(long address, long bytes) {
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }

  /** Returns the number that an entry tells of an object. */
  int intOut(int entry, long object) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_INT);
      check(call(entries[entry], object, out.address()));
      return out.get(ValueLayout.JAVA_INT, 0);
    }
  }

  /** Returns the pointer or the size that an entry tells of an object. */
  long longOut(int entry, long object) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
      check(call(entries[entry], object, out.address()));
      return out.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  /** Returns the long at an address. */
  static long read(long address) {
    return memory(address, Long.BYTES).get(ValueLayout.JAVA_LONG, 0);
  }

  /** Returns the text at an address; empty if that is 0. */
  static String string(long address) {
    if (address == 0) {
      return "";
    }
    return memory(address, Long.MAX_VALUE).getString(0);
  }

  /** Returns the text at an address, without what follows its first {@code maxBytes}. */
  static String string(long address, int maxBytes) {
    MemorySegment text = memory(address, maxBytes);
    int length = 0;
    while (length < maxBytes && text.get(ValueLayout.JAVA_BYTE, length) != 0) {
      length++;
    }
    return new String(
        text.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
  }

  /**
   * Throws unless a status, which an entry returned, is that of success; frees it.
   *
   * @throws ServingException with the engine's message as it is
   */
  void check(long status) {
    if (status == 0) {
      return;
    }
    int code = (int) call(entries[GET_ERROR_CODE], status);
    String message = string(call(entries[GET_ERROR_MESSAGE], status));
    call(entries[RELEASE_STATUS], status);
    throw new ServingException(
        code == ORT_INVALID_ARGUMENT ? ErrorCode.INVALID_ARGUMENT : ErrorCode.INTERNAL, message);
  }

  private static MethodHandle handle(int parameters) {
    MemoryLayout[] longs = new MemoryLayout[parameters];
    Arrays.fill(longs, ValueLayout.JAVA_LONG);
    return LINKER.downcallHandle(FunctionDescriptor.of(ValueLayout.JAVA_LONG, longs));
  }

  // An entry called with so many arguments.

  static long call(MemorySegment entry) {
    try {
      return (long) CALL_0.invokeExact(entry);
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  static long call(MemorySegment entry, long a) {
    try {
      return (long) CALL_1.invokeExact(entry, a);
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  static long call(MemorySegment entry, long a, long b) {
    try {
      return (long) CALL_2.invokeExact(entry, a, b);
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  static long call(MemorySegment entry, long a, long b, long c) {
    try {
      return (long) CALL_3.invokeExact(entry, a, b, c);
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  static long call(MemorySegment entry, long a, long b, long c, long d) {
    try {
      return (long) CALL_4.invokeExact(entry, a, b, c, d);
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  static long call(MemorySegment entry, long a, long b, long c, long d, long e) {
    try {
      return (long) CALL_5.invokeExact(entry, a, b, c, d, e);
    } catch (Throwable thrown) {
      throw impossible(thrown);
    }
  }

  static long call(MemorySegment entry, long a, long b, long c, long d, long e, long f, long g) {
    try {
      return (long) CALL_7.invokeExact(entry, a, b, c, d, e, f, g);
    } catch (Throwable thrown) {
      throw impossible(thrown);
    }
  }

  static long call(
      MemorySegment entry, long a, long b, long c, long d, long e, long f, long g, long h) {
    try {
      return (long) CALL_8.invokeExact(entry, a, b, c, d, e, f, g, h);
    } catch (Throwable thrown) {
      throw impossible(thrown);
    }
  }

  /** A call into C cannot throw; a wrong handle or a dying virtual machine can. */
  private static IllegalStateException impossible(Throwable thrown) {
    if (thrown instanceof Error error) {
      throw error;
    }
    return new IllegalStateException("a call of the ONNX Runtime C API could not be made", thrown);
  }
}
