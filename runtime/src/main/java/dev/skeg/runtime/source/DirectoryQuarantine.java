package dev.skeg.runtime.source;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skeg.registry.Digests;
import dev.skeg.registry.RegistryException;
import dev.skeg.runtime.config.Version;
import dev.skeg.runtime.control.ModelPlan;
import dev.skeg.runtime.control.VersionPlan;
import dev.skeg.runtime.endpoint.Endpoint;
import dev.skeg.runtime.endpoint.VersionStatus;
import dev.skeg.runtime.servable.LoadRequest;
import dev.skeg.runtime.servable.VersionState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Versions of the models directory that could not be loaded, with their reasons, across restarts: a
 * document for each model. A version is known by the digest of its files, by what its model's
 * configuration says of loading it, with the rows that the model is warmed up with, and by the
 * server's version; so it comes out when any of these changes, or is forced.
 *
 * <p>One that has served as it is stays out: it did load once, so that something else must be
 * wrong. Where the disk fails, nothing is in quarantine.
 *
 * <p><b>Threads.</b> Any; reads and writes the disk.
 */
final class DirectoryQuarantine {
  private static final Logger LOG = LoggerFactory.getLogger(DirectoryQuarantine.class);

  private static final String SERVER = Version.current().toString();
  private static final String REFUSED = "refused";
  private static final String SERVED = "served";

  /** Of each model, the last ones. */
  private static final int MOST = 64;

  private final Path directory;
  private final InstantSource clock;

  /**
   * @param directory need not exist
   */
  DirectoryQuarantine(Path directory, InstantSource clock) {
    this.directory = directory;
    this.clock = clock;
  }

  private JsonFile file(String model) {
    return new JsonFile(directory.resolve(model + ".json"));
  }

  /** Returns a plan, but with a refusal of what is in quarantine. */
  VersionPlan heldAgainst(VersionPlan version) {
    if (!(version instanceof VersionPlan.Load load)) {
      return version;
    }
    try {
      JsonNode refused =
          file(load.request().version().model()).read().path(REFUSED).path(key(load));
      if (refused.isObject()) {
        return new VersionPlan.Refuse(
            load.number(),
            "in quarantine: "
                + refused.path("reason").asText()
                + " (expected: other files or configuration, or force)");
      }
    } catch (RegistryException e) {
      warn(e);
    }
    return version;
  }

  /** Notes what became of a plan. */
  void note(ModelPlan plan, Endpoint endpoint) {
    try {
      boolean _ =
          file(plan.model())
              .change(document -> {
                plan.versions()
                    .forEach(version -> {
                      if (version instanceof VersionPlan.Load load) {
                        note(load, endpoint, document);
                      }
                    });
                return true;
              });
    } catch (RegistryException e) {
      warn(e);
    }
  }

  private void note(VersionPlan.Load load, Endpoint endpoint, ObjectNode document) {
    VersionStatus is = endpoint.version(load.number());
    if (is == null || !is.digest().equals(load.digest())) {
      return;
    }
    ObjectNode refused = document.withObjectProperty(REFUSED);
    ObjectNode served = document.withObjectProperty(SERVED);
    String key = key(load);
    if (is.runs(load.request())) {
      refused.remove(key);
      served.put(key, load.number());
    } else if (is.state() == VersionState.UNAVAILABLE && !is.isPassing() && !served.has(key)) {
      refused
          .putObject(key)
          .put("number", load.number())
          .put("reason", is.reason())
          .put("since", clock.instant().toString());
    }
    trim(refused);
    trim(served);
  }

  private static void trim(ObjectNode oldestFirst) {
    List<String> keys = keys(oldestFirst);
    oldestFirst.remove(keys.subList(0, Math.max(0, keys.size() - MOST)));
  }

  private static List<String> keys(ObjectNode node) {
    List<String> keys = new ArrayList<>();
    node.fieldNames().forEachRemaining(keys::add);
    return keys;
  }

  /** Takes what had a number out. */
  void pardon(String model, long number) {
    try {
      boolean _ =
          file(model)
              .change(document -> {
                ObjectNode refused = document.withObjectProperty(REFUSED);
                keys(refused).stream()
                    .filter(key -> refused.path(key).path("number").asLong() == number)
                    .forEach(refused::remove);
                return true;
              });
    } catch (RegistryException e) {
      warn(e);
    }
  }

  private static String key(VersionPlan.Load load) {
    LoadRequest request = load.request();
    MessageDigest configuration = Digests.sha256();
    configuration.update(request.declared().toByteArray());
    String rest =
        request.declaresMaxBatchSize()
            + " "
            + request.intraOpThreads()
            + " "
            + request.sharesWeights();
    configuration.update((rest + " " + SERVER).getBytes(StandardCharsets.UTF_8));
    if (request.declared().getModelWarmupCount() > 0) {
      Path beside = request.versionDirectory().toAbsolutePath().resolveSibling("warmup");
      configuration.update(listing(beside).getBytes(StandardCharsets.UTF_8));
    }
    return load.digest() + " " + Digests.hex(configuration.digest());
  }

  /**
   * Returns what files a directory has, their sizes and times; nothing as far as that is unknown.
   */
  private static String listing(Path directory) {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.sorted().map(DirectoryQuarantine::line).collect(Collectors.joining());
    } catch (IOException | UncheckedIOException e) {
      return "";
    }
  }

  private static String line(Path file) {
    try {
      BasicFileAttributes is = Files.readAttributes(file, BasicFileAttributes.class);
      return is.isDirectory() ? "" : file + " " + is.size() + " " + is.lastModifiedTime() + "\n";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void warn(RegistryException e) {
    LOG.atWarn()
        .setCause(e)
        .addKeyValue("directory", directory)
        .log("It is not known which versions of the models directory cannot be loaded");
  }
}
