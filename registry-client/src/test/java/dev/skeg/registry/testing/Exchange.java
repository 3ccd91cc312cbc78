package dev.skeg.registry.testing;

import java.util.Map;
import java.util.TreeMap;

/** A request as a {@link FaultyServer} got it, and an answer. */
public final class Exchange {
  /**
   * A request.
   *
   * @param path with the query, as it was sent
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  public record Request(String method, String path, Map<String, String> headers, byte[] body) {
    /** Returns a header's value; empty if there is none. */
    public String header(String name) {
      return headers.getOrDefault(name, "");
    }
  }

  /** An answer. Content-Length is added. */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  public record Answer(int status, Map<String, String> headers, byte[] body) {
    public static Answer of(int status) {
      return new Answer(status, Map.of(), new byte[0]);
    }

    public Answer with(String name, String value) {
      Map<String, String> more = new TreeMap<>(headers);
      more.put(name, value);
      return new Answer(status, more, body);
    }
  }

  /** Answers requests; called by several threads at once. */
  @FunctionalInterface
  public interface Handler {
    Answer handle(Request request) throws Exception;
  }

  private Exchange() {}
}
