package dev.skeg.runtime.config;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.TextFormatParseInfoTree;
import com.google.protobuf.TextFormatParseLocation;
import inference.ModelConfigOuterClass.DataType;
import inference.ModelConfigOuterClass.ModelConfig;
import inference.ModelConfigOuterClass.ModelDynamicBatching;
import inference.ModelConfigOuterClass.ModelInput;
import inference.ModelConfigOuterClass.ModelInstanceGroup;
import inference.ModelConfigOuterClass.ModelOutput;
import inference.ModelConfigOuterClass.ModelVersionPolicy;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Checks a config.pbtxt by itself: values, names, fields that cannot be served, and those that have
 * no effect.
 */
final class ModelConfigCheck {
  private static final Descriptor MODEL = ModelConfig.getDescriptor();

  private static final String PRIORITY_POLICY = "priority_queue_policy";

  private static final int MAX_PRIORITY_LEVELS = 256;
  private static final long MAX_QUEUE_DELAY_MICROS = 60_000_000;

  private final String file;
  private final TextFormatParseInfoTree root;
  private final List<String> problems;
  private final List<String> warnings;

  /**
   * @param problems gets what the file is refused for
   * @param warnings gets what it says in vain
   */
  ModelConfigCheck(
      String file, TextFormatParseInfoTree root, List<String> problems, List<String> warnings) {
    this.file = file;
    this.root = root;
    this.problems = problems;
    this.warnings = warnings;
  }

  void check(ModelConfig config, String modelName) {
    checkNames(config, modelName);
    checkSupport(config);
    checkVersionPolicy(config);
    if (config.getMaxBatchSize() < 0) {
      problem(
          "max_batch_size",
          root,
          field("max_batch_size"),
          0,
          config.getMaxBatchSize() + " (expected: 0 or more; 0 for a model without batches)");
    }
    checkInputs(config);
    checkOutputs(config);
    new BatchTensorsCheck(this, config).check();
    checkInstanceGroups(config);
    if (config.hasDynamicBatching()) {
      checkDynamicBatching(config.getDynamicBatching(), config.getMaxBatchSize());
      if (config.getBatchInputCount() + config.getBatchOutputCount() > 0) {
        warnOfBatching();
      }
    }
  }

  private void checkNames(ModelConfig config, String modelName) {
    one("name", config.getName(), Set.of("", modelName), modelName + ", the directory's name");
    one("backend", config.getBackend(), Set.of("", "onnxruntime"), "onnxruntime");
    one("platform", config.getPlatform(), Set.of("", "onnxruntime_onnx"), "onnxruntime_onnx");
    String fileName = config.getDefaultModelFilename();
    boolean outside =
        fileName.startsWith("/")
            || fileName.indexOf('\\') >= 0
            || fileName.chars().anyMatch(c -> c < ' ')
            || List.of(fileName.split("/", -1)).contains("..")
            || fileName.endsWith("/")
            || fileName.equals(".");
    if (outside) {
      problem(
          "default_model_filename",
          root,
          field("default_model_filename"),
          0,
          "\"" + fileName + "\" (expected: a file within the version's directory, as model.onnx)");
    }
  }

  private void one(String name, String value, Set<String> allowed, String expected) {
    if (!allowed.contains(value)) {
      problem(
          name, root, field(name), 0, "\"" + value + "\" (expected: " + expected + ", or nothing)");
    }
  }

  private void checkSupport(ModelConfig config) {
    for (ModelConfigSupport each : ModelConfigSupport.ALL) {
      if (each.support() == ModelConfigSupport.Support.WORKS) {
        continue;
      }
      int dot = each.field().indexOf('.');
      if (dot < 0) {
        reportIfSet(each, each.field(), config, MODEL, root);
        continue;
      }
      FieldDescriptor outer = field(each.field().substring(0, dot));
      List<?> elements = (List<?>) config.getField(outer);
      for (int i = 0; i < elements.size(); i++) {
        if (elements.get(i) instanceof MessageOrBuilder element) {
          reportIfSet(
              each,
              outer.getName() + "[" + i + "]." + each.field().substring(dot + 1),
              element,
              outer.getMessageType(),
              tree(root, outer, i));
        }
      }
    }
    if (config.getModelTransactionPolicy().getDecoupled()) {
      unsupported(
          "model_transaction_policy.decoupled",
          root,
          field("model_transaction_policy"),
          "one request has one response");
    }
    if (config.getResponseCache().getEnable()) {
      unsupported("response_cache.enable", root, field("response_cache"), "nothing is cached");
    }
  }

  private void reportIfSet(
      ModelConfigSupport entry,
      String path,
      MessageOrBuilder message,
      Descriptor type,
      @Nullable TextFormatParseInfoTree tree) {
    FieldDescriptor field =
        type.findFieldByName(entry.field().substring(entry.field().lastIndexOf('.') + 1));
    boolean set =
        field.isRepeated() ? message.getRepeatedFieldCount(field) > 0 : message.hasField(field);
    if (!set) {
      return;
    }
    if (entry.support() == ModelConfigSupport.Support.REFUSED) {
      unsupported(path, tree, field, entry.note());
    } else {
      warn(path, tree, field, entry.note());
    }
  }

