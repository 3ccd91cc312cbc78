package dev.skeg.runtime.config;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A YAML file as a tree that knows its lines. Only what a configuration needs is accepted: one
 * document of blocks, lists and values, in at most 1 MiB and 32 levels; tags, anchors and aliases
 * are refused, so nothing in it can make an object or grow.
 *
 * @param name what errors call it
 */
record YamlFile(String name, Block root) {
  private static final int MAX_DEPTH = 32;

  /** A part of the file. */
  sealed interface Node {
    /** Returns the line it begins on, 1 or more. */
    int line();
  }

  /**
   * A value as it is written.
   *
   * @param isEmpty whether nothing is given, or {@code null}
   */
  record Value(int line, String text, boolean isEmpty) implements Node {}

  /** Keys and what they have. */
  record Block(int line, Map<String, Node> nodes) implements Node {}

  /** A list. */
  record Sequence(int line, List<Node> nodes) implements Node {}

  /**
   * A key that has a value.
   *
   * @param path as {@code http.port}; of an element of a list with {@link MonitorKeys#LIST} behind
   *     it, of a list without any, where that says something, without
   * @param place what an error about it begins with, as {@code skeg.yaml:3: http.port}
   */
  record Entry(String path, String text, String place) {}

  /**
   * Reads a file.
   *
   * @throws ConfigException if it cannot be read or is not such YAML
   */
  static YamlFile read(Path file) {
    return parse(file.toString(), ConfigText.read(file));
  }

  static YamlFile parse(String name, String text) {
    try (YAMLParser parser = new YAMLFactory().createParser(text)) {
      JsonToken token = parser.nextToken();
      if (token == null || token == JsonToken.VALUE_NULL) {
        return new YamlFile(name, new Block(1, Map.of()));
      }
      Node root = node(name, parser, token, 0);
      if (!(root instanceof Block block)) {
        throw new ConfigException(
            name + ":" + root.line() + ": expected: keys and values, as drain-delay: 5s");
      }
      if (parser.nextToken() != null) {
        throw new ConfigException(
            name + ":" + line(parser) + ": a second document (expected: one per file)");
      }
      return new YamlFile(name, block);
    } catch (JacksonException e) {
      JsonLocation at = e.getLocation();
      throw new ConfigException(
          name
              + (at == null ? "" : ":" + at.getLineNr() + ":" + at.getColumnNr())
              + ": not YAML: "
              + oneLine(e.getOriginalMessage()));
    } catch (IOException e) {
      throw new ConfigException(name + ": cannot be read: " + e);
    }
  }

  private static Node node(String name, YAMLParser parser, JsonToken token, int depth)
      throws IOException {
    int line = line(parser);
    if (depth > MAX_DEPTH) {
      throw new ConfigException(name + ":" + line + ": more than " + MAX_DEPTH + " levels");
    }
    if (parser.isCurrentAlias() || parser.getObjectId() != null) {
      throw new ConfigException(
          name + ":" + line + ": an anchor or alias (expected: the value itself)");
    }
    if (parser.getTypeId() != null) {
      throw new ConfigException(
          name + ":" + line + ": the tag !" + parser.getTypeId() + " (expected: a plain value)");
    }
    if (token == JsonToken.START_ARRAY) {
      List<Node> nodes = new ArrayList<>();
      for (JsonToken t = parser.nextToken(); t != JsonToken.END_ARRAY; t = parser.nextToken()) {
        nodes.add(node(name, parser, t, depth + 1));
      }
      return new Sequence(line, nodes);
    }
    if (token != JsonToken.START_OBJECT) {
      return new Value(
          line,
          token == JsonToken.VALUE_NULL ? "" : parser.getText(),
          token == JsonToken.VALUE_NULL);
    }
    Map<String, Node> nodes = new LinkedHashMap<>();
    for (JsonToken t = parser.nextToken(); t != JsonToken.END_OBJECT; t = parser.nextToken()) {
      int keyLine = line(parser);
      String key = parser.currentName();
      Node value = atKey(node(name, parser, parser.nextToken(), depth + 1), keyLine);
      if (nodes.putIfAbsent(key, value) != null) {
        throw new ConfigException(name + ":" + keyLine + ": " + key + ": given twice");
      }
    }
    return new Block(line, nodes);
  }

  /** An error is shown where its key stands, which is where people look. */
  private static Node atKey(Node node, int line) {
    return switch (node) {
      case Value value -> new Value(line, value.text(), value.isEmpty());
      case Block block -> new Block(line, block.nodes());
      case Sequence sequence -> new Sequence(line, sequence.nodes());
    };
  }

  /**
   * Returns the values in the file.
   *
   * @param known paths of the keys that may be there; one that ends in {@code .*} stands for any
   *     name in that block
   * @param refused paths of keys to say something particular about
   * @param problems to add to: unknown keys, blocks where values belong and the reverse
   */
  List<Entry> entries(
      Collection<String> known, Map<String, String> refused, List<String> problems) {
    return entries("", root, known, refused, problems);
  }

