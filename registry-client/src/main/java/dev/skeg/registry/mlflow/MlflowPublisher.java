package dev.skeg.registry.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skeg.registry.Artifact;
import dev.skeg.registry.ArtifactFile;
import dev.skeg.registry.Pointer;
import dev.skeg.registry.Progress;
import dev.skeg.registry.PublishRequest;
import dev.skeg.registry.Published;
import dev.skeg.registry.Publisher;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.SourceSettings;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Publishes versions to MLflow through its artifact proxy.
 *
 * <p>Files go to {@code mlflow-artifacts:/skeg/MODEL/DIGEST/}, the list of their digests last; then
 * the version is made, which MLflow numbers, then aliases move. The same content goes to the same
 * place, so a broken upload is repeated without harm. <b>Threads.</b> One at a time.
 */
final class MlflowPublisher implements Publisher {
  private static final Pattern ALIAS =
      Pattern.compile("(?!(?i:latest$|v\\d+$))[A-Za-z0-9_-]{1,255}");

  private final MlflowApi api;
  private final MlflowVersions versions;
  private final MlflowArtifacts artifacts;
  private final MlflowWriter writer;

  MlflowPublisher(MlflowApi api, SourceSettings settings) {
    this.api = api;
    this.versions = new MlflowVersions(api);
    this.artifacts = new MlflowArtifacts(api, settings.caps().maxFiles());
    this.writer = new MlflowWriter(api);
  }

  @Override
  public Published publish(Path versionDirectory, PublishRequest request, Progress progress) {
    requireAliases(request.pointers());
    requireNext(request);
    List<ArtifactFile> files = Artifact.published(versionDirectory);
    Artifact content = Artifact.ofFiles(files);
    String directory =
        "skeg/"
            + api.model().replaceAll("[^A-Za-z0-9_-]", "_")
            + "/"
            + content.digest().substring("sha256:".length());
    byte[] sums = sums(content);
    if (!artifacts.has(directory, MlflowArtifacts.SUMS, sums)) {
      upload(versionDirectory, directory, files, progress);
      artifacts.upload(directory + "/" + MlflowArtifacts.SUMS, sums);
    }
    long number = create(directory, content.digest());
    if (request.number() != 0 && request.number() != number) {
      throw taken(request.number(), number);
    }
    List<Pointer> moved = new ArrayList<>(List.of(Pointer.version(number), Pointer.LATEST));
    for (Pointer pointer : request.pointers()) {
      if (pointer.kind() == Pointer.Kind.ALIAS) {
        writer.setAlias(pointer.name(), number);
        moved.add(pointer);
      }
    }
    MlflowArtifacts.Listing listing = artifacts.list(directory);
    return new Published(number, number + "@" + listing.fingerprint(), content.digest(), moved);
  }

  private static void requireAliases(List<Pointer> pointers) {
    for (Pointer pointer : pointers) {
      boolean isAlias =
          pointer.kind() == Pointer.Kind.ALIAS && ALIAS.matcher(pointer.name()).matches();
      if (!isAlias && pointer.kind() != Pointer.Kind.LATEST) {
        throw new IllegalArgumentException(
            "pointer: "
                + pointer
                + " (expected: alias/NAME of letters, digits, _ and -, but not latest and v1, to"
                + " publish to MLflow)");
      }
    }
  }

  private void requireNext(PublishRequest request) {
    if (request.number() != 0) {
      long next = versions.highestNumber() + 1;
      if (request.number() != next) {
        throw taken(request.number(), next);
      }
    }
  }

  private RegistryException taken(long wanted, long next) {
    return new RegistryException(
        Kind.CONFLICT,
        "model "
            + api.model()
            + " cannot have version "
            + wanted
            + " now: MLflow gives it "
            + next
            + " (expected: no number, or that one)");
  }

  private void upload(Path from, String to, List<ArtifactFile> files, Progress progress) {
    for (ArtifactFile file : files) {
      String path = file.path();
      progress.moved(path, 0, file.sizeBytes());
      artifacts.upload(to + "/" + path, from.resolve(path), file.sizeBytes());
      progress.moved(path, file.sizeBytes(), file.sizeBytes());
    }
  }

  private static byte[] sums(Artifact content) {
    StringBuilder lines = new StringBuilder();
    for (ArtifactFile file : content.files()) {
      lines.append(file.sha256()).append("  ").append(file.path()).append('\n');
    }
    return lines.toString().getBytes(StandardCharsets.UTF_8);
  }

  private long create(String directory, String digest) {
    try {
      api.send(
          "POST", "mlflow/registered-models/create", MlflowApi.document().put("name", api.model()));
    } catch (RegistryException e) {
      if (e.kind() != Kind.CONFLICT) {
        throw e;
      }
      // It exists already, which is as good.
    }
    ObjectNode document = MlflowApi.document();
    document.put("name", api.model()).put("source", "mlflow-artifacts:/" + directory);
    document.putArray("tags").addObject().put("key", "skeg.digest").put("value", digest);
    JsonNode answer = api.send("POST", "mlflow/model-versions/create", document);
    return ModelVersion.parse(answer.path("model_version"), "model " + api.model()).number();
  }

  @Override
  public void close() {
    api.close();
  }
}
