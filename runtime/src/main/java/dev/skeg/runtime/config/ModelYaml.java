package dev.skeg.runtime.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * A model's model.yaml: what Triton's configuration has no words for.
 *
 * @param lanes batches of this model that may run at once; empty leaves it to the server
 * @param intraOpThreads threads that one run may use; empty leaves it to the server
 * @param sharesWeights whether versions use weights where they lie in files beside the model's
 * @param versions how they follow one another
 * @param monitor how its predictions are watched
 */
public record ModelYaml(
    Optional<Lanes> lanes,
    OptionalInt intraOpThreads,
    boolean sharesWeights,
    VersionsConfig versions,
    MonitorConfig monitor) {
  /** What a model without the file has. */
  public static final ModelYaml ABSENT =
      new ModelYaml(
          Optional.empty(),
          OptionalInt.empty(),
          false,
          VersionsConfig.DEFAULT,
          MonitorConfig.DEFAULT);

  private static final ValueType<Lanes> LANES = ValueType.lanes();
  private static final ValueType<Integer> INTRA_OP_THREADS =
      ValueType.integer(1, ExecutionConfig.MAX_INTRA_OP_THREADS);
  private static final ValueType<Boolean> SHARE_WEIGHTS =
      new ValueType<>("boolean", "true or false", SourceKeys::truth);
  private static final ValueType<SwapPolicy> SWAP = ValueType.choice(SwapPolicy.class);
  private static final ValueType<Integer> KEEP_PREVIOUS =
      ValueType.integer(0, VersionsConfig.MAX_KEEP_PREVIOUS);

  private static final ValueType<Duration> MAX_LATENCY =
      ValueType.duration(VersionsConfig.MIN_LATENCY, VersionsConfig.MAX_LATENCY);

  static final ValueType<Long> LABELLED =
      new ValueType<>(
          "integer",
          "a version's number, 1 or more",
          text -> ValueType.number(text, 1, Long.MAX_VALUE, ""));
  private static final String LABELS = "versions.labels.";
  private static final Pattern LABEL = Pattern.compile("[A-Za-z][A-Za-z0-9._-]{0,63}");

  private static final String OF_SERVER = "the server's";

  /**
   * A key of the file.
   *
   * @param defaultText what holds without it, as the reference has it
   * @param summary one sentence, for the reference
   */
  record ModelKey(String path, ValueType<?> type, String defaultText, String summary) {
    /** Returns the key as it is written. */
    String shownPath() {
      return isList() ? path.substring(0, path.length() - MonitorKeys.LIST.length()) : path;
    }

    /** Returns what would do. */
    String expected() {
      return isList() ? "a list; each " + type.expected() : type.expected();
    }

    private boolean isList() {
      return path.endsWith(MonitorKeys.LIST);
    }
  }

  /** Every key, in the order of the reference. */
  static final List<ModelKey> KEYS =
      with(
          MonitorKeys.KEYS,
          new ModelKey(
              "execution.lanes",
              LANES,
              OF_SERVER,
              "How many batches of this model may run at once."),
          new ModelKey(
              "execution.intra-op-threads",
              INTRA_OP_THREADS,
              OF_SERVER,
              "How many threads one run of this model may use."),
          new ModelKey(
              "execution.share-weights",
              SHARE_WEIGHTS,
              "`false`",
              "Whether weights in external data files are used where they lie, so that versions with"
                  + " the same file have it in memory once; large batches are slower"
                  + " (`docs/swapping.md`)."),
          new ModelKey(
              "versions.swap",
              SWAP,
              "`load-first`",
              "Whether a new version is loaded beside the old one, which answers until then, or after"
                  + " the old one has been freed, where there is no memory for both."),
          new ModelKey(
              "versions.keep-previous",
              KEEP_PREVIOUS,
              "`2`; `0` with `unload-first`",
              "How many versions stay loaded after others have taken their place, so that going back"
                  + " needs no load."),
          new ModelKey(
              "versions.max-latency",
              MAX_LATENCY,
              "",
              "What one case of the golden set, or of the declared warm-up, may take at best; a"
                  + " version that is slower is not served."),
          new ModelKey(
              LABELS + "*",
              LABELLED,
              "",
              "A label, as `prod: 3`, by which clients may call that version. A label moves only to a"
                  + " version that is ready."));

  private static List<ModelKey> with(List<ModelKey> others, ModelKey... first) {
    List<ModelKey> keys = new ArrayList<>(List.of(first));
    keys.addAll(others);
    return List.copyOf(keys);
  }

  private static final String LATER_BLOCK =
      "not supported by this version (remove the block; the file accepts: execution, versions, monitor)";

  /** What is designed but not built. */
  static final Map<String, String> REFUSED =
      Map.of(
          "rollout", LATER_BLOCK,
          "triggers", LATER_BLOCK,
          "explain", LATER_BLOCK,
          "execution.device",
              "not supported by this version: models run on the CPU (remove the key)");

  /**
   * Reads a file.
   *
   * @throws ConfigException with every problem found
   */
  public static ModelYaml read(Path file) {
    return of(YamlFile.read(file));
  }

  static ModelYaml of(YamlFile file) {
    List<String> problems = new ArrayList<>();
    Optional<Lanes> lanes = Optional.empty();
    OptionalInt intraOpThreads = OptionalInt.empty();
    boolean sharesWeights = false;
    SwapPolicy swap = SwapPolicy.LOAD_FIRST;
    OptionalInt keepPrevious = OptionalInt.empty();
    Optional<Duration> maxLatency = Optional.empty();
    Map<String, Long> labels = new TreeMap<>();
    MonitorKeys monitor = new MonitorKeys();
    String keepPreviousPlace = "";
    for (YamlFile.Entry entry :
        file.entries(KEYS.stream().map(ModelKey::path).toList(), REFUSED, problems)) {
      try {
        switch (entry.path()) {
          case "execution.lanes" -> lanes = Optional.of(LANES.parse(entry.text()));
          case "execution.intra-op-threads" ->
              intraOpThreads = OptionalInt.of(INTRA_OP_THREADS.parse(entry.text()));
          case "execution.share-weights" -> sharesWeights = SHARE_WEIGHTS.parse(entry.text());
          case "versions.swap" -> swap = SWAP.parse(entry.text());
          case "versions.max-latency" -> maxLatency = Optional.of(MAX_LATENCY.parse(entry.text()));
          case "versions.keep-previous" -> {
            keepPrevious = OptionalInt.of(KEEP_PREVIOUS.parse(entry.text()));
            keepPreviousPlace = entry.place();
          }
          case String path when path.startsWith(MonitorKeys.BLOCK) -> monitor.take(entry);
          case String path when path.startsWith(LABELS) ->
              labels.put(label(path.substring(LABELS.length())), LABELLED.parse(entry.text()));
          default -> throw new IllegalStateException("no such key: " + entry.path());
        }
      } catch (IllegalArgumentException e) {
        problems.add(entry.place() + ": " + e.getMessage());
      }
    }
    boolean unloadsFirst = swap == SwapPolicy.UNLOAD_FIRST;
    if (unloadsFirst && keepPrevious.orElse(0) > 0) {
      problems.add(
          keepPreviousPlace
              + ": "
              + keepPrevious.getAsInt()
              + " (expected: 0 with versions.swap: unload-first, which is for when memory is short)");
    }
    MonitorConfig watched = monitor.config(problems);
    if (!problems.isEmpty()) {
      throw new ConfigException(problems);
    }
    int kept = keepPrevious.orElse(unloadsFirst ? 0 : VersionsConfig.DEFAULT_KEEP_PREVIOUS);
    return new ModelYaml(
        lanes,
        intraOpThreads,
        sharesWeights,
        new VersionsConfig(swap, kept, maxLatency, labels),
        watched);
  }

  /**
   * Returns a label's name.
   *
   * @throws IllegalArgumentException if it is none
   */
  static String label(String name) {
    if (!LABEL.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "the label '"
              + name
              + "' (expected: a letter, then up to 63 letters, digits, dots, dashes, underscores)");
    }
    return name;
  }

  /**
   * Returns how this model runs on a server that is configured so.
   *
   * @param instances what config.pbtxt says of lanes; this file goes before it, the server after
   */
  public ExecutionConfig execution(ExecutionConfig server, Optional<Lanes> instances) {
    return new ExecutionConfig(
        lanes.or(() -> instances).orElse(server.lanes()),
        intraOpThreads.orElse(server.intraOpThreads()),
        server.maxQueued());
  }
}
