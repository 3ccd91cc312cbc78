package dev.skeg.runtime.backend.onnx;

import dev.skeg.proto.onnx.AttributeProto;
import dev.skeg.proto.onnx.GraphProto;
import dev.skeg.proto.onnx.NodeProto;
import dev.skeg.proto.onnx.TensorProto;
import dev.skeg.proto.onnx.ValueInfoProto;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the operators of a graph with which a client's numbers can end the process.
 *
 * <p>ONNX Runtime 1.28 looks for a divisor of zero, but not for the one quotient that overflows:
 * the processor traps when the smallest INT32 or INT64 is divided by -1, in {@code Div} and in
 * {@code Mod} without {@code fmod}; and in {@code STFT} when a frame has the length 0. A trap is a
 * signal, which ends the process and cannot be caught.
 *
 * <p>An operator is found if what it needs for that comes from inputs: both operands of a division,
 * or one and a constant that holds -1. What cannot be negative is harmless: shapes, positions, and
 * what was clipped at a constant of 0 or more. The types between operators are inferred as far as
 * the file says something of them; a {@code Div} of a type that cannot be inferred is passed over,
 * and so are functions that the file defines itself.
 *
 * <p><b>Threads.</b> One.
 */
final class IntegerTraps {
  private static final Set<String> NOT_NEGATIVE =
      Set.of("Shape", "Size", "NonZero", "ArgMax", "ArgMin", "SequenceLength");
  private static final Set<String> LOGICAL =
      Set.of(
          "Equal",
          "Less",
          "Greater",
          "LessOrEqual",
          "GreaterOrEqual",
          "Not",
          "And",
          "Or",
          "Xor",
          "IsNaN",
          "IsInf");

  /** Listed by name at most. */
  private static final int MAX_NAMED = 8;

  /**
   * What is known of a tensor.
   *
   * @param type ONNX's number of its type; 0 if unknown
   * @param input of the model that may make it any number; null if none does
   * @param least of a constant's numbers; null if it is none, or they are not known
   * @param hasMinusOne whether a constant holds -1
   */
  private record Value(
      int type, @Nullable String input, @Nullable Long least, boolean hasMinusOne) {
    static final Value UNKNOWN = new Value(0, null, null, false);

    Value harmless(int newType) {
      return new Value(newType, null, null, false);
    }

    boolean isAtLeastZero() {
      return least != null && least >= 0;
    }
  }

  private final List<String> warnings = new ArrayList<>();
  private int found;

  private IntegerTraps() {}

  /** Returns a sentence for each operator found, without a full stop. */
  static List<String> find(GraphProto graph) {
    IntegerTraps traps = new IntegerTraps();
    Map<String, Value> values = new HashMap<>();
    for (ValueInfoProto input : graph.getInputList()) {
      values.put(input.getName(), input(input, input.getName()));
    }
    traps.visit(graph, values);
    if (traps.found > MAX_NAMED) {
      traps.warnings.add((traps.found - MAX_NAMED) + " more nodes of the model are like these");
    }
    return List.copyOf(traps.warnings);
  }

  private static Value input(ValueInfoProto input, @Nullable String from) {
    return new Value(input.getType().getTensorType().getElemType(), from, null, false);
  }

  /**
   * @param values known around the graph, and its inputs; gets those of the graph
   */
  private void visit(GraphProto graph, Map<String, Value> values) {
    Map<String, Integer> declared = new HashMap<>();
    for (List<ValueInfoProto> infos : List.of(graph.getValueInfoList(), graph.getOutputList())) {
      for (ValueInfoProto info : infos) {
        declared.put(info.getName(), info.getType().getTensorType().getElemType());
      }
    }
    for (TensorProto constant : graph.getInitializerList()) {
      var _ = values.putIfAbsent(constant.getName(), constant(constant)); // Or a default.
    }
    for (NodeProto node : graph.getNodeList()) {
      visit(node, values, declared);
    }
  }

  private void visit(NodeProto node, Map<String, Value> values, Map<String, Integer> declared) {
    List<Value> inputs =
        node.getInputList().stream().map(name -> values.getOrDefault(name, Value.UNKNOWN)).toList();
    Value result = result(node, inputs);
    for (AttributeProto attribute : node.getAttributeList()) {
      if (attribute.hasG()) {
        Map<String, Value> within = new HashMap<>(values);
        String from = result.input() != null ? result.input() : anyInput(values.values());
        for (ValueInfoProto input : attribute.getG().getInputList()) {
          within.put(input.getName(), input(input, from));
        }
        visit(attribute.getG(), within);
        result = new Value(0, from, null, false);
      }
    }
    for (String output : node.getOutputList()) {
      int type = declared.getOrDefault(output, 0);
      values.put(
          output,
          type == 0
              ? result
              : new Value(type, result.input(), result.least(), result.hasMinusOne()));
    }
    if (node.getDomain().isEmpty() || node.getDomain().equals("ai.onnx")) {
      check(
          node,
          inputs,
          node.getOutputCount() == 0 ? 0 : declared.getOrDefault(node.getOutput(0), 0));
    }
  }

  private static @Nullable String anyInput(Iterable<Value> values) {
    for (Value value : values) {
      if (value.input() != null) {
        return value.input();
      }
    }
    return null;
  }

