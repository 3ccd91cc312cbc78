package dev.skeg.monitor.baseline;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.Moments;
import dev.skeg.monitor.profile.ProfileJson;
import dev.skeg.monitor.profile.Window;
import dev.skeg.monitor.record.Centroid;
import dev.skeg.monitor.record.FeatureSpec.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;

/**
 * Baselines as files, {@code baseline.json}: JSON with a version, which every later build reads.
 * The same baseline is always the same bytes.
 *
 * <p>A feature is written as {@link ProfileJson} writes its profile, with two parts more: {@code
 * seasons}, the counts and moments of each hour of the week that has rows, as {@code mon-00}; and
 * {@code variation}. {@code centroids} are there where there is any.
 */
public final class BaselineFile {
  /** What the form calls itself. */
  public static final String FORMAT = "skeg-baseline";

  /** The version that is written; lower ones are read too. */
  public static final int VERSION = 1;

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final List<String> DAYS = List.of("mon", "tue", "wed", "thu", "fri", "sat", "sun");
  private static final int DAY = 24;
  private static final int MOMENTS = 5;

  private BaselineFile() {}

  /**
   * Writes a file, all of it or nothing.
   *
   * @throws IOException if it cannot be written
   */
  public static void write(Path file, Baseline baseline) throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    Files.createDirectories(directory);
    // Not a temporary file of the JDK's: nobody else could read those.
    Path temporary =
        file.toAbsolutePath().resolveSibling(".baseline-" + UUID.randomUUID() + ".json");
    try {
      Files.write(temporary, toBytes(baseline), StandardOpenOption.CREATE_NEW);
      Files.move(
          temporary, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /** Returns a baseline in UTF-8. */
  public static byte[] toBytes(Baseline baseline) {
    try {
      byte[] json = MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(toTree(baseline));
      byte[] ended = Arrays.copyOf(json, json.length + 1);
      ended[json.length] = '\n';
      return ended;
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a baseline could not be written as JSON", e);
    }
  }

  /**
   * Reads a file.
   *
   * @throws BaselineFileException if it cannot be read, is no baseline, or of a later version
   */
  public static Baseline read(Path file) {
    try {
      return parse(file.toString(), Files.readAllBytes(file));
    } catch (IOException e) {
      throw new BaselineFileException(file + " cannot be read: " + e, e);
    }
  }

  /**
   * Reads a baseline.
   *
   * @param name what errors call it
   * @throws BaselineFileException if it is none, or of a later version
   */
  public static Baseline parse(String name, byte[] utf8) {
    try {
      return baseline(name, MAPPER.readTree(utf8));
    } catch (JsonProcessingException e) {
      throw new BaselineFileException(
          name
              + ":"
              + (e.getLocation() == null ? 1 : e.getLocation().getLineNr())
              + ": "
              + e.getOriginalMessage(),
          e);
    } catch (IOException e) {
      throw new BaselineFileException(name + " cannot be read: " + e, e);
    }
  }

  private static ObjectNode toTree(Baseline baseline) {
    ObjectNode tree = NODES.objectNode();
    tree.put("format", FORMAT);
    tree.put("version", VERSION);
    tree.put("rows", baseline.rows());
    baseline
        .span()
        .ifPresent(span -> {
          tree.put("start", Instant.ofEpochMilli(span.startMillis()).toString());
          tree.put("end", Instant.ofEpochMilli(span.endMillis()).toString());
        });
    tree.put("window-ms", baseline.blockMillis());
    ArrayNode features = tree.putArray("features");
    for (FeatureBaseline feature : baseline.features()) {
      ObjectNode node = ProfileJson.toTree(feature.whole());
      if (feature.seasons().isPresent()) {
        node.set("seasons", toTree(feature.seasons()));
      }
      node.set("variation", toTree(feature.variation()));
      features.add(node);
    }
    if (!baseline.centroids().isEmpty()) {
      ArrayNode centroids = tree.putArray("centroids");
      baseline.centroids().forEach(centroid -> centroids.add(toTree(centroid)));
    }
    return tree;
  }

  private static ObjectNode toTree(Centroid centroid) {
    ObjectNode tree = NODES.objectNode();
    tree.put("tensor", centroid.tensor());
    tree.put("role", centroid.role().name().toLowerCase(Locale.ROOT));
    ArrayNode mean = tree.putArray("mean");
    for (float value : centroid.mean()) {
      mean.add(value);
    }
    return tree;
  }

  private static ObjectNode toTree(Seasons seasons) {
    ObjectNode tree = NODES.objectNode();
    for (int hour = 0; hour < Seasons.HOURS; hour++) {
      long[] counts = seasons.counts(hour);
      if (Arrays.stream(counts).sum() == 0) {
        continue;
      }
      ObjectNode node = tree.putObject(name(hour));
      ArrayNode array = node.putArray("counts");
      Arrays.stream(counts).forEach(array::add);
      Moments moments = seasons.moments(hour);
      if (moments.count() > 0) {
        node.putArray("moments")
            .add(moments.count())
            .add(moments.mean())
            .add(moments.m2())
            .add(moments.min())
            .add(moments.max());
      }
    }
    return tree;
  }

  private static String name(int hour) {
    return String.format(Locale.ROOT, "%s-%02d", DAYS.get(hour / DAY), hour % DAY);
  }

  private static ObjectNode toTree(BlockVariation variation) {
    ObjectNode tree = NODES.objectNode();
    tree.put("blocks", variation.blocks());
    tree.put("rows-per-block", variation.rowsPerBlock());
    tree.put("design-effect", variation.designEffect());
    BlockVariation.Directions directions = variation.directions();
    tree.put("design-effect-of-mean", directions.mean());
    tree.put("design-effect-of-spread", directions.spread());
    tree.put("design-effect-of-single-bins", directions.rare());
    put(tree, "design-effect-by-hour", variation.byHour());
    put(tree, "statistics", variation.statistics());
    return tree;
  }

  private static void put(ObjectNode tree, String name, double[] values) {
    if (values.length > 0) {
      ArrayNode array = tree.putArray(name);
      Arrays.stream(values).forEach(array::add);
    }
  }

  private static Baseline baseline(String name, JsonNode json) {
    BaselineNode tree = new BaselineNode(name, "", json);
    String format = tree.text("format");
    long version = tree.integer("version");
    if (!format.equals(FORMAT) || version < 1 || version > VERSION) {
      throw new BaselineFileException(
          name
              + ": format "
              + format
              + " version "
              + version
              + " (expected: "
              + FORMAT
              + " version 1"
              + (VERSION > 1 ? " to " + VERSION : "")
              + (version > VERSION ? "; a later Skeg wrote it" : "")
              + ")");
    }
    Optional<Window> span = Optional.empty();
    if (tree.has("start")) {
      span = Optional.of(tree.make(() -> new Window(millis(tree, "start"), millis(tree, "end"))));
    }
    List<FeatureBaseline> features = new ArrayList<>();
    for (BaselineNode feature : tree.elements("features")) {
      FeatureProfile whole = feature.make(() -> ProfileJson.feature(feature.json()));
      Seasons seasons =
          feature.has("seasons")
              ? seasons(feature.child("seasons"), whole.bins().size())
              : Seasons.NONE;
      BlockVariation variation = variation(feature.child("variation"));
      features.add(feature.make(() -> new FeatureBaseline(whole, seasons, variation)));
    }
    List<Centroid> centroids = new ArrayList<>();
    if (tree.has("centroids")) {
      tree.elements("centroids").forEach(centroid -> centroids.add(centroid(centroid)));
    }
    Optional<Window> whole = span;
    return tree.make(() ->
        new Baseline(tree.integer("rows"), whole, tree.integer("window-ms"), features, centroids));
  }

  private static Centroid centroid(BaselineNode tree) {
    double[] numbers = tree.numbers("mean");
    float[] mean = new float[numbers.length];
    for (int i = 0; i < mean.length; i++) {
      mean[i] = (float) numbers[i];
    }
    Role role =
        switch (tree.text("role")) {
          case "input" -> Role.INPUT;
          case "output" -> Role.OUTPUT;
          default -> throw tree.problem("role", tree.text("role"), "input or output");
        };
    return tree.make(() -> new Centroid(role, tree.text("tensor"), mean));
  }

  private static long millis(BaselineNode tree, String name) {
    try {
      return Instant.parse(tree.text(name)).toEpochMilli();
    } catch (DateTimeException e) {
      throw tree.problem(name, tree.text(name), "a time, as 2026-01-31T12:00:00Z");
    }
  }

  private static Seasons seasons(BaselineNode tree, int bins) {
    long[][] counts = new long[Seasons.HOURS][bins];
    Moments[] moments = new Moments[Seasons.HOURS];
    Arrays.fill(moments, Moments.EMPTY);
    for (int hour = 0; hour < Seasons.HOURS; hour++) {
      if (tree.has(name(hour))) {
        BaselineNode node = tree.child(name(hour));
        counts[hour] = node.integers("counts");
        if (counts[hour].length != bins) {
          throw node.problem("counts", counts[hour].length + " of them", bins + ", one a bin");
        }
        if (node.has("moments")) {
          double[] five = node.numbers("moments");
          if (five.length != MOMENTS) {
            throw node.problem("moments", five.length + " numbers", "5");
          }
          moments[hour] =
              node.make(() -> new Moments((long) five[0], five[1], five[2], five[3], five[4]));
        }
      }
    }
    return tree.make(() -> new Seasons(counts, moments));
  }

  private static BlockVariation variation(BaselineNode tree) {
    return tree.make(() ->
        new BlockVariation(
                tree.integer("blocks"),
                tree.number("rows-per-block"),
                tree.number("design-effect"),
                tree.has("design-effect-by-hour")
                    ? tree.numbers("design-effect-by-hour")
                    : new double[0],
                tree.has("statistics") ? tree.numbers("statistics") : new double[0])
            .withDirections(
                new BlockVariation.Directions(
                    tree.number("design-effect-of-mean"),
                    tree.number("design-effect-of-spread"),
                    tree.number("design-effect-of-single-bins"))));
  }
}
