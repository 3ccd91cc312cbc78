package dev.skeg.runtime.grpc;

import dev.skeg.runtime.model.RequestMarks;
import dev.skeg.runtime.model.Text;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The rules for a request's and its tensors' parameters. Each method takes one parameter and
 * returns normally if it is fine, whether or not it has an effect.
 *
 * <p>Keys that the protocol does not know are a client's own and pass.
 */
final class InferParameters {
  /** The value of one parameter, as the wire has it; {@code value} is null where none was set. */
  record Value(String field, @Nullable Object value) {
    static final Value NONE = new Value("no value", null);

    @Override
    public String toString() {
      return value == null ? field : field + " " + Text.excerpt(value.toString());
    }

    /** Returns an integer that has been checked; the largest long where it is more. */
    long unsigned() {
      long number = value instanceof Long integer ? integer : 0;
      return number < 0 ? Long.MAX_VALUE : number;
    }

    private boolean isNonNegative() {
      return value instanceof Long number
          && (field.equals("uint64_param") || (field.equals("int64_param") && number >= 0));
    }
  }

  private InferParameters() {}

  static void checkRequest(String key, Value value) throws RequestException {
    switch (key) {
      case "timeout", "priority" -> {
        if (!value.isNonNegative()) {
          throw wrong(key, value, "int64_param or uint64_param, 0 or more");
        }
      }
      case RequestMarks.EVENT_TIME -> {
        if (!value.isNonNegative()) {
          throw wrong(
              key, value, "int64_param or uint64_param, milliseconds since the epoch, 0 or more");
        }
      }
      case "sequence_id" -> {
        if (!Long.valueOf(0).equals(value.value) && !"".equals(value.value)) {
          throw stateful(key);
        }
      }
      case "sequence_start", "sequence_end" -> {
        if (!Boolean.FALSE.equals(value.value)) {
          throw stateful(key);
        }
      }
      case "triton_enable_empty_final_response" -> {
        if (!(value.value instanceof Boolean)) {
          throw wrong(key, value, "bool_param");
        }
      }
      case "headers", "binary_data_output" ->
          throw RequestException.invalid(
              "parameter '" + key + "' is reserved (expected: another key for a custom parameter)");
      default -> {
        if (key.toLowerCase(Locale.ROOT).startsWith("triton_")) {
          throw RequestException.invalid(
              "parameter '"
                  + Text.excerpt(key)
                  + "': keys that start with 'triton_' are reserved (expected: another key for a"
                  + " custom parameter)");
        }
      }
    }
  }

  static void checkInput(String key) throws RequestException {
    if (key.startsWith("shared_memory_")) {
      throw sharedMemory(key);
    }
  }

  static void checkOutput(String key) throws RequestException {
    if (key.startsWith("shared_memory_")) {
      throw sharedMemory(key);
    }
    if (key.equals("classification")) {
      throw RequestException.unsupported(
          "parameter 'classification': not supported by this server (expected: the output as it is,"
              + " to be ranked by the client)");
    }
  }

  private static RequestException wrong(String key, Value value, String expected) {
    return RequestException.invalid(
        "parameter '" + key + "' is " + value + " (expected: " + expected + ")");
  }

  private static RequestException stateful(String key) {
    return RequestException.unsupported(
        "parameter '" + key + "': stateful models are not supported by this server");
  }

  private static RequestException sharedMemory(String key) {
    return RequestException.unsupported(
        "parameter '"
            + Text.excerpt(key)
            + "': shared memory is not supported by this server (expected: the data in the message)");
  }
}
