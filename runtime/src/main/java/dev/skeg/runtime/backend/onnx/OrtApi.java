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
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The C API of ONNX Runtime: the entries that Skeg needs of its table of function pointers.
 *
 * <p>{@code OrtGetApiBase()->GetApi(15)} gives a table that only ever grows at its end, so an
 * entry's index holds for every later release. The indexes below follow the public header {@code
 * onnxruntime_c_api.h}.
 *
 * <p><b>Calling.</b> Every parameter of every entry is a pointer, a {@code size_t} or an enum, and
 * every result a pointer or nothing. In the System V and AArch64 calling conventions all of these
 * travel in the same integer registers, a narrower argument in the register's low half, and a
 * caller may ignore the result's register. So each entry is called with {@code long}s, and one
 * method handle for each number of parameters serves them all: linking a handle is what costs at
 * start-up.
 *
 * <p><b>Threads.</b> Any; what the C API says of an object holds here too.
 */
@SuppressWarnings("restricted") // Native access is what this file is for.
final class OrtApi {
  /** The first version of the table that has all entries used here. */
  private static final int API_VERSION = 15;

  private static final int GET_ERROR_CODE = 1;
  private static final int GET_ERROR_MESSAGE = 2;
  private static final int CREATE_ENV = 3;
  private static final int CREATE_SESSION = 7;
  private static final int RUN = 9;
  private static final int CREATE_SESSION_OPTIONS = 10;
  private static final int SET_SESSION_EXECUTION_MODE = 13;
  private static final int SET_SESSION_GRAPH_OPTIMIZATION_LEVEL = 23;
  private static final int SET_INTRA_OP_NUM_THREADS = 24;
  private static final int SET_INTER_OP_NUM_THREADS = 25;
  private static final int SESSION_GET_INPUT_COUNT = 30;
  private static final int SESSION_GET_INPUT_TYPE_INFO = 33;
  private static final int SESSION_GET_INPUT_NAME = 36;
  private static final int CREATE_RUN_OPTIONS = 39;
  private static final int RUN_OPTIONS_SET_TERMINATE = 46;
  private static final int RUN_OPTIONS_UNSET_TERMINATE = 47;
  private static final int CREATE_TENSOR_AS_ORT_VALUE = 48;
  private static final int CREATE_TENSOR_WITH_DATA_AS_ORT_VALUE = 49;
  private static final int GET_TENSOR_MUTABLE_DATA = 51;
  private static final int GET_STRING_TENSOR_DATA_LENGTH = 53;
  private static final int GET_STRING_TENSOR_CONTENT = 54;
  private static final int CAST_TYPE_INFO_TO_TENSOR_INFO = 55;
  private static final int GET_ONNX_TYPE_FROM_TYPE_INFO = 56;
  private static final int GET_TENSOR_ELEMENT_TYPE = 60;
  private static final int GET_DIMENSIONS_COUNT = 61;
  private static final int GET_DIMENSIONS = 62;
  private static final int GET_SYMBOLIC_DIMENSIONS = 63;
  private static final int GET_TENSOR_TYPE_AND_SHAPE = 65;
  private static final int CREATE_CPU_MEMORY_INFO = 69;
  private static final int ALLOCATOR_FREE = 76;
  private static final int GET_ALLOCATOR_WITH_DEFAULT_OPTIONS = 78;
  private static final int RELEASE_ENV = 92;
  private static final int RELEASE_STATUS = 93;
  private static final int RELEASE_MEMORY_INFO = 94;
  private static final int RELEASE_SESSION = 95;
  private static final int RELEASE_VALUE = 96;
  private static final int RELEASE_RUN_OPTIONS = 97;
  private static final int RELEASE_TYPE_INFO = 98;
  private static final int RELEASE_TENSOR_TYPE_AND_SHAPE_INFO = 99;
  private static final int RELEASE_SESSION_OPTIONS = 100;
  private static final int CAST_TYPE_INFO_TO_MAP_TYPE_INFO = 103;
  private static final int CAST_TYPE_INFO_TO_SEQUENCE_TYPE_INFO = 104;
  private static final int GET_MAP_KEY_TYPE = 105;
  private static final int GET_MAP_VALUE_TYPE = 106;
  private static final int GET_SEQUENCE_ELEMENT_TYPE = 107;
  private static final int ADD_SESSION_CONFIG_ENTRY = 130;
  private static final int CAST_TYPE_INFO_TO_OPTIONAL_TYPE_INFO = 250;
  private static final int GET_OPTIONAL_CONTAINED_TYPE_INFO = 251;
  private static final int GET_RESIZED_STRING_TENSOR_ELEMENT_BUFFER = 252;
  private static final int GET_BUILD_INFO_STRING = 254;
  private static final int TABLE_LENGTH = 255;

