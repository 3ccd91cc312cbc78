package dev.skeg.runtime.config;

import dev.skeg.registry.Sources;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where the server's configuration comes from: defaults, then skeg.yaml, then the environment, then
 * the command line; the later one wins. Every value is checked, also one that another overrides.
 *
 * <p><b>Threads.</b> Used by one thread.
 */
public final class ServerConfigSources {
  /** Variables that Kubernetes makes for a Service called skeg or skeg-something. */
  private static final Pattern KUBERNETES =
      Pattern.compile("SKEG(_[A-Z0-9_]+)?_(SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)|PORT_\\d+_.*)");

  /** The file's variable, and those that belong to the launcher. */
  private static final List<String> NOT_KEYS = List.of("SKEG_CONFIG", "SKEG_JAVA", "SKEG_HOME");

  private @Nullable Path file;
  private Map<String, String> environment = Map.of();
  private final List<Setting> options = new ArrayList<>();

  /**
   * What was read.
   *
   * @param warnings complete lines that an operator should see; nothing was refused for them
   */
  public record Loaded(ServerConfig config, List<String> warnings) {
    public Loaded {
      warnings = List.copyOf(warnings);
    }
  }

  /**
   * A value and where it stands.
   *
   * @param place what an error begins with, as {@code skeg.yaml:3: http.port}
   */
  private record Setting(String path, String text, String place) {}

  /** Reads that file, in YAML. */
  public ServerConfigSources withFile(Path file) {
    this.file = file;
    return this;
  }

  /** Reads the variables that begin with {@code SKEG_}. */
  public ServerConfigSources withEnvironment(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
    return this;
  }

  /** Takes a value from the command line; {@code option} is the spelling that was used. */
  public ServerConfigSources withOption(Key<?> key, String option, String text) {
    options.add(new Setting(key.path(), text, option));
    return this;
  }

  /**
   * Takes a model with a source of its own from the command line.
   *
   * @param text {@code NAME=URI}, or {@code NAME=URI#POINTER}
   * @param option the spelling that was used
   */
  public ServerConfigSources withModel(String option, String text) {
    int equals = text.indexOf('=');
    String model = text.substring(0, equals);
    String uri = text.substring(equals + 1);
    int hash = uri.lastIndexOf('#');
    String prefix = SourceKeys.PREFIX + model + ".";
    String place = option + ": " + model;
    if (hash >= 0) {
      options.add(new Setting(prefix + SourceKeys.POINTER.path(), uri.substring(hash + 1), place));
      uri = uri.substring(0, hash);
    }
    options.add(new Setting(prefix + SourceKeys.SOURCE.path(), uri, place));
    return this;
  }

  /**
   * Takes values by their keys' paths.
   *
   * @param origin what an error begins with; may be empty
   */
  public ServerConfigSources withValues(String origin, Map<String, String> values) {
    String prefix = origin.isEmpty() ? "" : origin + ": ";
    new TreeMap<>(values)
        .forEach((path, text) -> options.add(new Setting(path, text, prefix + path)));
    return this;
  }

  /**
   * Reads all sources.
   *
   * @throws ConfigException with every problem found
   */
  public Loaded load() {
    List<String> problems = new ArrayList<>();
    List<String> warnings = new ArrayList<>();
    List<Setting> settings = new ArrayList<>();
    if (file != null) {
      for (YamlFile.Entry entry : entries(YamlFile.read(file), problems)) {
        settings.add(new Setting(entry.path(), entry.text(), entry.place()));
      }
    }
    readEnvironment(settings, warnings);
    settings.addAll(options);

    Map<String, String> texts = new HashMap<>();
    Map<String, String> places = new HashMap<>();
    for (Setting setting : settings) {
      if (isValid(setting, problems)) {
        texts.put(setting.path(), setting.text());
        places.put(setting.path(), setting.place());
      }
    }
    List<SourceConfig> models = problems.isEmpty() ? models(texts, places, problems) : List.of();
    if (!problems.isEmpty()) {
      throw new ConfigException(problems);
    }
    ServerConfig config = ServerKeys.build(texts, models);
    requireDifferentPorts(config, places);
    requireTokenBeyondLoopback(config, places);
    requireExplicitToLoadModels(config, places);
    return new Loaded(config, warnings);
  }

  private static List<YamlFile.Entry> entries(YamlFile yaml, List<String> problems) {
    String block = SourceKeys.PREFIX.substring(0, SourceKeys.PREFIX.length() - 1);
    List<YamlFile.Entry> entries =
        new ArrayList<>(
            yaml.without(block).entries(ServerKeys.paths(), ServerKeys.REFUSED, problems));
    yaml.block(block, "a block of models, as fraud: {source: …}", problems)
        .forEach((model, node) -> {
          String prefix = SourceKeys.PREFIX + model;
          String place = yaml.name() + ":" + node.line() + ": " + prefix;
          String nameProblem = SourceKeys.nameProblem(model);
          if (!nameProblem.isEmpty()) {
            problems.add(yaml.name() + ":" + node.line() + ": models: " + nameProblem);
          } else if (node instanceof YamlFile.Block inner) {
            if (!inner.nodes().containsKey(SourceKeys.SOURCE.path())) {
              problems.add(place + ": no source (expected: source: URI)");
            }
            entries.addAll(
                yaml.entries(prefix + ".", inner, SourceKeys.paths(model), Map.of(), problems));
          } else {
            problems.add(place + ": not a block (expected: a block, as {source: …, pointer: …})");
          }
        });
    return entries;
  }