  /** Returns what the node's outputs are like. */
  private static Value result(NodeProto node, List<Value> inputs) {
    String operator = node.getOpType();
    if (operator.equals("Constant")) {
      return constantOf(node);
    }
    if (NOT_NEGATIVE.contains(operator)) {
      return Value.UNKNOWN.harmless(TensorProto.DataType.INT64_VALUE);
    }
    if (LOGICAL.contains(operator)) {
      return Value.UNKNOWN.harmless(TensorProto.DataType.BOOL_VALUE);
    }
    int type = type(node, inputs);
    boolean isBounded =
        switch (operator) {
          case "Clip" -> inputs.size() > 1 && inputs.get(1).isAtLeastZero();
          case "Max" -> inputs.stream().anyMatch(Value::isAtLeastZero);
          case "ConstantOfShape" -> true;
          default -> false;
        };
    return isBounded
        ? Value.UNKNOWN.harmless(type)
        : new Value(type, anyInput(inputs), null, false);
  }

  private static int type(NodeProto node, List<Value> inputs) {
    if (node.getOpType().equals("Cast")) {
      return (int) attribute(node, "to", 0);
    }
    boolean isChoice = node.getOpType().equals("Where"); // Its first input is the condition.
    for (Value input :
        isChoice ? inputs.subList(Math.min(1, inputs.size()), inputs.size()) : inputs) {
      if (input.type() != 0) {
        return input.type();
      }
    }
    return 0;
  }

  private static long attribute(NodeProto node, String name, long absent) {
    for (AttributeProto attribute : node.getAttributeList()) {
      if (attribute.getName().equals(name)) {
        return attribute.getI();
      }
    }
    return absent;
  }

  private static Value constantOf(NodeProto node) {
    for (AttributeProto attribute : node.getAttributeList()) {
      switch (attribute.getName()) {
        case "value" -> {
          return constant(attribute.getT());
        }
        case "value_int" -> {
          return constant(TensorProto.DataType.INT64_VALUE, List.of(attribute.getI()));
        }
        case "value_ints" -> {
          return constant(TensorProto.DataType.INT64_VALUE, attribute.getIntsList());
        }
        default -> {}
      }
    }
    return Value.UNKNOWN;
  }

  private static Value constant(TensorProto tensor) {
    List<Long> numbers = new ArrayList<>(tensor.getInt64DataList());
    tensor.getInt32DataList().forEach(number -> numbers.add((long) number));
    ByteBuffer raw = tensor.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    boolean isLong = tensor.getDataType() == TensorProto.DataType.INT64_VALUE;
    if (isLong || tensor.getDataType() == TensorProto.DataType.INT32_VALUE) {
      while (raw.remaining() >= (isLong ? Long.BYTES : Integer.BYTES)) {
        numbers.add(isLong ? raw.getLong() : raw.getInt());
      }
    }
    return constant(tensor.getDataType(), numbers);
  }

  private static Value constant(int type, List<Long> numbers) {
    return new Value(
        type, null, numbers.stream().min(Long::compare).orElse(null), numbers.contains(-1L));
  }

  private void check(NodeProto node, List<Value> inputs, int outputType) {
    switch (node.getOpType()) {
      case "Div" -> checkDivision(node, inputs, outputType);
      case "Mod" -> {
        if (attribute(node, "fmod", 0) == 0) {
          checkDivision(node, inputs, outputType);
        }
      }
      case "STFT" -> {
        boolean isGiven = inputs.size() > 3 && !node.getInput(3).isEmpty();
        int position = isGiven ? 3 : 2; // Else the window's length is the frame's.
        String input = inputs.size() > position ? inputs.get(position).input() : null;
        if (input != null) {
          warn(
              node,
              "takes its frame's length from input '"
                  + input
                  + "': a length of 0 ends the server's process in ONNX Runtime (expected: a constant)");
        }
      }
      default -> {}
    }
  }

  private void checkDivision(NodeProto node, List<Value> inputs, int outputType) {
    if (inputs.size() != 2) {
      return;
    }
    Value dividend = inputs.get(0);
    Value divisor = inputs.get(1);
    int type = dividend.type() != 0 ? dividend.type() : divisor.type();
    type = type != 0 ? type : outputType;
    boolean traps =
        type == TensorProto.DataType.INT32_VALUE || type == TensorProto.DataType.INT64_VALUE;
    if (traps && dividend.input() != null && (divisor.input() != null || divisor.hasMinusOne())) {
      warn(
          node,
          "divides what comes from input '"
              + dividend.input()
              + "' by "
              + (divisor.input() == null
                  ? "a constant -1"
                  : "what comes from input '" + divisor.input() + "'")
              + ": the smallest "
              + (type == TensorProto.DataType.INT32_VALUE ? "INT32" : "INT64")
              + " by -1 ends the server's process in ONNX Runtime (expected: a Clip or Max of one of"
              + " them at a constant of 0 or more)");
    }
  }

  private void warn(NodeProto node, String what) {
    found++;
    if (found <= MAX_NAMED) {
      String name = node.getName().isEmpty() ? node.getOutput(0) : node.getName();
      warnings.add("node '" + name + "' (" + node.getOpType() + ") " + what);
    }
  }
}
