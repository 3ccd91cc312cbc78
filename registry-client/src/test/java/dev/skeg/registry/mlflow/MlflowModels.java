package dev.skeg.registry.mlflow;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.mlflow.api.proto.ModelRegistry.CreateModelVersion;
import org.mlflow.api.proto.ModelRegistry.CreateRegisteredModel;
import org.mlflow.api.proto.ModelRegistry.DeleteModelVersionTag;
import org.mlflow.api.proto.ModelRegistry.DeleteRegisteredModelAlias;
import org.mlflow.api.proto.ModelRegistry.GetModelVersion;
import org.mlflow.api.proto.ModelRegistry.GetModelVersionByAlias;
import org.mlflow.api.proto.ModelRegistry.GetRegisteredModel;
import org.mlflow.api.proto.ModelRegistry.ModelVersion;
import org.mlflow.api.proto.ModelRegistry.ModelVersionStatus;
import org.mlflow.api.proto.ModelRegistry.ModelVersionTag;
import org.mlflow.api.proto.ModelRegistry.RegisteredModel;
import org.mlflow.api.proto.ModelRegistry.RegisteredModelAlias;
import org.mlflow.api.proto.ModelRegistry.SearchModelVersions;
import org.mlflow.api.proto.ModelRegistry.SetModelVersionTag;
import org.mlflow.api.proto.ModelRegistry.SetRegisteredModelAlias;

/**
 * The registered models, versions, aliases and tags of an {@link MlflowServer}. Its clock counts
 * changes. <b>Threads.</b> Any; each method locks.
 */
final class MlflowModels {
  private static final Pattern FILTER =
      Pattern.compile("\\s*name\\s*=\\s*(?:'([^']*)'|\"([^\"]*)\")\\s*");

  private static final class Model {
    final Map<Integer, ModelVersion.Builder> versions = new TreeMap<>();
    final Map<String, String> aliases = new TreeMap<>();
    int lastVersion;
  }

  private final Map<String, Model> models = new TreeMap<>();
  private long clockMillis = 1_764_000_000_000L;
  private ModelVersionStatus nextStatus = ModelVersionStatus.READY;

  /** Gives versions made from now on a status. */
  synchronized void nextStatus(ModelVersionStatus status) {
    nextStatus = status;
  }

  /** Makes a version of a model, which comes to be, and returns its number. */
  synchronized int add(String name, String source) {
    models.computeIfAbsent(name, key -> new Model());
    CreateModelVersion request =
        CreateModelVersion.newBuilder().setName(name).setSource(source).build();
    return Integer.parseInt(createVersion(request).getModelVersion().getVersion());
  }

  synchronized void alias(String name, String alias, int version) {
    setAlias(
        SetRegisteredModelAlias.newBuilder()
            .setName(name)
            .setAlias(alias)
            .setVersion(Integer.toString(version))
            .build());
  }

  /** Returns the value of a tag; empty if it is not set. */
  synchronized String tag(String name, int version, String key) {
    return require(name, Integer.toString(version)).getTagsList().stream()
        .filter(tag -> tag.getKey().equals(key))
        .map(ModelVersionTag::getValue)
        .findFirst()
        .orElse("");
  }

  synchronized String source(String name, String version) {
    return require(name, version).getSource();
  }

  synchronized CreateRegisteredModel.Response create(CreateRegisteredModel request) {
    if (request.getName().isEmpty() || request.getName().matches(".*[/:].*")) {
      throw new MlflowError(
          "INVALID_PARAMETER_VALUE", "Invalid registered model name: '" + request.getName() + "'");
    }
    if (models.putIfAbsent(request.getName(), new Model()) != null) {
      throw new MlflowError(
          "RESOURCE_ALREADY_EXISTS",
          "Registered Model (name=" + request.getName() + ") already exists.");
    }
    return CreateRegisteredModel.Response.newBuilder()
        .setRegisteredModel(describe(request.getName()))
        .build();
  }

  synchronized GetRegisteredModel.Response get(GetRegisteredModel request) {
    return GetRegisteredModel.Response.newBuilder()
        .setRegisteredModel(describe(request.getName()))
        .build();
  }

  private RegisteredModel describe(String name) {
    RegisteredModel.Builder result = RegisteredModel.newBuilder().setName(name);
    model(name)
        .aliases
        .forEach((alias, version) ->
            result.addAliases(
                RegisteredModelAlias.newBuilder().setAlias(alias).setVersion(version)));
    return result.setCreationTimestamp(clockMillis).setLastUpdatedTimestamp(clockMillis).build();
  }

  synchronized CreateModelVersion.Response createVersion(CreateModelVersion request) {
    Model model = model(request.getName());
    if (request.getSource().isEmpty() || request.getSource().contains("..")) {
      throw new MlflowError(
          "INVALID_PARAMETER_VALUE",
          "Invalid model version source: '" + request.getSource() + "'.");
    }
    int number = ++model.lastVersion;
    clockMillis++;
    ModelVersion.Builder version =
        ModelVersion.newBuilder()
            .setName(request.getName())
            .setVersion(Integer.toString(number))
            .setCreationTimestamp(clockMillis)
            .setLastUpdatedTimestamp(clockMillis)
            .setCurrentStage("None")
            .setSource(request.getSource())
            .setRunId(request.getRunId())
            .setStatus(nextStatus)
            .addAllTags(request.getTagsList());
    model.versions.put(number, version);
    return CreateModelVersion.Response.newBuilder()
        .setModelVersion(describe(model, version))
        .build();
  }

