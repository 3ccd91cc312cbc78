package dev.skeg.runtime.config;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.TextFormatParseInfoTree;
import inference.ModelConfigOuterClass.BatchInput;
import inference.ModelConfigOuterClass.BatchOutput;
import inference.ModelConfigOuterClass.DataType;
import inference.ModelConfigOuterClass.ModelConfig;
import inference.ModelConfigOuterClass.ModelInput;
import inference.ModelConfigOuterClass.ModelOutput;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Checks {@code batch_input} and {@code batch_output} of a config.pbtxt by themselves, as {@code
 * ValidateBatchIO} of Triton's core does: that a name is the model's can be told when it is loaded.
 */
final class BatchTensorsCheck {
  private static final String INPUT = "batch_input";
  private static final String OUTPUT = "batch_output";
  private static final String KIND = "kind";
  private static final String TARGETS = "target_name";
  private static final String SOURCES = "source_input";
  private static final String TYPE = "data_type";

  private final ModelConfigCheck file;
  private final ModelConfig config;

  BatchTensorsCheck(ModelConfigCheck file, ModelConfig config) {
    this.file = file;
    this.config = config;
  }

  void check() {
    Set<String> targets = new HashSet<>();
    for (int i = 0; i < config.getBatchInputCount(); i++) {
      checkInput(i, config.getBatchInput(i), targets);
    }
    for (int i = 0; i < config.getBatchInputCount(); i++) {
      checkSources(INPUT, i, config.getBatchInput(i).getSourceInputList(), targets);
    }
    Set<String> outputs = new HashSet<>();
    for (int i = 0; i < config.getBatchOutputCount(); i++) {
      BatchOutput output = config.getBatchOutput(i);
      if (output.getKind() == BatchOutput.Kind.UNRECOGNIZED) {
        problem(OUTPUT, i, KIND, 0, output.getKindValue() + " (expected: a kind by its name)");
      }
      checkTargets(OUTPUT, i, output.getTargetNameList(), outputs);
      checkServed(i, output.getTargetNameList());
      checkSources(OUTPUT, i, output.getSourceInputList(), targets);
    }
  }

  private void checkInput(int index, BatchInput input, Set<String> targets) {
    if (input.getKind() == BatchInput.Kind.UNRECOGNIZED) {
      problem(INPUT, index, KIND, 0, input.getKindValue() + " (expected: a kind by its name)");
    }
    DataType type = input.getDataType();
    if (type != DataType.TYPE_FP32 && type != DataType.TYPE_INT32) {
      String given = type == DataType.TYPE_INVALID ? "no type" : type.toString();
      problem(INPUT, index, TYPE, 0, given + " (expected: TYPE_INT32 or TYPE_FP32)");
    }
    checkTargets(INPUT, index, input.getTargetNameList(), targets);
    Set<String> declared =
        config.getInputList().stream().map(ModelInput::getName).collect(Collectors.toSet());
    for (int i = 0; i < input.getTargetNameCount(); i++) {
      String name = input.getTargetName(i);
      if (declared.contains(name)) {
        problem(
            INPUT,
            index,
            TARGETS,
            i,
            "\""
                + name
                + "\" is declared as an input too (expected: one that the server makes, which"
                + " requests do not have)");
      }
    }
  }

  private void checkTargets(String outer, int index, List<String> names, Set<String> known) {
    if (names.isEmpty()) {
      problem(outer, index, TARGETS, 0, "missing (expected: the tensor's name)");
    }
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i);
      if (name.isEmpty()) {
        problem(outer, index, TARGETS, i, "\"\" (expected: the tensor's name)");
      } else if (!known.add(name)) {
        problem(
            outer, index, TARGETS, i, "\"" + name + "\" was named before (expected: each once)");
      }
    }
  }

  private void checkServed(int index, List<String> names) {
    Set<String> served =
        config.getOutputList().stream().map(ModelOutput::getName).collect(Collectors.toSet());
    for (int i = 0; i < names.size(); i++) {
      if (!served.isEmpty() && !served.contains(names.get(i))) {
        problem(
            OUTPUT,
            index,
            TARGETS,
            i,
            "\"" + names.get(i) + "\" (expected: one of the outputs that the file declares)");
      }
    }
  }

  private void checkSources(String outer, int index, List<String> names, Set<String> made) {
    if (names.size() != 1) {
      problem(
          outer, index, SOURCES, 1, names.size() + " names (expected: 1, the name of an input)");
    }
    for (int i = 0; i < names.size(); i++) {
      if (made.contains(names.get(i))) {
        problem(
            outer,
            index,
            SOURCES,
            i,
            "\"" + names.get(i) + "\" is made by the server (expected: an input of requests)");
      }
    }
  }

  private void problem(String outer, int index, String field, int at, String text) {
    FieldDescriptor message = ModelConfigCheck.field(outer);
    TextFormatParseInfoTree tree = file.tree(message, index);
    FieldDescriptor given = message.getMessageType().findFieldByName(field);
    String path = outer + "[" + index + "]." + field;
    if (isGiven(tree, given)) {
      file.problem(path, tree, given, at, text);
    } else {
      file.problem(path, file.root(), message, index, text); // Where the message begins.
    }
  }

  private static boolean isGiven(@Nullable TextFormatParseInfoTree tree, FieldDescriptor field) {
    return tree != null && !tree.getLocations(field).isEmpty();
  }
}
