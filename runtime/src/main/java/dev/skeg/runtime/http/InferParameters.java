package dev.skeg.runtime.http;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.skeg.runtime.model.RequestMarks;
import dev.skeg.runtime.model.RequestTerms;
import dev.skeg.runtime.model.Text;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.IOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The {@code parameters} of an infer request: those of the protocol, of Triton's extensions, and
 * the client's own.
 *
 * <p><b>Threads.</b> The one that reads the body.
 */
final class InferParameters {
  private static final int MAX_CUSTOM_NAME = 128;

  private boolean binaryByDefault;
  private long queueTimeoutNanos;
  private long priority;
  private long eventMillis = -1;
  private final List<String> own = new ArrayList<>(); // The client's: key, value, …

  /** Returns whether outputs of which nothing is said are wanted as binary data. */
  boolean binaryByDefault() {
    return binaryByDefault;
  }

  /**
   * Returns when the request is to be answered.
   *
   * @param timeoutNanos that the client waits for the answer, from received; 0 for ever
   */
  RequestTerms terms(long timeoutNanos) {
    return new RequestTerms(timeoutNanos, queueTimeoutNanos, priority);
  }

  RequestMarks marks() {
    return RequestMarks.of(eventMillis, own);
  }

  /**
   * Reads them.
   *
   * @param parser at what should be an object
   * @throws HttpError 400 if one is not what it has to be, 501 if it asks for what there is not
   */
  void read(JsonParser parser) throws IOException {
    Json.expect(parser, JsonToken.START_OBJECT, "parameters", "an object");
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      parser.nextToken();
      String field = "parameters." + Text.excerpt(key);
      switch (key) {
        case "binary_data_output" -> binaryByDefault = Json.bool(parser, field);
        case "triton_enable_empty_final_response" -> Json.bool(parser, field);
        case "sequence_start", "sequence_end" -> {
          if (Json.bool(parser, field)) {
            throw stateful(field);
          }
        }
        case "sequence_id" -> {
          boolean none =
              parser.currentToken() == JsonToken.VALUE_STRING
                  ? parser.getText().isEmpty()
                  : Json.unsigned(parser, field, "a string or an integer, 0 or more").signum() == 0;
          if (!none) {
            throw stateful(field);
          }
        }
        case "priority" ->
            priority = saturated(Json.unsigned(parser, field, "an integer, 0 or more"));
        case "timeout" ->
            queueTimeoutNanos =
                RequestTerms.microsToNanos(
                    saturated(
                        Json.unsigned(parser, field, "an integer of microseconds, 0 or more")));
        case RequestMarks.EVENT_TIME ->
            eventMillis =
                saturated(
                    Json.unsigned(
                        parser, field, "an integer, milliseconds since the epoch, 0 or more"));
        default -> {
          readCustomParameter(parser, key, field);
          if (parser.currentToken() == JsonToken.VALUE_STRING
              && own.size() < 2 * RequestMarks.MAX_PARAMETERS) {
            own.add(key);
            own.add(parser.getText());
          }
        }
      }
    }
  }

  private static long saturated(BigInteger value) {
    return value.bitLength() > 63 ? Long.MAX_VALUE : value.longValue();
  }

  private static void readCustomParameter(JsonParser parser, String key, String field)
      throws IOException {
    if (key.toLowerCase(Locale.ROOT).startsWith("triton_")) {
      throw HttpError.badRequest(
          field
              + ": parameter keys starting with 'triton_' are reserved, only the following are"
              + " allowed: triton_enable_empty_final_response");
    }
    if (key.equals("headers")) {
      throw HttpError.badRequest(field + ": the parameter key 'headers' is reserved");
    }
    if (key.length() > MAX_CUSTOM_NAME) {
      throw HttpError.badRequest(
          field + ": a key of " + key.length() + " characters (expected: at most 128)");
    }
    if (!parser.currentToken().isScalarValue() || parser.currentToken() == JsonToken.VALUE_NULL) {
      throw HttpError.badRequest(
          field + ": " + Json.describe(parser) + " (expected: a string, a number or a boolean)");
    }
  }

  private static HttpError stateful(String field) {
    return new HttpError(
        HttpResponseStatus.NOT_IMPLEMENTED,
        field + ": stateful models are not supported by this server");
  }
}
