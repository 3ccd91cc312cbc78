package dev.skeg.runtime.backend.onnx;

import dev.skeg.runtime.backend.UnsupportedOutput;
import dev.skeg.runtime.backend.onnx.OrtTypeInfo.Port;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Signature;
import dev.skeg.runtime.model.TensorSpec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What a session takes and gives, in the protocol's terms.
 *
 * @param unsupportedOutputs outputs that are not tensors of a datatype that the protocol has
 * @param hasCommonFirstDimension whether every tensor has a variable first dimension, and all of
 *     the names given to them are the same
 */
record SessionSignature(
    Signature signature,
    List<UnsupportedOutput> unsupportedOutputs,
    boolean hasCommonFirstDimension) {

  /**
   * Asks a session.
   *
   * @throws ServingException if it takes what the protocol cannot carry, or gives nothing that it
   *     can
   */
  static SessionSignature read(OrtApi api, long session) {
    Reader reader = new Reader(api.typeInfo(), session);
    List<TensorSpec> inputs = new ArrayList<>();
    reader.inputs(Port.INPUT, inputs);
    reader.inputs(Port.OVERRIDABLE, inputs);
    List<TensorSpec> outputs = new ArrayList<>();
    List<UnsupportedOutput> unsupported = new ArrayList<>();
    reader.outputs(outputs, unsupported);
    if (outputs.isEmpty()) {
      throw new ServingException(
          ErrorCode.UNSUPPORTED,
          "the model has no output that can be returned: "
              + (unsupported.isEmpty()
                  ? "it has none at all"
                  : "'"
                      + unsupported.getFirst().name()
                      + "' is "
                      + unsupported.getFirst().reason()));
    }
    return new SessionSignature(
        new Signature(inputs, outputs), List.copyOf(unsupported), reader.haveCommonFirst());
  }

  private static final class Reader {
    private final OrtTypeInfo types;
    private final long session;
    private final Set<String> firstDimensionNames = new HashSet<>();
    private boolean allHaveVariableFirst = true;

    Reader(OrtTypeInfo types, long session) {
      this.types = types;
      this.session = session;
    }

    boolean haveCommonFirst() {
      firstDimensionNames.remove("");
      return allHaveVariableFirst && firstDimensionNames.size() <= 1;
    }

    void inputs(Port port, List<TensorSpec> inputs) {
      long count = types.count(session, port);
      for (long i = 0; i < count; i++) {
        String name = types.name(session, port, i);
        long typeInfo = types.typeInfo(session, port, i);
        try {
          Described type = describe(typeInfo);
          switch (type) {
            case Described.Tensor(DataType dataType, Shape shape) ->
                inputs.add(new TensorSpec(name, dataType, shape, port == Port.OVERRIDABLE));
            case Described.Other(String what) -> {
              // One that may be left out is only hidden: the model runs without it.
              if (port != Port.OVERRIDABLE) {
                throw new ServingException(
                    ErrorCode.UNSUPPORTED,
                    "input '" + name + "' is " + what + " (expected: a tensor of an OIP datatype)");
              }
            }
          }
        } finally {
          types.releaseTypeInfo(typeInfo);
        }
      }
    }

    void outputs(List<TensorSpec> outputs, List<UnsupportedOutput> unsupported) {
      long count = types.count(session, Port.OUTPUT);
      for (long i = 0; i < count; i++) {
        String name = types.name(session, Port.OUTPUT, i);
        long typeInfo = types.typeInfo(session, Port.OUTPUT, i);
        try {
          if (types.kind(typeInfo) == OnnxTypes.OPTIONAL_KIND) {
            unsupported.add(new UnsupportedOutput(name, what(typeInfo)));
            continue;
          }
          switch (describe(typeInfo)) {
            case Described.Tensor(DataType dataType, Shape shape) ->
                outputs.add(new TensorSpec(name, dataType, shape, false));
            case Described.Other(String what) -> unsupported.add(new UnsupportedOutput(name, what));
          }
        } finally {
          types.releaseTypeInfo(typeInfo);
        }
      }
    }

    /** A type: one the protocol can carry, or what else it is. */
    private sealed interface Described {
      record Tensor(DataType type, Shape shape) implements Described {}

      record Other(String what) implements Described {}
    }

    private Described describe(long typeInfo) {
      int kind = types.kind(typeInfo);
      if (kind == OnnxTypes.OPTIONAL_KIND) {
        long content = types.optionalContent(typeInfo);
        try {
          return describe(content);
        } finally {
          types.releaseTypeInfo(content);
        }
      }
      if (kind != OnnxTypes.TENSOR_KIND) {
        return new Described.Other(what(typeInfo));
      }
      long tensorInfo = types.tensorInfo(typeInfo);
      DataType type = OnnxTypes.dataType(types.elementType(tensorInfo));
      if (type == null) {
        return new Described.Other(what(typeInfo));
      }
      long[] dims = types.dimensions(tensorInfo);
      if (dims.length == 0 || dims[0] != Shape.VARIABLE) {
        allHaveVariableFirst = false;
      } else {
        firstDimensionNames.add(types.firstDimensionName(tensorInfo, dims.length));
      }
      return new Described.Tensor(type, Shape.of(dims));
    }

    /** Says what a type is, with its article. */
    private String what(long typeInfo) {
      return switch (types.kind(typeInfo)) {
        case OnnxTypes.TENSOR_KIND ->
            "a tensor of " + OnnxTypes.name(types.elementType(types.tensorInfo(typeInfo)));
        case OnnxTypes.SEQUENCE_KIND -> "a sequence of " + many(types.sequenceElement(typeInfo));
        case OnnxTypes.MAP_KIND ->
            "a map from "
                + OnnxTypes.name(types.mapKey(typeInfo))
                + " to "
                + many(types.mapValue(typeInfo));
        case OnnxTypes.SPARSE_TENSOR_KIND -> "a sparse tensor";
        case OnnxTypes.OPTIONAL_KIND -> "an optional: " + owned(types.optionalContent(typeInfo));
        default -> "of a type that is not known here";
      };
    }

    private String owned(long typeInfo) {
      try {
        return what(typeInfo);
      } finally {
        types.releaseTypeInfo(typeInfo);
      }
    }

    /** Says what a contained type is, in the plural; a map's value tensor is one element. */
    private String many(long typeInfo) {
      int kind = types.kind(typeInfo);
      String what = owned(typeInfo);
      return switch (kind) {
        case OnnxTypes.TENSOR_KIND -> what.replace("a tensor of ", "tensors of ");
        case OnnxTypes.MAP_KIND -> what.replace("a map ", "maps ");
        case OnnxTypes.SEQUENCE_KIND -> what.replace("a sequence ", "sequences ");
        default -> what;
      };
    }
  }
}
