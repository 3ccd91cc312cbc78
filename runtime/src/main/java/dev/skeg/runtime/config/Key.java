package dev.skeg.runtime.config;

import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/**
 * One key of the server's configuration, and everything that is made from it: how a file's value is
 * read, the environment variable, the command line's options, the line in the reference.
 *
 * @param path its names from the top, joined by dots, as {@code http.port}
 * @param defaultText the default as it would be written; empty if there is none
 * @param options the command line's spellings, the first the one that is shown; empty if there is
 *     none
 * @param summary one sentence, for the reference and the command line's help
 * @param shower reads the effective value and writes it as a file would
 */
public record Key<T>(
    String path,
    ValueType<T> type,
    String defaultText,
    List<String> options,
    String summary,
    Function<ServerConfig, String> shower) {
  public Key {
    options = List.copyOf(options);
  }

  /** Returns the environment variable, as {@code SKEG_HTTP_PORT}. */
  public String variable() {
    return "SKEG_" + path.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
  }

  /** Returns the kind of value, as {@code duration}. */
  public String typeName() {
    return type.name();
  }

  /** Returns what values would do, as {@code a port, 0 to 65535; 0 takes a free one}. */
  public String expected() {
    return type.expected();
  }

  String shown(ServerConfig config) {
    return shower.apply(config);
  }
}