  /** The one code that speaks of what the engine was given; all others are its own failures. */
  private static final int ORT_INVALID_ARGUMENT = 2;

  private static final int LOG_FATAL = 4;
  private static final int OPTIMIZE_ALL = 99;
  private static final int DEVICE_ALLOCATOR = 0;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final MethodHandle CALL_0 = handle(0);
  private static final MethodHandle CALL_1 = handle(1);
  private static final MethodHandle CALL_2 = handle(2);
  private static final MethodHandle CALL_3 = handle(3);
  private static final MethodHandle CALL_4 = handle(4);
  private static final MethodHandle CALL_5 = handle(5);
  private static final MethodHandle CALL_7 = handle(7);
  private static final MethodHandle CALL_8 = handle(8);

  private final MemorySegment[] entries = new MemorySegment[TABLE_LENGTH];
  private final String version;

  private OrtApi(MemorySegment base) {
    MemorySegment pair = base.reinterpret(2 * ValueLayout.ADDRESS.byteSize());
    long table = call(pair.getAtIndex(ValueLayout.ADDRESS, 0), API_VERSION);
    if (table == 0) {
      throw new ServingException(
          ErrorCode.INTERNAL, "the ONNX Runtime library has no C API of version " + API_VERSION);
    }
    MemorySegment pointers = memory(table, TABLE_LENGTH * ValueLayout.ADDRESS.byteSize());
    for (int i = 0; i < TABLE_LENGTH; i++) {
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
  static OrtApi load(Path library) {
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
    return new OrtApi(base);
  }

  /** Returns the library's version, as {@code 1.28.0}. */
  String version() {
    return version;
  }

  /** Returns what the library says of how it was built. */
  String buildInfo() {
    return string(call(entries[GET_BUILD_INFO_STRING]));
  }

  // Environment, options, session.

  /** Creates the environment that says nothing: whatever fails comes back as a status. */
  long createEnv() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
      check(
          call(
              entries[CREATE_ENV], LOG_FATAL, arena.allocateFrom("skeg").address(), out.address()));
      return out.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  void releaseEnv(long env) {
    call(entries[RELEASE_ENV], env);
  }

  /** Creates options: sequential, that many threads in an operator, none of them spinning. */
  long createSessionOptions(int intraOpThreads) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
      check(call(entries[CREATE_SESSION_OPTIONS], out.address()));
      long options = out.get(ValueLayout.JAVA_LONG, 0);
      check(call(entries[SET_SESSION_EXECUTION_MODE], options, 0));
      check(call(entries[SET_SESSION_GRAPH_OPTIMIZATION_LEVEL], options, OPTIMIZE_ALL));
      check(call(entries[SET_INTRA_OP_NUM_THREADS], options, intraOpThreads));
      check(call(entries[SET_INTER_OP_NUM_THREADS], options, 1));
      check(
          call(
              entries[ADD_SESSION_CONFIG_ENTRY],
              options,
              arena.allocateFrom("session.intra_op.allow_spinning").address(),
              arena.allocateFrom("0").address()));
      return options;
    }
  }

  /**
   * Has weights used as they lie in the file, which is mapped where they are beside the model's,
   * instead of copied into the order that the processor's matrix kernels like best.
   */
  void disablePrepacking(long options) {
    try (Arena arena = Arena.ofConfined()) {
      check(
          call(
              entries[ADD_SESSION_CONFIG_ENTRY],
              options,
              arena.allocateFrom("session.disable_prepacking").address(),
              arena.allocateFrom("1").address()));
    }
  }

  void releaseSessionOptions(long options) {
    call(entries[RELEASE_SESSION_OPTIONS], options);
  }

  /**
   * Loads a model.
   *
   * @throws ServingException with the engine's message as it is
   */
  long createSession(long env, Path file, long options) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
      check(
          call(
              entries[CREATE_SESSION],
              env,
              arena.allocateFrom(file.toString()).address(),
              options,
              out.address()));
      return out.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  void releaseSession(long session) {
    call(entries[RELEASE_SESSION], session);
  }

  // What a session takes and gives.

  /** What a session has names and types of; the table has the entries of the three side by side. */
  enum Port {
    INPUT(0),
    OUTPUT(1),
    /** An input that has a default: an initializer that may be overridden. */
    OVERRIDABLE(2);

    private final int offset;

    Port(int offset) {
      this.offset = offset;
    }
  }

