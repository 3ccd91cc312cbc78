package dev.skeg.monitor.profile;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skeg.monitor.record.FeatureSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Profiles in JSON, in a form with a version, which every later build reads.
 *
 * <p>Numbers are exact: doubles as the shortest text that is read as the same double, infinities as
 * {@code "Infinity"} and {@code "-Infinity"}; hashes and samples, of which there are many, as
 * base64 of 64-bit words, little-endian.
 */
public final class ProfileJson {
  /** What the form calls itself. */
  public static final String FORMAT = "skeg-profile";

  /** The version of the form that is written; lower ones are read too. */
  public static final int VERSION = 1;

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private ProfileJson() {}

  /** Returns a profile in UTF-8. */
  public static byte[] write(Profile profile) {
    try {
      return MAPPER.writeValueAsBytes(toTree(profile));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a profile could not be written as JSON", e);
    }
  }

  /**
   * Reads a profile.
   *
   * @throws IllegalArgumentException if it is none, or of a later version
   */
  public static Profile read(byte[] utf8) {
    try {
      return profile(MAPPER.readTree(utf8));
    } catch (IOException e) {
      throw new IllegalArgumentException("no profile: " + e.getMessage(), e);
    }
  }

  /** Returns a profile as a tree of JSON. */
  public static ObjectNode toTree(Profile profile) {
    ObjectNode tree = NODES.objectNode();
    tree.put("format", FORMAT);
    tree.put("version", VERSION);
    ObjectNode key = tree.putObject("key");
    key.put("model", profile.key().model());
    key.put("version", profile.key().version());
    key.put("arm", profile.key().arm());
    key.put("segment", profile.key().segment());
    ObjectNode window = tree.putObject("window");
    window.put("start", profile.window().startMillis());
    window.put("end", profile.window().endMillis());
    ObjectNode rows = tree.putObject("rows");
    rows.put("recorded", profile.counts().recorded());
    putDouble(rows, "represented", profile.counts().represented());
    rows.put("dropped", profile.counts().dropped());
    rows.put("late", profile.counts().late());
    if (profile.counts().isPartial()) {
      rows.put("partial", true); // Left out of whole windows, as by builds that did not know of it.
    }
    ArrayNode features = tree.putArray("features");
    for (FeatureProfile feature : profile.features()) {
      features.add(toTree(feature));
    }
    return tree;
  }

  /**
   * Reads a profile.
   *
   * @throws IllegalArgumentException if it is no profile, or of a later version
   */
  public static Profile profile(JsonNode tree) {
    String format = text(tree, "format");
    int version = (int) number(tree, "version");
    if (!format.equals(FORMAT) || version < 1 || version > VERSION) {
      throw new IllegalArgumentException(
          "format: " + format + " " + version + " (expected: " + FORMAT + " 1 to " + VERSION + ")");
    }
    JsonNode key = child(tree, "key");
    JsonNode window = child(tree, "window");
    JsonNode rows = child(tree, "rows");
    List<FeatureProfile> features = new ArrayList<>();
    for (JsonNode feature : child(tree, "features")) {
      features.add(feature(feature));
    }
    return new Profile(
        new ProfileKey(
            text(key, "model"), number(key, "version"), text(key, "arm"), text(key, "segment")),
        new Window(number(window, "start"), number(window, "end")),
        new RowCounts(
            number(rows, "recorded"),
            real(rows, "represented"),
            number(rows, "dropped"),
            number(rows, "late"),
            rows.path("partial").asBoolean()),
        features);
  }

