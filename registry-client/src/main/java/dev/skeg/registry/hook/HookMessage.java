package dev.skeg.registry.hook;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;

/** One notification as it came. */
final class HookMessage {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final TreeMap<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
  private final byte[] body;

  HookMessage(Map<String, String> headers, byte[] body) {
    this.headers.putAll(headers);
    this.body = body;
  }

  /** Returns a header's value; empty if there is none. */
  String header(String name) {
    return headers.getOrDefault(name, "");
  }

  byte[] body() {
    return body;
  }

  /** Returns the body as JSON; missing if it is none. */
  JsonNode json() {
    return parse(body);
  }

  static JsonNode parse(byte[] text) {
    try {
      return JSON.readTree(text);
    } catch (IOException e) {
      return MissingNode.getInstance();
    }
  }
}