  long count(long session, Port port) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
      check(call(entries[SESSION_GET_INPUT_COUNT + port.offset], session, out.address()));
      return out.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  String name(long session, Port port, long index) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
      check(call(entries[GET_ALLOCATOR_WITH_DEFAULT_OPTIONS], out.address()));
      long allocator = out.get(ValueLayout.JAVA_LONG, 0);
      check(
          call(
              entries[SESSION_GET_INPUT_NAME + port.offset],
              session,
              index,
              allocator,
              out.address()));
      long text = out.get(ValueLayout.JAVA_LONG, 0);
      String name = string(text);
      check(call(entries[ALLOCATOR_FREE], allocator, text));
      return name;
    }
  }

  /** Returns the type of an input or output; to be released by {@link #releaseTypeInfo}. */
  long typeInfo(long session, Port port, long index) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
      check(
          call(entries[SESSION_GET_INPUT_TYPE_INFO + port.offset], session, index, out.address()));
      return out.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  void releaseTypeInfo(long typeInfo) {
    call(entries[RELEASE_TYPE_INFO], typeInfo);
  }

  /** Returns the kind of a type: one of ONNXType's values. */
  int kind(long typeInfo) {
    return intOut(GET_ONNX_TYPE_FROM_TYPE_INFO, typeInfo);
  }

  /** Returns a tensor type's element type and shape; belongs to {@code typeInfo}. */
  long tensorInfo(long typeInfo) {
    return longOut(CAST_TYPE_INFO_TO_TENSOR_INFO, typeInfo);
  }

  /** Returns a sequence type's element type; to be released. */
  long sequenceElement(long typeInfo) {
    long sequence = longOut(CAST_TYPE_INFO_TO_SEQUENCE_TYPE_INFO, typeInfo);
    return longOut(GET_SEQUENCE_ELEMENT_TYPE, sequence);
  }

  /** Returns a map type's key: one of ONNXTensorElementDataType's values. */
  int mapKey(long typeInfo) {
    return intOut(GET_MAP_KEY_TYPE, longOut(CAST_TYPE_INFO_TO_MAP_TYPE_INFO, typeInfo));
  }

  /** Returns a map type's value type; to be released. */
  long mapValue(long typeInfo) {
    return longOut(GET_MAP_VALUE_TYPE, longOut(CAST_TYPE_INFO_TO_MAP_TYPE_INFO, typeInfo));
  }

  /** Returns what an optional type may contain; to be released. */
  long optionalContent(long typeInfo) {
    long optional = longOut(CAST_TYPE_INFO_TO_OPTIONAL_TYPE_INFO, typeInfo);
    return longOut(GET_OPTIONAL_CONTAINED_TYPE_INFO, optional);
  }

  /** Returns one of ONNXTensorElementDataType's values. */
  int elementType(long tensorInfo) {
    return intOut(GET_TENSOR_ELEMENT_TYPE, tensorInfo);
  }

  /** Returns the dimensions, -1 where they vary. */
  long[] dimensions(long tensorInfo) {
    int rank = Math.toIntExact(longOut(GET_DIMENSIONS_COUNT, tensorInfo));
    if (rank == 0) {
      return new long[0];
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment dims = arena.allocate(ValueLayout.JAVA_LONG, rank);
      check(call(entries[GET_DIMENSIONS], tensorInfo, dims.address(), rank));
      return dims.toArray(ValueLayout.JAVA_LONG);
    }
  }

  /** Returns the name of the first dimension; empty if it has none. */
  String firstDimensionName(long tensorInfo, int rank) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment names = arena.allocate(ValueLayout.JAVA_LONG, rank);
      check(call(entries[GET_SYMBOLIC_DIMENSIONS], tensorInfo, names.address(), rank));
      return string(names.get(ValueLayout.JAVA_LONG, 0));
    }
  }

  // Values and runs.

  /** Creates the description of plain memory. */
  long createCpuMemoryInfo() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
      check(call(entries[CREATE_CPU_MEMORY_INFO], DEVICE_ALLOCATOR, 0, out.address()));
      return out.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  void releaseMemoryInfo(long memoryInfo) {
    call(entries[RELEASE_MEMORY_INFO], memoryInfo);
  }

  /**
   * Creates a tensor over memory of the caller's.
   *
   * @param data aligned to its element; must outlive the value
   * @param out one long of scratch memory
   */
  long createTensor(
      long memoryInfo, long data, long bytes, long shape, int rank, int elementType, long out) {
    check(
        call(
            entries[CREATE_TENSOR_WITH_DATA_AS_ORT_VALUE],
            memoryInfo,
            data,
            bytes,
            shape,
            rank,
            elementType,
            out));
    return read(out);
  }

  /** Creates a tensor of empty strings. */
  long createStringTensor(long shape, int rank, long out) {
    check(call(entries[GET_ALLOCATOR_WITH_DEFAULT_OPTIONS], out));
    check(
        call(
            entries[CREATE_TENSOR_AS_ORT_VALUE],
            read(out),
            shape,
            rank,
            OnnxTypes.STRING_ELEMENT,
            out));
    return read(out);
  }

  /** Makes string {@code index} that long and returns where its bytes are to be written. */
  long resizedString(long value, long index, long length, long out) {
    check(call(entries[GET_RESIZED_STRING_TENSOR_ELEMENT_BUFFER], value, index, length, out));
    return read(out);
  }

  void releaseValue(long value) {
    call(entries[RELEASE_VALUE], value);
  }

  /**
   * Runs a session once.
   *
   * @param runOptions 0 for none
   * @param outputs array of pointers; where one is 0 the engine allocates the value
   * @throws ServingException with the engine's message as it is
   */
  void run(
      long session,
      long runOptions,
      long inputNames,
      long inputs,
      long inputCount,
      long outputNames,
      long outputCount,
      long outputs) {
    check(
        call(
            entries[RUN],
            session,
            runOptions,
            inputNames,
            inputs,
            inputCount,
            outputNames,
            outputCount,
            outputs));
  }

  /** Creates options of a run, by which it can be ended from another thread. */
  long createRunOptions() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
      check(call(entries[CREATE_RUN_OPTIONS], out.address()));
      return out.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  /** Makes runs with these options fail, also those that are under way. */
  void setTerminate(long runOptions) {
    check(call(entries[RUN_OPTIONS_SET_TERMINATE], runOptions));
  }

  void unsetTerminate(long runOptions) {
    check(call(entries[RUN_OPTIONS_UNSET_TERMINATE], runOptions));
  }

  void releaseRunOptions(long runOptions) {
    call(entries[RELEASE_RUN_OPTIONS], runOptions);
  }

  /** Returns a value's element type and shape; to be released. */
  long tensorTypeAndShape(long value, long out) {
    check(call(entries[GET_TENSOR_TYPE_AND_SHAPE], value, out));
    return read(out);
  }

  void releaseTensorTypeAndShape(long info) {
    call(entries[RELEASE_TENSOR_TYPE_AND_SHAPE_INFO], info);
  }

  /** Returns where a tensor's data lies; the value's own. */
  long tensorData(long value, long out) {
    check(call(entries[GET_TENSOR_MUTABLE_DATA], value, out));
    return read(out);
  }

  /** Returns the bytes of all strings of a tensor together. */
  long stringBytes(long value, long out) {
    check(call(entries[GET_STRING_TENSOR_DATA_LENGTH], value, out));
    return read(out);
  }

  /** Copies a tensor's strings one behind the other, and where each begins. */
  void stringContent(long value, long bytes, long length, long offsets, long count) {
    check(call(entries[GET_STRING_TENSOR_CONTENT], value, bytes, length, offsets, count));
  }

  /** Returns native memory of which the engine told only the address. */
  static MemorySegment memory(long address, long bytes) {
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }

  // Plumbing.

  private int intOut(int entry, long object) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_INT);
      check(call(entries[entry], object, out.address()));
      return out.get(ValueLayout.JAVA_INT, 0);
    }
  }

  private long longOut(int entry, long object) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
      check(call(entries[entry], object, out.address()));
      return out.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  private static long read(long address) {
    return memory(address, Long.BYTES).get(ValueLayout.JAVA_LONG, 0);
  }

  private static String string(long address) {
    if (address == 0) {
      return "";
    }
    return memory(address, Long.MAX_VALUE).getString(0);
  }

  private void check(long status) {
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

  private static long call(MemorySegment entry) {
    try {
      return (long) CALL_0.invokeExact(entry);
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  private static long call(MemorySegment entry, long a) {
    try {
      return (long) CALL_1.invokeExact(entry, a);
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  private static long call(MemorySegment entry, long a, long b) {
    try {
      return (long) CALL_2.invokeExact(entry, a, b);
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  private static long call(MemorySegment entry, long a, long b, long c) {
    try {
      return (long) CALL_3.invokeExact(entry, a, b, c);
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  private static long call(MemorySegment entry, long a, long b, long c, long d) {
    try {
      return (long) CALL_4.invokeExact(entry, a, b, c, d);
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  private static long call(MemorySegment entry, long a, long b, long c, long d, long e) {
    try {
      return (long) CALL_5.invokeExact(entry, a, b, c, d, e);
    } catch (Throwable thrown) {
      throw impossible(thrown);
    }
  }

  private static long call(
      MemorySegment entry, long a, long b, long c, long d, long e, long f, long g) {
    try {
      return (long) CALL_7.invokeExact(entry, a, b, c, d, e, f, g);
    } catch (Throwable thrown) {
      throw impossible(thrown);
    }
  }

  private static long call(
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