  /** Returns one feature's profile as a tree of JSON. */
  public static ObjectNode toTree(FeatureProfile feature) {
    ObjectNode tree = NODES.objectNode();
    tree.put("name", feature.spec().name());
    tree.put("role", feature.spec().role().name().toLowerCase(Locale.ROOT));
    tree.put("kind", feature.spec().kind().name().toLowerCase(Locale.ROOT));
    tree.set("bins", toTree(feature.bins()));
    ArrayNode counts = tree.putArray("counts");
    for (long count : feature.counts()) {
      counts.add(count);
    }
    Moments moments = feature.moments();
    if (moments.count() > 0) {
      ObjectNode values = tree.putObject("moments");
      values.put("count", moments.count());
      putDouble(values, "mean", moments.mean());
      putDouble(values, "m2", moments.m2());
      putDouble(values, "min", moments.min());
      putDouble(values, "max", moments.max());
    }
    if (feature.distinct().values() > 0) {
      ObjectNode distinct = tree.putObject("distinct");
      distinct.put("values", feature.distinct().values());
      putDouble(distinct, "distinct", feature.distinct().distinct());
      distinct.put("registers", feature.distinct().registers());
    }
    HeavyValues heavy = feature.heavy();
    ObjectNode frequent = tree.putObject("heavy");
    frequent.put("others-at-most", heavy.othersAtMost());
    ArrayNode values = frequent.putArray("values");
    for (HeavyValue value : heavy.values()) {
      ObjectNode one = values.addObject();
      if (feature.spec().isNumeric()) {
        putDouble(one, "number", value.number());
      } else {
        one.put("hash", Long.toHexString(value.bits()));
      }
      one.put("at-least", value.atLeast());
      one.put("at-most", value.atMost());
    }
    Reservoir reservoir = feature.reservoir();
    if (reservoir.rows() > 0) {
      ObjectNode sample = tree.putObject("sample");
      sample.put("rows", reservoir.rows());
      sample.put("priorities", bytes(reservoir.priorities()));
      long[] bits = new long[reservoir.size()];
      Arrays.setAll(bits, i -> Double.doubleToRawLongBits(reservoir.value(i)));
      sample.put("values", bytes(bits));
    }
    return tree;
  }

  /**
   * Reads one feature's profile.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static FeatureProfile feature(JsonNode tree) {
    FeatureSpec spec =
        new FeatureSpec(
            text(tree, "name"),
            constant(FeatureSpec.Role.class, text(tree, "role")),
            constant(FeatureSpec.Kind.class, text(tree, "kind")));
    JsonNode counts = child(tree, "counts");
    long[] byBin = new long[counts.size()];
    Arrays.setAll(byBin, i -> counts.get(i).asLong());
    return new FeatureProfile(
        spec,
        bins(child(tree, "bins")),
        byBin,
        moments(tree.path("moments")),
        distinct(tree.path("distinct")),
        heavy(child(tree, "heavy"), spec.isNumeric()),
        reservoir(tree.path("sample")));
  }

  private static Moments moments(JsonNode tree) {
    return tree.isMissingNode()
        ? Moments.EMPTY
        : new Moments(
            number(tree, "count"),
            real(tree, "mean"),
            real(tree, "m2"),
            real(tree, "min"),
            real(tree, "max"));
  }

  private static DistinctEstimate distinct(JsonNode tree) {
    return tree.isMissingNode()
        ? DistinctEstimate.EMPTY
        : new DistinctEstimate(number(tree, "values"), binary(tree, "registers"));
  }

  private static HeavyValues heavy(JsonNode tree, boolean isNumeric) {
    List<HeavyValue> values = new ArrayList<>();
    for (JsonNode value : child(tree, "values")) {
      values.add(
          new HeavyValue(
              isNumeric
                  ? Double.doubleToRawLongBits(real(value, "number"))
                  : Long.parseUnsignedLong(text(value, "hash"), 16),
              number(value, "at-least"),
              number(value, "at-most")));
    }
    return new HeavyValues(values, number(tree, "others-at-most"));
  }

  private static Reservoir reservoir(JsonNode tree) {
    if (tree.isMissingNode()) {
      return Reservoir.EMPTY;
    }
    double[] values =
        Arrays.stream(longs(binary(tree, "values")))
            .mapToDouble(Double::longBitsToDouble)
            .toArray();
    return new Reservoir(number(tree, "rows"), longs(binary(tree, "priorities")), values);
  }

  /** Returns bins as a tree of JSON. */
  public static ObjectNode toTree(Bins bins) {
    ObjectNode tree = NODES.objectNode();
    switch (bins) {
      case NumericBins numeric -> {
        ArrayNode atoms = tree.putArray("atoms");
        for (int i = 0; i < numeric.atomCount(); i++) {
          atoms.add(numeric.atom(i));
        }
        ArrayNode edges = tree.putArray("edges");
        for (int i = 0; i < numeric.edgeCount(); i++) {
          edges.add(numeric.edge(i));
        }
      }
      case CategoryBins categories -> {
        if (categories.hasNames()) {
          ArrayNode names = tree.putArray("categories");
          categories.names().forEach(names::add);
        } else {
          tree.put("category-hashes", bytes(categories.hashes()));
        }
        CategoryTail tail = categories.tail();
        if (!tail.isEmpty()) {
          ObjectNode others = tree.putObject("others");
          others.put("count", tail.count());
          others.put(tail.isApproximate() ? "bloom" : "hashes", bytes(tail.words()));
        }
      }
    }
    return tree;
  }

