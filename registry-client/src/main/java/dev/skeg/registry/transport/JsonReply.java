package dev.skeg.registry.transport;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.skeg.registry.RegistryException;
import java.io.IOException;

/** Reads answers in JSON. */
public final class JsonReply {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MAX_ERROR_BYTES = 1 << 16;

  private JsonReply() {}

  /**
   * Reads an answer whole and closes it.
   *
   * @throws RegistryException of kind INVALID if it is no JSON or longer than {@code maxBytes},
   *     TRANSIENT if it does not come whole
   */
  public static JsonNode read(HttpReply reply, int maxBytes) {
    JsonNode node = parse(reply.bytes(maxBytes));
    if (node.isMissingNode()) {
      throw new RegistryException(HttpCall.shown(reply.uri()) + " answered no JSON");
    }
    return node;
  }

  /** Reads what an error says and closes it; a missing node if it is too long or no JSON. */
  public static JsonNode error(HttpReply reply) {
    try {
      return parse(reply.bytes(MAX_ERROR_BYTES));
    } catch (RegistryException e) {
      // The status says enough; what should have explained it did not come.
      return MissingNode.getInstance();
    }
  }

  /** Returns a text from a server as it may stand in a message: one line, not too long. */
  public static String shown(String text) {
    String line = text.replaceAll("\\p{Cntrl}+", " ").strip();
    return line.length() > 200 ? line.substring(0, 200) + "…" : line;
  }

  private static JsonNode parse(byte[] bytes) {
    try {
      return JSON.readTree(bytes);
    } catch (JsonProcessingException e) {
      return MissingNode.getInstance();
    } catch (IOException e) {
      throw new IllegalStateException("reading from memory failed", e);
    }
  }
}