  private static List<SourceConfig> models(
      Map<String, String> texts, Map<String, String> places, List<String> problems) {
    Map<String, Map<String, String>> byModel = new TreeMap<>();
    texts.forEach((path, text) -> {
      if (path.startsWith(SourceKeys.PREFIX)) {
        SourceKeys.Place place = SourceKeys.place(path);
        byModel.computeIfAbsent(place.model(), _ -> new TreeMap<>()).put(place.below(), text);
      }
    });
    if (byModel.isEmpty()) {
      return List.of();
    }
    Sources sources = Sources.load(ServerConfigSources.class.getClassLoader());
    List<SourceConfig> models = new ArrayList<>();
    byModel.forEach((model, own) -> {
      try {
        models.add(SourceKeys.build(model, own, sources));
      } catch (IllegalArgumentException e) {
        String first = SourceKeys.PREFIX + model + "." + own.keySet().iterator().next();
        String source = SourceKeys.PREFIX + model + "." + SourceKeys.SOURCE.path();
        problems.add(
            places.getOrDefault(source, places.getOrDefault(first, first)) + ": " + e.getMessage());
      }
    });
    return models;
  }

  private static boolean isValid(Setting setting, List<String> problems) {
    if (setting.path().startsWith(SourceKeys.PREFIX)) {
      return isValidOfModel(setting, problems);
    }
    Key<?> key = ServerKeys.of(setting.path()).orElse(null);
    if (key == null) {
      String refused = ServerKeys.REFUSED.get(setting.path());
      problems.add(
          setting.place()
              + ": "
              + (refused != null
                  ? refused
                  : "unknown key" + Nearest.hint(setting.path(), ServerKeys.paths())));
      return false;
    }
    try {
      key.type().parse(setting.text());
      return true;
    } catch (IllegalArgumentException e) {
      problems.add(setting.place() + ": " + e.getMessage());
      return false;
    }
  }

  private static boolean isValidOfModel(Setting setting, List<String> problems) {
    SourceKeys.Place place = SourceKeys.place(setting.path());
    SourceKeys.SourceKey<?> key = place.key();
    String problem =
        key == null
            ? SourceKeys.unknown(setting.path(), place)
            : SourceKeys.nameProblem(place.model());
    if (key != null && problem.isEmpty()) {
      problem = SourceKeys.problem(key, place, setting.text());
    }
    if (!problem.isEmpty()) {
      problems.add(setting.place() + ": " + problem);
    }
    return problem.isEmpty();
  }

  private void readEnvironment(List<Setting> settings, List<String> warnings) {
    Map<String, Key<?>> keys = new HashMap<>();
    ServerKeys.ALL.forEach(key -> keys.put(key.variable(), key));
    new TreeMap<>(environment)
        .forEach((variable, text) -> {
          if (!variable.startsWith("SKEG_") || NOT_KEYS.stream().anyMatch(variable::startsWith)) {
            return;
          }
          Key<?> key = keys.get(variable);
          boolean link = text.startsWith("tcp://") || text.startsWith("udp://");
          if (key != null && link) {
            warnings.add(
                variable
                    + ": "
                    + text
                    + " is ignored: Kubernetes made it for a Service of that name (to silence"
                    + " this, set enableServiceLinks: false in the pod)");
          } else if (key != null) {
            settings.add(new Setting(key.path(), text, variable));
          } else if (!link && !KUBERNETES.matcher(variable).matches()) {
            warnings.add(
                variable
                    + ": unknown variable, ignored"
                    + Nearest.hint(variable.toUpperCase(Locale.ROOT), keys.keySet()));
          }
        });
  }

  /** What can be said by name; the port itself looks at the address that it binds. */
  private static void requireExplicitToLoadModels(ServerConfig config, Map<String, String> places) {
    ServerConfig.ModelControl control = config.modelControl();
    if (!control.startWith().isEmpty()
        && control.mode() != ServerConfig.ModelControlMode.EXPLICIT) {
      throw new ConfigException(
          places.get(ServerKeys.LOAD_MODELS.path())
              + ": only with model-control-mode: explicit (expected: that mode, or neither)");
    }
  }

  private static void requireTokenBeyondLoopback(ServerConfig config, Map<String, String> places) {
    String host = config.admin().host();
    boolean loopback =
        host.equals("localhost") || host.equals("::1") || host.matches("127(\\.[0-9]{1,3}){3}");
    if (!loopback && config.admin().tokenFile().isEmpty()) {
      String key = ServerKeys.ADMIN_HOST.path();
      throw new ConfigException(
          places.getOrDefault(key, key)
              + ": "
              + host
              + " (expected: 127.0.0.1, localhost or ::1; or admin.token-file, without which the"
              + " admin port listens nowhere else)");
    }
  }

  private static void requireDifferentPorts(ServerConfig config, Map<String, String> places) {
    Map<Integer, String> owners = new HashMap<>();
    Map<String, Integer> ports = new TreeMap<>();
    ports.put("http.port", config.http().port());
    ports.put("grpc.port", config.grpc().port());
    ports.put("metrics.port", config.metrics().port());
    ports.put("admin.port", config.admin().port());
    ports.forEach((path, port) -> {
      String other = port == 0 ? null : owners.put(port, path);
      if (other != null) {
        String given = places.containsKey(path) ? path : other;
        String taken = given.equals(path) ? other : path;
        throw new ConfigException(
            places.getOrDefault(given, given)
                + ": "
                + port
                + " (expected: a port that "
                + taken
                + " does not have too)");
      }
    });
  }
}