  /**
   * Reads bins.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static Bins bins(JsonNode tree) {
    if (tree.has("edges")) {
      return new NumericBins(doubles(child(tree, "atoms")), doubles(child(tree, "edges")));
    }
    JsonNode others = tree.path("others");
    boolean isBloom = others.has("bloom");
    CategoryTail tail =
        others.isMissingNode()
            ? CategoryTail.EMPTY
            : CategoryTail.of(
                isBloom,
                longs(binary(others, isBloom ? "bloom" : "hashes")),
                number(others, "count"));
    if (tree.has("category-hashes")) {
      return CategoryBins.ofHashes(longs(binary(tree, "category-hashes")), tail);
    }
    List<String> names = new ArrayList<>();
    for (JsonNode name : child(tree, "categories")) {
      names.add(name.asText());
    }
    return new CategoryBins(names, tail);
  }

  private static double[] doubles(JsonNode array) {
    double[] values = new double[array.size()];
    Arrays.setAll(values, i -> array.get(i).asDouble());
    return values;
  }

  private static void putDouble(ObjectNode tree, String name, double value) {
    if (Double.isFinite(value)) {
      tree.put(name, value);
    } else {
      tree.put(name, Double.toString(value));
    }
  }

  private static double real(JsonNode tree, String name) {
    JsonNode value = child(tree, name);
    try {
      return value.isTextual() ? Double.parseDouble(value.asText()) : value.asDouble();
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: a number)", e);
    }
  }

  private static long number(JsonNode tree, String name) {
    JsonNode value = child(tree, name);
    if (!value.isIntegralNumber()) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: a whole number)");
    }
    return value.asLong();
  }

  private static String text(JsonNode tree, String name) {
    JsonNode value = child(tree, name);
    if (!value.isTextual()) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: a text)");
    }
    return value.asText();
  }

  private static JsonNode child(JsonNode tree, String name) {
    JsonNode value = tree.get(name);
    if (value == null) {
      throw new IllegalArgumentException("no '" + name + "' in the profile");
    }
    return value;
  }

  private static <E extends Enum<E>> E constant(Class<E> type, String text) {
    return Enum.valueOf(type, text.toUpperCase(Locale.ROOT));
  }

  private static byte[] binary(JsonNode tree, String name) {
    try {
      return child(tree, name).binaryValue();
    } catch (IOException e) {
      throw new IllegalArgumentException(name + ": no base64 (" + e.getMessage() + ")", e);
    }
  }

  private static byte[] bytes(long[] words) {
    ByteBuffer bytes =
        ByteBuffer.allocate(words.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asLongBuffer().put(words);
    return bytes.array();
  }

  private static long[] longs(byte[] bytes) {
    long[] words = new long[bytes.length / Long.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().get(words);
    return words;
  }
}
