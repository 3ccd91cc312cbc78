package dev.skeg.runtime.config;

import com.google.protobuf.TextFormat;
import com.google.protobuf.TextFormatParseInfoTree;
import inference.ModelConfigOuterClass.ModelConfig;
import inference.ModelConfigOuterClass.ModelInstanceGroup;
import inference.ModelConfigOuterClass.ModelVersionPolicy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A model's config.pbtxt: Triton's serving configuration, in protobuf's text format.
 *
 * @param config as it stands in the file, checked by itself but not yet against the model
 * @param declaresMaxBatchSize whether the file has {@code max_batch_size}, be it 0
 * @param warnings each field that is given and has no effect, with its place and what holds instead
 */
public record ModelConfigFile(
    ModelConfig config, boolean declaresMaxBatchSize, List<String> warnings) {
  /** What a model without the file has. */
  public static final ModelConfigFile ABSENT =
      new ModelConfigFile(ModelConfig.getDefaultInstance(), false, List.of());

  private static final String DEFAULT_FILE_NAME = "model.onnx";

  public ModelConfigFile {
    warnings = List.copyOf(warnings);
  }

  /**
   * Reads and checks a file.
   *
   * @param modelName the name of the model's directory
   * @throws ConfigException with every problem found, each with its line and column
   */
  public static ModelConfigFile read(Path file, String modelName) {
    return parse(file.toString(), ConfigText.read(file), modelName);
  }

  static ModelConfigFile parse(String name, String text, String modelName) {
    ModelConfig.Builder builder = ModelConfig.newBuilder();
    TextFormatParseInfoTree.Builder places = TextFormatParseInfoTree.builder();
    try {
      TextFormat.Parser.newBuilder()
          .setSingularOverwritePolicy(
              TextFormat.Parser.SingularOverwritePolicy.FORBID_SINGULAR_OVERWRITES)
          .setParseInfoTreeBuilder(places)
          .build()
          .merge(text, builder);
    } catch (TextFormat.ParseException e) {
      throw new ConfigException(TextFormatProblem.explain(name, e));
    }
    ModelConfig config = builder.build();
    List<String> problems = new ArrayList<>();
    TextFormatParseInfoTree tree = places.build();
    List<String> warnings = new ArrayList<>();
    new ModelConfigCheck(name, tree, problems, warnings).check(config, modelName);
    if (!problems.isEmpty()) {
      throw new ConfigException(problems);
    }
    boolean declared =
        !tree.getLocations(
                ModelConfig.getDescriptor()
                    .findFieldByNumber(ModelConfig.MAX_BATCH_SIZE_FIELD_NUMBER))
            .isEmpty();
    return new ModelConfigFile(config, declared, warnings);
  }

  /** Returns the name of the model's file within a version's directory. */
  public String modelFileName() {
    return config.getDefaultModelFilename().isEmpty()
        ? DEFAULT_FILE_NAME
        : config.getDefaultModelFilename();
  }

  /**
   * Returns the versions to serve, lowest first: the newest one where the file does not say.
   *
   * @param available the versions that there are, in any order
   * @return may name versions that are not available, where the file asks for them by number
   */
  public List<Long> selectVersions(List<Long> available) {
    List<Long> sorted = available.stream().sorted().distinct().toList();
    ModelVersionPolicy policy = config.getVersionPolicy();
    return switch (policy.getPolicyChoiceCase()) {
      case ALL -> sorted;
      case SPECIFIC -> policy.getSpecific().getVersionsList().stream().sorted().toList();
      case LATEST -> newest(sorted, Integer.toUnsignedLong(policy.getLatest().getNumVersions()));
      case POLICYCHOICE_NOT_SET -> newest(sorted, 1);
    };
  }

  private static List<Long> newest(List<Long> sorted, long count) {
    return sorted.subList((int) Math.max(0, sorted.size() - Math.max(1, count)), sorted.size());
  }

  /** Returns the lanes that the instance groups ask for together; empty if there is no group. */
  public Optional<Lanes> instances() {
    int count = 0;
    for (ModelInstanceGroup group : config.getInstanceGroupList()) {
      count += Math.max(1, group.getCount()); // Without a count, one.
    }
    return count == 0 ? Optional.empty() : Optional.of(new Lanes(Math.min(count, Lanes.MAX)));
  }
}
