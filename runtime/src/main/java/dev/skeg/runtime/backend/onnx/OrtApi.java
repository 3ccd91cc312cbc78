package dev.skeg.runtime.backend.onnx;

import static dev.skeg.runtime.backend.onnx.OrtTable.call;
import static dev.skeg.runtime.backend.onnx.OrtTable.read;

import dev.skeg.runtime.model.ServingException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/**
 * What Skeg needs of ONNX Runtime's C API: sessions, values and runs; {@link OrtTypeInfo} has what
 * a session takes and gives, {@link OrtMetadata} what its file says of itself. Objects of the
 * engine are pointers, each released by its own method.
 *
 * <p><b>Threads.</b> Any; what the C API says of an object holds here too.
 */
final class OrtApi {
  private static final int CREATE_ENV = 3;
  private static final int CREATE_SESSION = 7;
  private static final int RUN = 9;
  private static final int CREATE_SESSION_OPTIONS = 10;
  private static final int SET_SESSION_EXECUTION_MODE = 13;
  private static final int SET_SESSION_GRAPH_OPTIMIZATION_LEVEL = 23;
  private static final int SET_INTRA_OP_NUM_THREADS = 24;
  private static final int SET_INTER_OP_NUM_THREADS = 25;
  private static final int CREATE_RUN_OPTIONS = 39;
  private static final int RUN_OPTIONS_SET_TERMINATE = 46;
  private static final int RUN_OPTIONS_UNSET_TERMINATE = 47;
  private static final int CREATE_TENSOR_AS_ORT_VALUE = 48;
  private static final int CREATE_TENSOR_WITH_DATA_AS_ORT_VALUE = 49;
  private static final int GET_TENSOR_MUTABLE_DATA = 51;
  private static final int GET_STRING_TENSOR_DATA_LENGTH = 53;
  private static final int GET_STRING_TENSOR_CONTENT = 54;
  private static final int GET_TENSOR_TYPE_AND_SHAPE = 65;
  private static final int CREATE_CPU_MEMORY_INFO = 69;
  private static final int GET_ALLOCATOR_WITH_DEFAULT_OPTIONS = 78;
  private static final int RELEASE_ENV = 92;
  private static final int RELEASE_MEMORY_INFO = 94;
  private static final int RELEASE_SESSION = 95;
  private static final int RELEASE_VALUE = 96;
  private static final int RELEASE_RUN_OPTIONS = 97;
  private static final int RELEASE_TENSOR_TYPE_AND_SHAPE_INFO = 99;
  private static final int RELEASE_SESSION_OPTIONS = 100;
  private static final int ADD_SESSION_CONFIG_ENTRY = 130;
  private static final int GET_RESIZED_STRING_TENSOR_ELEMENT_BUFFER = 252;

  private static final int LOG_FATAL = 4;
  private static final int OPTIMIZE_ALL = 99;
  private static final int DEVICE_ALLOCATOR = 0;

  private final OrtTable table;
  private final OrtTypeInfo typeInfo;
  private final OrtMetadata metadata;

  private OrtApi(OrtTable table) {
    this.table = table;
    this.typeInfo = new OrtTypeInfo(table);
    this.metadata = new OrtMetadata(table);
  }

  /** Loads the library, as {@link OrtTable#load} says. */
  static OrtApi load(Path library) {
    return new OrtApi(OrtTable.load(library));
  }

  /** Returns the library's version, as {@code 1.28.0}. */
  String version() {
    return table.version();
  }

  OrtTypeInfo typeInfo() {
    return typeInfo;
  }

  OrtMetadata metadata() {
    return metadata;
  }

  // Environment, options, session.

  /** Creates the environment that says nothing: whatever fails comes back as a status. */
  long createEnv() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
      table.check(
          call(
              table.entry(CREATE_ENV),
              LOG_FATAL,
              arena.allocateFrom("skeg").address(),
              out.address()));
      return out.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  void releaseEnv(long env) {
    call(table.entry(RELEASE_ENV), env);
  }

