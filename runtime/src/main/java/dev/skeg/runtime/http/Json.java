package dev.skeg.runtime.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import dev.skeg.runtime.model.Text;
import java.io.IOException;
import java.math.BigInteger;
import java.util.List;

/** Jackson, set up for documents from strangers; values of theirs, and failures in our words. */
final class Json {
  private static final int MAX_NUMBER_CHARS = 1000;

  /** What Jackson's messages say behind these is of Jackson itself, and no help to a client. */
  private static final List<String> INTERNALS =
      List.of(" (from `", ", from `", " (start marker at [Source", ": enable `");

  private Json() {}

  /**
   * Returns a factory whose parsers refuse duplicate keys, deep nesting and endless numbers.
   *
   * @param maxDepth objects and arrays inside one another
   * @param maxStringChars in one string
   */
  static JsonFactory factory(int maxDepth, int maxStringChars) {
    return JsonFactory.builder()
        .streamReadConstraints(
            StreamReadConstraints.builder()
                .maxNestingDepth(maxDepth)
                .maxNumberLength(MAX_NUMBER_CHARS)
                .maxStringLength(maxStringChars)
                .build())
        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
        .enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
        .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
        .disable(StreamReadFeature.AUTO_CLOSE_SOURCE)
        .enable(StreamWriteFeature.USE_FAST_DOUBLE_WRITER)
        .disable(StreamWriteFeature.AUTO_CLOSE_CONTENT)
        .enable(JsonWriteFeature.COMBINE_UNICODE_SURROGATES_IN_UTF8)
        .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
        .build();
  }

  /** Returns the error for a document that is not JSON or beyond a limit of ours. */
  static HttpError malformed(IOException failure, JsonParser parser, int maxDepth, String where) {
    String at = where.isEmpty() ? "" : " in " + where;
    if (failure instanceof StreamConstraintsException) {
      if (parser.getParsingContext().getNestingDepth() >= maxDepth) {
        return HttpError.badRequest(
            "failed to parse the request JSON buffer: nested deeper than "
                + maxDepth
                + " levels"
                + at);
      }
      String message = String.valueOf(failure.getMessage());
      if (message.startsWith("Number value")) {
        return HttpError.badRequest(
            "failed to parse the request JSON buffer: a number of more than "
                + MAX_NUMBER_CHARS
                + " digits"
                + at);
      }
      return HttpError.badRequest(
          "failed to parse the request JSON buffer: " + firstSentence(message) + at);
    }
    if (failure instanceof JsonProcessingException parsing) {
      String message = String.valueOf(parsing.getOriginalMessage());
      if (message.startsWith("Non-standard token")) {
        message =
            message.replaceFirst(":.*", "")
                + " is not JSON; write NaN and infinities as the strings"
                + " \"NaN\", \"Infinity\" and \"-Infinity\"";
      } else {
        message = firstSentence(message);
      }
      String position =
          parsing.getLocation() == null
              ? ""
              : " at line "
                  + parsing.getLocation().getLineNr()
                  + ", column "
                  + parsing.getLocation().getColumnNr();
      return HttpError.badRequest(
          "failed to parse the request JSON buffer: " + message + at + position);
    }
    // java.io.CharConversionException and the like: bytes that are no text.
    return HttpError.badRequest(
        "failed to parse the request JSON buffer: "
            + firstSentence(String.valueOf(failure.getMessage()))
            + at);
  }

  /** Returns the parser's current value as a message shows it: {@code 1.5}, {@code "x"}, … */
  static String describe(JsonParser parser) throws IOException {
    JsonToken token = parser.currentToken();
    if (token == null) {
      return "nothing";
    }
    return switch (token) {
      case START_OBJECT -> "an object";
      case START_ARRAY -> "an array";
      case VALUE_STRING -> "\"" + Text.excerpt(parser.getText()) + "\"";
      default -> Text.excerpt(parser.getText());
    };
  }

  /** Throws unless the parser is at such a token. */
  static void expect(JsonParser parser, JsonToken token, String field, String expected)
      throws IOException {
    if (parser.currentToken() != token) {
      throw unfit(parser, field, expected);
    }
  }

  /** Returns the string that the parser is at. */
  static String string(JsonParser parser, String field) throws IOException {
    expect(parser, JsonToken.VALUE_STRING, field, "a string");
    return parser.getText();
  }

  /** Returns the boolean that the parser is at. */
  static boolean bool(JsonParser parser, String field) throws IOException {
    return switch (parser.currentToken()) {
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      default -> throw unfit(parser, field, "true or false");
    };
  }

  /** Returns the integer that the parser is at, 0 to 2^64 - 1. */
  static BigInteger unsigned(JsonParser parser, String field, String expected) throws IOException {
    if (parser.currentToken() == JsonToken.VALUE_NUMBER_INT) {
      BigInteger value = parser.getBigIntegerValue();
      if (value.signum() >= 0 && value.bitLength() <= 64) {
        return value;
      }
    }
    throw unfit(parser, field, expected);
  }

  /** Returns the error for what the parser is at, where something else was to be. */
  static HttpError unfit(JsonParser parser, String field, String expected) throws IOException {
    return HttpError.badRequest(field + ": " + describe(parser) + " (expected: " + expected + ")");
  }

  private static String firstSentence(String message) {
    int line = message.indexOf('\n');
    String first = line < 0 ? message : message.substring(0, line);
    for (String internals : INTERNALS) {
      int at = first.indexOf(internals);
      if (at >= 0) {
        return first.substring(0, at);
      }
    }
    return first;
  }
}