  synchronized GetModelVersion.Response version(GetModelVersion request) {
    return GetModelVersion.Response.newBuilder()
        .setModelVersion(
            describe(model(request.getName()), require(request.getName(), request.getVersion())))
        .build();
  }

  private static ModelVersion describe(Model model, ModelVersion.Builder version) {
    ModelVersion.Builder result = version.clone().clearAliases();
    model.aliases.forEach((alias, number) -> {
      if (number.equals(version.getVersion())) {
        result.addAliases(alias);
      }
    });
    return result.build();
  }

  synchronized GetModelVersionByAlias.Response byAlias(GetModelVersionByAlias request) {
    Model model = model(request.getName());
    String number = model.aliases.get(request.getAlias());
    if (number == null) {
      throw new MlflowError(
          "INVALID_PARAMETER_VALUE",
          "Registered model alias " + request.getAlias() + " not found.");
    }
    return GetModelVersionByAlias.Response.newBuilder()
        .setModelVersion(describe(model, require(request.getName(), number)))
        .build();
  }

  synchronized SetRegisteredModelAlias.Response setAlias(SetRegisteredModelAlias request) {
    String alias = request.getAlias();
    if (alias.toLowerCase(Locale.ROOT).equals("latest")
        || !alias.matches("[\\w\\-]+")
        || alias.matches("[vV]\\d+")) {
      throw new MlflowError(
          "INVALID_PARAMETER_VALUE", "Invalid registered model alias: '" + alias + "'");
    }
    require(request.getName(), request.getVersion());
    model(request.getName()).aliases.put(alias, request.getVersion());
    return SetRegisteredModelAlias.Response.getDefaultInstance();
  }

  synchronized DeleteRegisteredModelAlias.Response deleteAlias(DeleteRegisteredModelAlias request) {
    model(request.getName()).aliases.remove(request.getAlias());
    return DeleteRegisteredModelAlias.Response.getDefaultInstance();
  }

  synchronized SetModelVersionTag.Response setTag(SetModelVersionTag request) {
    ModelVersion.Builder version = require(request.getName(), request.getVersion());
    removeTag(version, request.getKey());
    version
        .addTags(ModelVersionTag.newBuilder().setKey(request.getKey()).setValue(request.getValue()))
        .setLastUpdatedTimestamp(++clockMillis);
    return SetModelVersionTag.Response.getDefaultInstance();
  }

  synchronized DeleteModelVersionTag.Response deleteTag(DeleteModelVersionTag request) {
    removeTag(require(request.getName(), request.getVersion()), request.getKey());
    return DeleteModelVersionTag.Response.getDefaultInstance();
  }

  private static void removeTag(ModelVersion.Builder version, String key) {
    List<ModelVersionTag> kept =
        version.getTagsList().stream().filter(tag -> !tag.getKey().equals(key)).toList();
    version.clearTags().addAllTags(kept);
  }

  /** Searches versions of one model; pages hold {@code max_results}, tokens are opaque. */
  synchronized SearchModelVersions.Response search(SearchModelVersions request) {
    Matcher filter = FILTER.matcher(request.getFilter());
    if (!filter.matches()) {
      throw new MlflowError(
          "INVALID_PARAMETER_VALUE", "Invalid clause(s) in filter string: " + request.getFilter());
    }
    if (request.getMaxResults() < 1 || request.getMaxResults() > 200_000) {
      throw new MlflowError(
          "INVALID_PARAMETER_VALUE", "Invalid value for max_results: " + request.getMaxResults());
    }
    String name = filter.group(1) == null ? filter.group(2) : filter.group(1);
    Model model = models.getOrDefault(name, new Model());
    Comparator<ModelVersion.Builder> order =
        Comparator.comparingInt(version -> Integer.parseInt(version.getVersion()));
    for (String clause : request.getOrderByList()) {
      if (!clause.matches("version_number (ASC|DESC)")) {
        throw new MlflowError("INVALID_PARAMETER_VALUE", "Invalid order by key " + clause);
      }
    }
    if (request.getOrderByList().contains("version_number DESC")) {
      order = order.reversed();
    }
    List<ModelVersion> found =
        model.versions.values().stream()
            .sorted(order)
            .map(version -> describe(model, version))
            .toList();
    int from =
        request.getPageToken().isEmpty() ? 0 : Integer.parseInt(request.getPageToken(), 36) / 7;
    int to = Math.min(found.size(), from + (int) request.getMaxResults());
    SearchModelVersions.Response.Builder page = SearchModelVersions.Response.newBuilder();
    page.addAllModelVersions(found.subList(from, to));
    if (to < found.size()) {
      page.setNextPageToken(Integer.toString(to * 7, 36));
    }
    return page.build();
  }

  private Model model(String name) {
    Model model = models.get(name);
    if (model == null) {
      throw new MlflowError(
          "RESOURCE_DOES_NOT_EXIST", "Registered Model with name=" + name + " not found");
    }
    return model;
  }

  private ModelVersion.Builder require(String name, String number) {
    if (!number.matches("[0-9]+")) {
      throw new MlflowError(
          "INVALID_PARAMETER_VALUE", "Model version must be an integer, got '" + number + "'");
    }
    ModelVersion.Builder version = model(name).versions.get(Integer.parseInt(number));
    if (version == null) {
      throw new MlflowError(
          "RESOURCE_DOES_NOT_EXIST",
          "Model Version (name=" + name + ", version=" + number + ") not found");
    }
    return version;
  }
}
