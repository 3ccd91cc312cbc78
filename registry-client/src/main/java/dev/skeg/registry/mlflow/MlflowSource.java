package dev.skeg.registry.mlflow;

import dev.skeg.registry.Pointer;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.RemoteFile;
import dev.skeg.registry.Revision;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.Transfer;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A registered model of MLflow as a source. A revision is {@code NUMBER@FINGERPRINT}, where the
 * fingerprint covers where the files are, their names and sizes, and their digests if the upload
 * has them. <b>Threads.</b> Any, several at once.
 */
final class MlflowSource implements Source {
  private static final Pattern REVISION = Pattern.compile("([1-9][0-9]{0,17})@([0-9a-f]{64})");

  private final SourceUri uri;
  private final MlflowApi api;
  private final MlflowVersions versions;
  private final MlflowArtifacts artifacts;

  MlflowSource(SourceUri uri, MlflowApi api, SourceSettings settings) {
    this.uri = uri;
    this.api = api;
    this.versions = new MlflowVersions(api);
    this.artifacts = new MlflowArtifacts(api, settings.caps().maxFiles());
  }

  @Override
  public SourceUri uri() {
    return uri;
  }

  @Override
  public Revision resolve(Pointer pointer, @Nullable Revision known) {
    if (known != null
        && pointer.kind() == Pointer.Kind.REVISION
        && pointer.name().equals(known.revision())) {
      return known;
    }
    ModelVersion version =
        switch (pointer.kind()) {
          case LATEST -> versions.latest();
          case VERSION -> versions.version(pointer.number());
          case ALIAS -> versions.alias(pointer.name());
          case REVISION -> versions.version(number(pointer.name()));
          case TAG, BRANCH, DIGEST ->
              throw new RegistryException(
                  "pointer "
                      + pointer
                      + " of an mlflow source (expected: latest, version/NUMBER or alias/NAME)");
        };
    requireReady(version);
    String revision = revision(version.number());
    if (pointer.kind() == Pointer.Kind.REVISION && !pointer.name().equals(revision)) {
      throw changed(version.number(), Kind.NOT_FOUND);
    }
    if (known != null && known.revision().equals(revision)) {
      return known;
    }
    Map<String, String> properties = new TreeMap<>(version.tags());
    if (!version.runId().isEmpty()) {
      properties.put("run_id", version.runId());
    }
    return new Revision(revision, version.number(), "", properties);
  }

  private void requireReady(ModelVersion version) {
    if (!version.isReady()) {
      boolean isPending = version.status().equals("PENDING_REGISTRATION");
      throw new RegistryException(
          isPending ? Kind.TRANSIENT : Kind.INVALID,
          "model "
              + api.model()
              + " version "
              + version.number()
              + " is "
              + version.status()
              + " (expected: READY)");
    }
  }

  private String revision(long number) {
    return number + "@" + artifacts.list(artifacts.locate(number)).fingerprint();
  }

  private static long number(String revision) {
    Matcher matcher = REVISION.matcher(revision);
    if (!matcher.matches()) {
      throw new RegistryException(
          "revision " + revision + " of an mlflow source (expected: NUMBER@FINGERPRINT)");
    }
    return Long.parseLong(matcher.group(1));
  }

  @Override
  public List<RemoteFile> files(Revision revision) {
    long number = number(revision.revision());
    MlflowArtifacts.Listing listing = artifacts.list(artifacts.locate(number));
    if (!revision.revision().equals(number + "@" + listing.fingerprint())) {
      throw changed(number, Kind.TRANSIENT);
    }
    if (listing.files().isEmpty()) {
      throw new RegistryException(
          "model " + api.model() + " version " + number + " has no files (expected: some)");
    }
    return listing.files();
  }

  private RegistryException changed(long number, Kind kind) {
    return new RegistryException(
        kind,
        "files of model "
            + api.model()
            + " version "
            + number
            + " have changed since it was resolved (expected: versions that stay as they are)");
  }

  @Override
  public Transfer open(Revision revision, RemoteFile file, long offset) {
    return artifacts.open(file.key(), offset);
  }

  @Override
  public void close() {
    api.close();
  }
}