  private void warn(
      String path, @Nullable TextFormatParseInfoTree tree, FieldDescriptor field, String note) {
    warnings.add(place(tree, field, 0) + ": " + path + ": has no effect: " + note);
  }

  private void unsupported(
      String path, @Nullable TextFormatParseInfoTree tree, FieldDescriptor field, String note) {
    problem(path, tree, field, 0, "not supported by this version: " + note);
  }

  private void checkVersionPolicy(ModelConfig config) {
    FieldDescriptor field = field("version_policy");
    ModelVersionPolicy policy = config.getVersionPolicy();
    if (policy.hasLatest() && policy.getLatest().getNumVersions() == 0) {
      problem("version_policy.latest.num_versions", root, field, 0, "0 (expected: 1 or more)");
    }
    if (policy.hasSpecific()) {
      List<Long> versions = policy.getSpecific().getVersionsList();
      boolean bad =
          versions.isEmpty()
              || versions.stream().anyMatch(version -> version < 1)
              || new HashSet<>(versions).size() < versions.size();
      if (bad) {
        problem(
            "version_policy.specific.versions",
            root,
            field,
            0,
            versions + " (expected: one or more numbers of versions, 1 or more, each once)");
      }
    }
  }

  private void checkInputs(ModelConfig config) {
    Set<String> names = new HashSet<>();
    for (int i = 0; i < config.getInputCount(); i++) {
      ModelInput input = config.getInput(i);
      checkTensor("input", i, input.getName(), input.getDataType(), input.getDimsList(), names);
      if (input.getFormatValue() != ModelInput.Format.FORMAT_NONE_VALUE
          && input.getDimsCount() != 3) {
        problem(
            "input[" + i + "].format",
            tree(root, field("input"), i),
            ModelInput.getDescriptor().findFieldByName("format"),
            0,
            input.getFormat() + " with " + input.getDimsCount() + " dims (expected: 3 dims)");
      }
    }
  }

  private void checkOutputs(ModelConfig config) {
    Set<String> names = new HashSet<>();
    for (int i = 0; i < config.getOutputCount(); i++) {
      ModelOutput output = config.getOutput(i);
      checkTensor("output", i, output.getName(), output.getDataType(), output.getDimsList(), names);
    }
  }

  private void checkTensor(
      String kind, int index, String name, DataType type, List<Long> dims, Set<String> names) {
    FieldDescriptor outer = field(kind);
    TextFormatParseInfoTree tree = tree(root, outer, index);
    String path = kind + "[" + index + "]";
    Descriptor tensor = outer.getMessageType();
    if (name.isEmpty()) {
      problem(path + ".name", root, outer, index, "missing (expected: the tensor's name)");
    } else if (!names.add(name)) {
      problem(
          path + ".name",
          tree,
          tensor.findFieldByName("name"),
          0,
          "\"" + name + "\" is the name of an earlier " + kind + " too (expected: each once)");
    }
    // Left out, it is completed from the model; written down, it must be a type.
    FieldDescriptor dataType = tensor.findFieldByName("data_type");
    boolean given = tree != null && !tree.getLocations(dataType).isEmpty();
    if (given && (type == DataType.TYPE_INVALID || type == DataType.UNRECOGNIZED)) {
      problem(path + ".data_type", tree, dataType, 0, "no type (expected: a type, as TYPE_FP32)");
    }
    for (int i = 0; i < dims.size(); i++) {
      long dim = dims.get(i);
      if (dim < -1 || dim == 0) {
        problem(
            path + ".dims[" + i + "]",
            tree,
            tensor.findFieldByName("dims"),
            i,
            dim + " (expected: 1 or more, or -1 where the request chooses)");
      }
    }
  }

  private void checkInstanceGroups(ModelConfig config) {
    FieldDescriptor field = field("instance_group");
    for (int i = 0; i < config.getInstanceGroupCount(); i++) {
      ModelInstanceGroup group = config.getInstanceGroup(i);
      String path = "instance_group[" + i + "]";
      TextFormatParseInfoTree tree = tree(root, field, i);
      if (group.getCount() < 0) {
        problem(
            path + ".count",
            tree,
            field.getMessageType().findFieldByName("count"),
            0,
            group.getCount() + " (expected: 1 or more)");
      }
      if (group.getKind() == ModelInstanceGroup.Kind.KIND_GPU || group.getGpusCount() > 0) {
        problem(
            path + ".kind",
            tree,
            field.getMessageType().findFieldByName("kind"),
            0,
            "not supported by this version: a GPU (expected: KIND_CPU or KIND_AUTO, and no gpus)");
      }
      if (group.getKind() == ModelInstanceGroup.Kind.KIND_MODEL) {
        warn(
            path + ".kind",
            tree,
            field.getMessageType().findFieldByName("kind"),
            "KIND_MODEL is taken for KIND_CPU");
      }
    }
  }

