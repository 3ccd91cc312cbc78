package dev.skeg.runtime.config;

import dev.skeg.registry.Network;
import dev.skeg.registry.Pointer;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.Secret;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.Sources;
import dev.skeg.registry.signature.Verification;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The table of keys below {@code models: {NAME: …}}, and what is made of them.
 *
 * <p>A full path is {@code models.NAME.KEY}. A name may have dots, so a path is read from its end:
 * no key's words end in another key's. A label may have any name: it is what comes after {@code
 * labels}.
 */
final class SourceKeys {
  static final String PREFIX = "models.";

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");
  private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,127}");
  private static final String LABELS_BLOCK = "labels.";

  private static final ValueType<Path> FILE = ValueType.path("a file");

  /**
   * A key.
   *
   * @param path below the model's name
   * @param defaultText what stands for a key that is not given; empty if there is nothing
   * @param summary one sentence, for the reference
   * @param parser throws IllegalArgumentException with a complete message
   */
  record SourceKey<T>(
      String path,
      String expected,
      String defaultText,
      String summary,
      Function<String, T> parser) {}

  static final SourceKey<SourceUri> SOURCE =
      new SourceKey<>(
          "source",
          "a URI of one model, as oci://host/team/fraud",
          "",
          "Where the versions are; `docs/registries.md` has each scheme and its options. Required.",
          SourceUri::parse);
  static final SourceKey<Pointer> POINTER =
      new SourceKey<>(
          "pointer",
          "latest, version/7, tag/NAME, alias/NAME, branch/NAME, revision/ID or digest/sha256:…",
          "latest",
          "What is served: the version that it means, now and whenever it moves.",
          Pointer::parse);
  static final SourceKey<Duration> POLL_INTERVAL =
      key(
          "poll-interval",
          ValueType.duration(Duration.ofMillis(100), Duration.ofDays(1)),
          "",
          "How often the pointer is looked up; `repository-poll-secs` if it is not given.");
  static final SourceKey<Long> LABELS =
      key(
          LABELS_BLOCK + "*",
          ModelYaml.LABELLED,
          "",
          "A label, as `prod: 3`, by which clients may call that version. It stands before one of the"
              + " same name in the version's own `model.yaml`, and moves only to a version that is"
              + " ready.");
  static final SourceKey<Boolean> WRITE_BACK =
      new SourceKey<>(
          "write-back",
          "true or false",
          "false",
          "For `mlflow:`: whether the version that serves is given the tag `serving.state: stable`"
              + " there, which the one before loses.",
          SourceKeys::truth);
  static final SourceKey<Secret> TOKEN_FILE =
      secretFile("credentials.token-file", "A file with the bearer token.");
  static final SourceKey<Secret> TOKEN_ENV =
      secretVariable("credentials.token-env", "The environment variable with the bearer token.");
  static final SourceKey<Secret> USERNAME_FILE =
      secretFile("credentials.username-file", "A file with the user's name.");
  static final SourceKey<Secret> USERNAME_ENV =
      secretVariable("credentials.username-env", "The environment variable with the user's name.");
  static final SourceKey<Secret> PASSWORD_FILE =
      secretFile("credentials.password-file", "A file with the password.");
  static final SourceKey<Secret> PASSWORD_ENV =
      secretVariable("credentials.password-env", "The environment variable with the password.");
  static final SourceKey<Path> DOCKER_CONFIG =
      key(
          "docker-config",
          FILE,
          "",
          "For `oci:`: credentials as `docker login` and Kubernetes write them.");
  static final SourceKey<String> ENDPOINT =
      key(
          "endpoint",
          ValueType.text("a URL", 1024),
          "",
          "For `s3:`, `gs:`, `azblob:` and `hf:`: the URL of another server with that protocol.");
  static final SourceKey<Path> CA_FILE =
      key("network.ca-file", FILE, "", "Certificates in PEM that are trusted beside Java's own.");
  static final SourceKey<InetSocketAddress> PROXY =
      new SourceKey<>(
          "network.proxy",
          "HOST:PORT of an HTTP proxy",
          "",
          "The proxy for every connection; none without it, whatever the environment says.",
          SourceKeys::address);
  static final SourceKey<Duration> CONNECT_TIMEOUT =
      key(
          "network.connect-timeout",
          SourceConfig.TIMEOUT,
          "5s",
          "The longest wait for a connection.");
  static final SourceKey<Duration> READ_TIMEOUT =
      key(
          "network.read-timeout",
          SourceConfig.TIMEOUT,
          "30s",
          "The longest silence while waiting for an answer or its next bytes.");
  static final SourceKey<Secret> HOOK_SECRET_FILE =
      secretFile(
          "hook.secret-file",
          "A file with the secret by which notifications prove that they are genuine.");
  static final SourceKey<Secret> HOOK_SECRET_ENV =
      secretVariable("hook.secret-env", "The environment variable with that secret.");
  static final SourceKey<Boolean> SIGNATURE_REQUIRED =
      new SourceKey<>(
          "signature.required",
          "true or false",
          "false",
          "Whether a version without a signature is refused; one that is there is checked"
              + " all the same.",
          SourceKeys::truth);
  static final SourceKey<Path> SIGNATURE_KEY_FILE =
      key("signature.key-file", FILE, "", "The signer's EC public key in PEM.");
  static final SourceKey<Path> SIGNATURE_CA_FILE =
      key(
          "signature.ca-file",
          FILE,
          "",
          "Certificates in PEM, to one of which the signer's must lead.");
  static final SourceKey<String> SIGNATURE_SUBJECT =
      key(
          "signature.subject",
          ValueType.text("a name", 512),
          "",
          "Whom the certificate must name: distinguished name, email address, URI or host.");

  /** Every key, in the order of the reference. */
  static final List<SourceKey<?>> ALL =
      List.of(
          SOURCE,
          POINTER,
          POLL_INTERVAL,
          LABELS,
          WRITE_BACK,
          TOKEN_FILE,
          TOKEN_ENV,
          USERNAME_FILE,
          USERNAME_ENV,
          PASSWORD_FILE,
          PASSWORD_ENV,
          DOCKER_CONFIG,
          ENDPOINT,
          CA_FILE,
          PROXY,
          CONNECT_TIMEOUT,
          READ_TIMEOUT,
          HOOK_SECRET_FILE,
          HOOK_SECRET_ENV,
          SIGNATURE_REQUIRED,
          SIGNATURE_KEY_FILE,
          SIGNATURE_CA_FILE,
          SIGNATURE_SUBJECT);

  private SourceKeys() {}

  /**
   * A full path taken apart.
   *
   * @param key null if it is not one
   */
  record Place(String model, String below, @Nullable SourceKey<?> key) {}

  /** Takes {@code models.NAME.KEY} apart. */
  static Place place(String path) {
    String rest = path.substring(PREFIX.length());
    int labels = rest.indexOf("." + LABELS_BLOCK);
    if (labels > 0) {
      return new Place(rest.substring(0, labels), rest.substring(labels + 1), LABELS);
    }
    SourceKey<?> best = null;
    for (SourceKey<?> key : ALL) {
      if (rest.endsWith("." + key.path())
          && (best == null || key.path().length() > best.path().length())) {
        best = key;
      }
    }
    if (best != null) {
      String model = rest.substring(0, rest.length() - best.path().length() - 1);
      return new Place(model, best.path(), best);
    }
    int dot = rest.indexOf('.');
    return new Place(
        dot < 0 ? rest : rest.substring(0, dot), dot < 0 ? "" : rest.substring(dot + 1), null);
  }

  /** Returns the full paths of a model's keys. */
  static List<String> paths(String model) {
    return ALL.stream().map(key -> PREFIX + model + "." + key.path()).toList();
  }

  /** Returns what is wrong with a name; empty if it will do. */
  static String nameProblem(String model) {
    return NAME.matcher(model).matches()
        ? ""
        : "'" + model + "' (expected: a model's name of 1 to 128 letters, digits and . _ -)";
  }

  /** Returns what is wrong with a value, as {@code x (expected: …)}; empty if it will do. */
  static String problem(SourceKey<?> key, Place place, String text) {
    try {
      if (place.below().startsWith(LABELS_BLOCK)) {
        String _ = ModelYaml.label(place.below().substring(LABELS_BLOCK.length()));
      }
      Object _ = key.parser().apply(text);
      return "";
    } catch (IllegalArgumentException e) {
      // URI and pointer name themselves in their messages; the place does so already.
      return String.valueOf(e.getMessage()).replaceFirst("^(source|pointer): ", "");
    }
  }

  /**
   * Puts one model's entry together.
   *
   * @param texts by the paths of keys, each of which {@link #problem} found good
   * @throws IllegalArgumentException if they do not go together
   */
  static SourceConfig build(String model, Map<String, String> texts, Sources sources) {
    if (!texts.containsKey(SOURCE.path())) {
      throw new IllegalArgumentException("no source (expected: source: URI)");
    }
    SourceUri uri = SOURCE.parser().apply(texts.getOrDefault(SOURCE.path(), ""));
    Map<String, Secret> credentials = new HashMap<>();
    either(texts, TOKEN_FILE, TOKEN_ENV).ifPresent(it -> credentials.put("token", it));
    either(texts, USERNAME_FILE, USERNAME_ENV).ifPresent(it -> credentials.put("username", it));
    either(texts, PASSWORD_FILE, PASSWORD_ENV).ifPresent(it -> credentials.put("password", it));
    SourceSettings settings =
        SourceSettings.defaults()
            .withNetwork(network(texts))
            .withCredentials(credentials)
            .withOptions(options(uri, texts));
    Verification verification =
        new Verification(
            optional(SIGNATURE_REQUIRED, texts).orElse(false),
            optional(SIGNATURE_KEY_FILE, texts),
            optional(SIGNATURE_CA_FILE, texts),
            optional(SIGNATURE_SUBJECT, texts));
    try {
      sources.open(uri, settings).close(); // Makes no connection: says whether URI and options fit.
    } catch (RegistryException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
    return new SourceConfig(
        model,
        uri,
        optional(POINTER, texts).orElse(Pointer.LATEST),
        settings,
        verification,
        optional(POLL_INTERVAL, texts),
        either(texts, HOOK_SECRET_FILE, HOOK_SECRET_ENV),
        labels(texts),
        writesBack(uri, texts));
  }

  private static boolean writesBack(SourceUri uri, Map<String, String> texts) {
    boolean isWanted = optional(WRITE_BACK, texts).orElse(false);
    if (isWanted && !uri.scheme().startsWith("mlflow")) {
      throw new IllegalArgumentException(
          WRITE_BACK.path() + " is not for " + uri.scheme() + ": (expected: the key left out)");
    }
    return isWanted;
  }

  private static Map<String, Long> labels(Map<String, String> texts) {
    Map<String, Long> labels = new HashMap<>();
    texts.forEach((path, text) -> {
      if (path.startsWith(LABELS_BLOCK)) {
        labels.put(path.substring(LABELS_BLOCK.length()), LABELS.parser().apply(text));
      }
    });
    return labels;
  }

  private static Network network(Map<String, String> texts) {
    Network defaults = Network.defaults();
    return new Network(
        optional(CONNECT_TIMEOUT, texts).orElse(defaults.connectTimeout()),
        optional(READ_TIMEOUT, texts).orElse(defaults.readTimeout()),
        defaults.retries(),
        optional(PROXY, texts),
        optional(CA_FILE, texts));
  }

  private static Map<String, String> options(SourceUri uri, Map<String, String> texts) {
    Map<String, String> options = new HashMap<>();
    option(DOCKER_CONFIG, Set.of("oci"), uri, texts, options);
    option(ENDPOINT, Set.of("hf", "s3", "gs", "azblob"), uri, texts, options);
    return options;
  }

  private static void option(
      SourceKey<?> key,
      Set<String> schemes,
      SourceUri uri,
      Map<String, String> texts,
      Map<String, String> options) {
    String text = texts.get(key.path());
    if (text == null) {
      return;
    }
    if (!schemes.contains(uri.scheme())) {
      throw new IllegalArgumentException(
          key.path() + " is not for " + uri.scheme() + ": (expected: the key left out)");
    }
    options.put(key.path(), text);
  }

  private static Optional<Secret> either(
      Map<String, String> texts, SourceKey<Secret> file, SourceKey<Secret> variable) {
    if (texts.containsKey(file.path()) && texts.containsKey(variable.path())) {
      throw new IllegalArgumentException(
          file.path() + " and " + variable.path() + " are both given (expected: one of them)");
    }
    return optional(file, texts).or(() -> optional(variable, texts));
  }

  private static <T> Optional<T> optional(SourceKey<T> key, Map<String, String> texts) {
    return Optional.ofNullable(texts.get(key.path())).map(key.parser());
  }

  private static <T> SourceKey<T> key(
      String path, ValueType<T> type, String defaultText, String summary) {
    return new SourceKey<>(path, type.expected(), defaultText, summary, type::parse);
  }

  private static SourceKey<Secret> secretFile(String path, String summary) {
    return new SourceKey<>(
        path, FILE.expected(), "", summary, text -> Secret.file(FILE.parse(text)));
  }

  private static SourceKey<Secret> secretVariable(String path, String summary) {
    String expected = "an environment variable's name";
    return new SourceKey<>(
        path,
        expected,
        "",
        summary,
        text -> {
          if (!VARIABLE.matcher(text).matches()) {
            // The text is not shown: it may be the secret itself, put here by mistake.
            throw new IllegalArgumentException(
                "no name of a variable (expected: " + expected + ")");
          }
          return Secret.environment(text);
        });
  }

  private static InetSocketAddress address(String text) {
    int colon = text.lastIndexOf(':');
    try {
      if (colon > 0 && text.indexOf('@') < 0 && text.indexOf('/') < 0) {
        int port = (int) ValueType.number(text.substring(colon + 1), 1, 65535, "");
        return InetSocketAddress.createUnresolved(text.substring(0, colon), port);
      }
    } catch (IllegalArgumentException e) {
      // Said below, in words of the key.
    }
    String shown = text.substring(text.lastIndexOf('@') + 1);
    throw new IllegalArgumentException(
        shown + " (expected: HOST:PORT of an HTTP proxy that asks for no password)");
  }

  static boolean truth(String text) {
    if (!text.equals("true") && !text.equals("false")) {
      throw new IllegalArgumentException(text + " (expected: true or false)");
    }
    return text.equals("true");
  }

  /** Returns the problems of a path that is no key of a model. */
  static String unknown(String path, Place place) {
    List<String> known = new ArrayList<>(paths(place.model()));
    return "unknown key" + Nearest.hint(path, known);
  }
}