  /**
   * Returns the values in a block of the file, as {@link #entries(Collection, Map, List)} does.
   *
   * @param prefix of the block's paths, with a dot at its end
   * @param known full paths
   */
  List<Entry> entries(
      String prefix,
      Block block,
      Collection<String> known,
      Map<String, String> refused,
      List<String> problems) {
    List<Entry> entries = new ArrayList<>();
    collect(prefix, block, known, refused, problems, entries);
    return entries;
  }

  /** Returns this file but for one key at its top. */
  YamlFile without(String key) {
    Map<String, Node> others = new LinkedHashMap<>(root.nodes());
    others.remove(key);
    return new YamlFile(name, new Block(root.line(), others));
  }

  /**
   * Returns what a key at the top has, by name; empty if it is not there.
   *
   * @param expected what would do
   * @param problems to add to if the key has something else
   */
  Map<String, Node> block(String key, String expected, List<String> problems) {
    return switch (root.nodes().get(key)) {
      case null -> Map.of();
      case Block block -> block.nodes();
      case Value(_, _, boolean isEmpty) when isEmpty -> Map.of();
      case Node node -> {
        problems.add(
            name
                + ":"
                + node.line()
                + ": "
                + key
                + ": "
                + kind(node)
                + " (expected: "
                + expected
                + ")");
        yield Map.of();
      }
    };
  }

  private void collect(
      String prefix,
      Block block,
      Collection<String> known,
      Map<String, String> refused,
      List<String> problems,
      List<Entry> entries) {
    block
        .nodes()
        .forEach((key, node) -> {
          String path = prefix + key;
          String place = name + ":" + node.line() + ": " + path;
          String reason = refused.get(path);
          boolean isBlock = known.stream().anyMatch(k -> k.startsWith(path + "."));
          if (reason != null) {
            problems.add(place + ": " + reason);
          } else if (known.contains(prefix + "*")
              || (known.contains(path) && key.indexOf('.') < 0)) {
            if (node instanceof Value(_, String text, boolean isEmpty) && !isEmpty) {
              entries.add(new Entry(path, text, place));
            } else {
              problems.add(place + ": " + kind(node) + " (expected: one value)");
            }
          } else if (known.contains(path + MonitorKeys.LIST)) {
            if (node instanceof Sequence(_, List<Node> nodes)) {
              if (nodes.isEmpty() && MonitorKeys.NONE_IS_SAID.contains(path)) {
                entries.add(new Entry(path, "", place));
              }
              nodes.forEach(each -> element(path, each, problems, entries));
            } else {
              problems.add(place + ": " + kind(node) + " (expected: a list, as [a, b])");
            }
          } else if (isBlock && node instanceof Block inner) {
            collect(path + ".", inner, known, refused, problems, entries);
          } else if (isBlock && !(node instanceof Value(_, _, boolean isEmpty) && isEmpty)) {
            problems.add(
                place + ": " + kind(node) + " (expected: a block of " + keys(path, known) + ")");
          } else if (known.contains(path)) {
            problems.add(
                place
                    + ": unknown key (expected: a block, as "
                    + path.replace(".", ": {")
                    + ": …"
                    + "}".repeat((int) path.chars().filter(c -> c == '.').count())
                    + ")");
          } else if (!isBlock) {
            problems.add(
                place
                    + ": unknown key"
                    + Nearest.hint(path, known.stream().map(YamlFile::shown).toList()));
          }
        });
  }

  /** Returns a key as it is written. */
  private static String shown(String key) {
    return key.endsWith(MonitorKeys.LIST)
        ? key.substring(0, key.length() - MonitorKeys.LIST.length())
        : key;
  }

  private void element(String path, Node node, List<String> problems, List<Entry> entries) {
    String place = name + ":" + node.line() + ": " + path;
    if (node instanceof Value(_, String text, boolean isEmpty) && !isEmpty) {
      entries.add(new Entry(path + MonitorKeys.LIST, text, place));
    } else {
      problems.add(place + ": " + kind(node) + " in the list (expected: one value)");
    }
  }

  private static String keys(String path, Collection<String> known) {
    List<String> keys = new ArrayList<>();
    for (String key : known) {
      if (key.startsWith(path + ".")) {
        keys.add(shown(key.substring(path.length() + 1)));
      }
    }
    return String.join(", ", keys);
  }

  private static String kind(Node node) {
    return switch (node) {
      case Value(_, String text, boolean isEmpty) -> isEmpty ? "nothing given" : text;
      case Block _ -> "a block";
      case Sequence _ -> "a list";
    };
  }

  private static int line(YAMLParser parser) {
    return parser.currentTokenLocation().getLineNr();
  }

  /** SnakeYAML explains itself over several lines, with excerpts that are indented. */
  private static String oneLine(String message) {
    StringBuilder text = new StringBuilder();
    for (String line : message.split("\n", -1)) {
      if (!line.isBlank() && !line.startsWith(" ")) {
        text.append(text.isEmpty() ? "" : ": ").append(line.strip());
      }
    }
    return text.toString();
  }
}