  /** Creates options: sequential, that many threads in an operator, none of them spinning. */
  long createSessionOptions(int intraOpThreads) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
      table.check(call(table.entry(CREATE_SESSION_OPTIONS), out.address()));
      long options = out.get(ValueLayout.JAVA_LONG, 0);
      table.check(call(table.entry(SET_SESSION_EXECUTION_MODE), options, 0));
      table.check(call(table.entry(SET_SESSION_GRAPH_OPTIMIZATION_LEVEL), options, OPTIMIZE_ALL));
      table.check(call(table.entry(SET_INTRA_OP_NUM_THREADS), options, intraOpThreads));
      table.check(call(table.entry(SET_INTER_OP_NUM_THREADS), options, 1));
      table.check(
          call(
              table.entry(ADD_SESSION_CONFIG_ENTRY),
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
      table.check(
          call(
              table.entry(ADD_SESSION_CONFIG_ENTRY),
              options,
              arena.allocateFrom("session.disable_prepacking").address(),
              arena.allocateFrom("1").address()));
    }
  }

  void releaseSessionOptions(long options) {
    call(table.entry(RELEASE_SESSION_OPTIONS), options);
  }

  /**
   * Loads a model.
   *
   * @throws ServingException with the engine's message as it is
   */
  long createSession(long env, Path file, long options) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
      table.check(
          call(
              table.entry(CREATE_SESSION),
              env,
              arena.allocateFrom(file.toString()).address(),
              options,
              out.address()));
      return out.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  void releaseSession(long session) {
    call(table.entry(RELEASE_SESSION), session);
  }

  // Values and runs.

  /** Creates the description of plain memory. */
  long createCpuMemoryInfo() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
      table.check(call(table.entry(CREATE_CPU_MEMORY_INFO), DEVICE_ALLOCATOR, 0, out.address()));
      return out.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  void releaseMemoryInfo(long memoryInfo) {
    call(table.entry(RELEASE_MEMORY_INFO), memoryInfo);
  }

  /**
   * Creates a tensor over memory of the caller's.
   *
   * @param data aligned to its element; must outlive the value
   * @param out one long of scratch memory
   */
  long createTensor(
      long memoryInfo, long data, long bytes, long shape, int rank, int elementType, long out) {
    table.check(
        call(
            table.entry(CREATE_TENSOR_WITH_DATA_AS_ORT_VALUE),
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
    table.check(call(table.entry(GET_ALLOCATOR_WITH_DEFAULT_OPTIONS), out));
    table.check(
        call(
            table.entry(CREATE_TENSOR_AS_ORT_VALUE),
            read(out),
            shape,
            rank,
            OnnxTypes.STRING_ELEMENT,
            out));
    return read(out);
  }

  /** Makes string {@code index} that long and returns where its bytes are to be written. */
  long resizedString(long value, long index, long length, long out) {
    table.check(
        call(table.entry(GET_RESIZED_STRING_TENSOR_ELEMENT_BUFFER), value, index, length, out));
    return read(out);
  }

  void releaseValue(long value) {
    call(table.entry(RELEASE_VALUE), value);
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
    table.check(
        call(
            table.entry(RUN),
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
      table.check(call(table.entry(CREATE_RUN_OPTIONS), out.address()));
      return out.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  /** Makes runs with these options fail, also those that are under way. */
  void setTerminate(long runOptions) {
    table.check(call(table.entry(RUN_OPTIONS_SET_TERMINATE), runOptions));
  }

  void unsetTerminate(long runOptions) {
    table.check(call(table.entry(RUN_OPTIONS_UNSET_TERMINATE), runOptions));
  }

  void releaseRunOptions(long runOptions) {
    call(table.entry(RELEASE_RUN_OPTIONS), runOptions);
  }

  /** Returns a value's element type and shape; to be released. */
  long tensorTypeAndShape(long value, long out) {
    table.check(call(table.entry(GET_TENSOR_TYPE_AND_SHAPE), value, out));
    return read(out);
  }

  void releaseTensorTypeAndShape(long info) {
    call(table.entry(RELEASE_TENSOR_TYPE_AND_SHAPE_INFO), info);
  }

  /** Returns where a tensor's data lies; the value's own. */
  long tensorData(long value, long out) {
    table.check(call(table.entry(GET_TENSOR_MUTABLE_DATA), value, out));
    return read(out);
  }

  /** Returns the bytes of all strings of a tensor together. */
  long stringBytes(long value, long out) {
    table.check(call(table.entry(GET_STRING_TENSOR_DATA_LENGTH), value, out));
    return read(out);
  }

  /** Copies a tensor's strings one behind the other, and where each begins. */
  void stringContent(long value, long bytes, long length, long offsets, long count) {
    table.check(call(table.entry(GET_STRING_TENSOR_CONTENT), value, bytes, length, offsets, count));
  }
}