  private void checkDynamicBatching(ModelDynamicBatching batching, int maxBatchSize) {
    FieldDescriptor field = field("dynamic_batching");
    for (int size : batching.getPreferredBatchSizeList()) {
      if (size < 1 || (maxBatchSize > 0 && size > maxBatchSize)) {
        problem(
            "dynamic_batching.preferred_batch_size",
            root,
            field,
            0,
            size
                + " (expected: 1 to "
                + (maxBatchSize > 0 ? "max_batch_size" : "2147483647")
                + ")");
      }
    }
    long levels = batching.getPriorityLevels();
    if (levels < 0 || levels > MAX_PRIORITY_LEVELS) {
      problem(
          "dynamic_batching.priority_levels",
          root,
          field,
          0,
          Long.toUnsignedString(levels) + " (expected: 0 to " + MAX_PRIORITY_LEVELS + ")");
    }
    if (Long.compareUnsigned(batching.getMaxQueueDelayMicroseconds(), MAX_QUEUE_DELAY_MICROS) > 0) {
      problem(
          "dynamic_batching.max_queue_delay_microseconds",
          root,
          field,
          0,
          Long.toUnsignedString(batching.getMaxQueueDelayMicroseconds())
              + " (expected: 0 to "
              + MAX_QUEUE_DELAY_MICROS
              + ", a minute)");
    }
    long chosen = batching.getDefaultPriorityLevel();
    if (levels != 0 && (chosen == 0 || Long.compareUnsigned(chosen, levels) > 0)) {
      problem(
          "dynamic_batching.default_priority_level",
          root,
          field,
          0,
          Long.toUnsignedString(chosen)
              + " (expected: 1 to priority_levels, "
              + Long.toUnsignedString(levels)
              + ")");
    }
    checkPriorityPolicies(batching);
  }

  /** A model with inputs or outputs of batches takes one request in a run. */
  private void warnOfBatching() {
    TextFormatParseInfoTree tree = tree(root, field("dynamic_batching"), 0);
    for (String name : List.of("preferred_batch_size", "max_queue_delay_microseconds")) {
      FieldDescriptor field = ModelDynamicBatching.getDescriptor().findFieldByName(name);
      if (tree != null && !tree.getLocations(field).isEmpty()) {
        warn(
            "dynamic_batching." + name,
            tree,
            field,
            "with batch_input or batch_output each request runs as a batch of its own");
      }
    }
  }

  private void checkPriorityPolicies(ModelDynamicBatching batching) {
    FieldDescriptor field = ModelDynamicBatching.getDescriptor().findFieldByName(PRIORITY_POLICY);
    TextFormatParseInfoTree tree = tree(root, field("dynamic_batching"), 0);
    long levels = batching.getPriorityLevels();
    int index = 0;
    for (long level : batching.getPriorityQueuePolicyMap().keySet()) {
      if (level == 0 || Long.compareUnsigned(level, levels) > 0) {
        problem(
            "dynamic_batching." + PRIORITY_POLICY,
            tree,
            field,
            index,
            "key "
                + Long.toUnsignedString(level)
                + (levels == 0
                    ? " (expected: none, since priority_levels is 0)"
                    : " (expected: 1 to priority_levels, " + Long.toUnsignedString(levels) + ")"));
      }
      index++;
    }
  }

  static FieldDescriptor field(String name) {
    return MODEL.findFieldByName(name);
  }

  TextFormatParseInfoTree root() {
    return root;
  }

  /** Returns where a message of the file has its fields, if that is known. */
  @Nullable TextFormatParseInfoTree tree(FieldDescriptor field, int index) {
    return tree(root, field, index);
  }

  private static @Nullable TextFormatParseInfoTree tree(
      TextFormatParseInfoTree parent, FieldDescriptor field, int index) {
    List<TextFormatParseInfoTree> trees = parent.getNestedTrees(field);
    return index < trees.size() ? trees.get(index) : null;
  }

  void problem(
      String path,
      @Nullable TextFormatParseInfoTree tree,
      FieldDescriptor field,
      int index,
      String text) {
    problems.add(place(tree, field, index) + ": " + path + ": " + text);
  }

  /** Returns the file, and the line and column where they are known. */
  private String place(@Nullable TextFormatParseInfoTree tree, FieldDescriptor field, int index) {
    List<TextFormatParseLocation> locations = tree == null ? List.of() : tree.getLocations(field);
    if (locations.isEmpty()) {
      return file;
    }
    TextFormatParseLocation at = locations.get(Math.min(index, locations.size() - 1));
    return file + ":" + (at.getLine() + 1) + ":" + (at.getColumn() + 1);
  }
}
