package dev.skeg.runtime.backend.onnx;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.skeg.runtime.backend.Backend;
import dev.skeg.runtime.backend.BackendModel;
import dev.skeg.runtime.backend.BatchSlot;
import dev.skeg.runtime.backend.LoadOptions;
import dev.skeg.runtime.backend.RunControl;
import dev.skeg.runtime.backend.SlotShape;
import dev.skeg.runtime.backend.UnsupportedOutput;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.HeapOutputs;
import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Signature;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.model.TensorLayouts;
import dev.skeg.runtime.model.TensorSpec;
import dev.skeg.runtime.testing.OnnxModels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The parity reference: the same engine through its official Java API. It can feed neither UINT16,
 * UINT32 and UINT64 nor bytes that are not text of the basic plane.
 */
final class OfficialApiBackend implements Backend {
  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();

  /** Returns whether the official API can feed that datatype. */
  static boolean canFeed(DataType type) {
    return switch (type) {
      case UINT16, UINT32, UINT64 -> false;
      case BOOL, UINT8, INT8, INT16, INT32, INT64, FP16, BF16, FP32, FP64, BYTES -> true;
    };
  }

  @Override
  public String name() {
    return "official";
  }

  @Override
  public String platform() {
    return "onnxruntime_onnx";
  }

  @Override
  public String version() {
    return environment.getVersion();
  }

  @Override
  public BackendModel load(LoadOptions options) {
    try (OrtSession.SessionOptions session = new OrtSession.SessionOptions()) {
      session.setIntraOpNumThreads(options.intraOpThreads());
      return new Model(environment, environment.createSession(options.file().toString(), session));
    } catch (OrtException e) {
      throw failed(e);
    }
  }

  @Override
  public void close() {}

  private static ServingException failed(OrtException e) {
    return new ServingException(ErrorCode.INTERNAL, String.valueOf(e.getMessage()), e);
  }

  private static final class Model implements BackendModel {
    private final OrtEnvironment environment;
    private final OrtSession session;
    private final Signature signature;
    private final List<UnsupportedOutput> unsupported = new ArrayList<>();

    Model(OrtEnvironment environment, OrtSession session) throws OrtException {
      this.environment = environment;
      this.session = session;
      List<TensorSpec> inputs = new ArrayList<>();
      for (NodeInfo node : session.getInputInfo().values()) {
        inputs.add(spec(node.getName(), (TensorInfo) node.getInfo()));
      }
      List<TensorSpec> outputs = new ArrayList<>();
      for (NodeInfo node : session.getOutputInfo().values()) {
        if (node.getInfo() instanceof TensorInfo info) {
          outputs.add(spec(node.getName(), info));
        } else {
          unsupported.add(new UnsupportedOutput(node.getName(), node.getInfo().toString()));
        }
      }
      this.signature = new Signature(inputs, outputs);
    }

    private static TensorSpec spec(String name, TensorInfo info) {
      return new TensorSpec(name, dataType(info.onnxType), Shape.of(info.getShape()), false);
    }

    private static DataType dataType(TensorInfo.OnnxTensorType type) {
      return switch (type) {
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL -> DataType.BOOL;
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8 -> DataType.UINT8;
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16 -> DataType.UINT16;
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32 -> DataType.UINT32;
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64 -> DataType.UINT64;
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8 -> DataType.INT8;
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16 -> DataType.INT16;
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32 -> DataType.INT32;
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64 -> DataType.INT64;
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16 -> DataType.FP16;
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16 -> DataType.BF16;
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT -> DataType.FP32;
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE -> DataType.FP64;
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING -> DataType.BYTES;
        default -> throw new IllegalArgumentException("type: " + type + " (expected: OIP's)");
      };
    }

    @Override
    public Signature signature() {
      return signature;
    }

    @Override
    public List<UnsupportedOutput> unsupportedOutputs() {
      return unsupported;
    }

    @Override
    public boolean hasCommonFirstDimension() {
      throw new IllegalStateException("the official API does not tell dimension names");
    }

    @Override
    public InferenceOutputs run(List<Tensor> inputs, int[] outputs, RunControl control) {
      throw new UnsupportedOperationException("the reference only runs whole requests");
    }

    @Override
    public RunControl openControl() {
      throw new UnsupportedOperationException("the reference only runs whole requests");
    }

    @Override
    public BatchSlot openSlot(SlotShape shape) {
      throw new UnsupportedOperationException("the reference only runs whole requests");
    }

    @Override
    public InferenceOutputs run(List<Tensor> inputs, int[] outputs) {
      Map<String, OnnxTensorLike> values = new HashMap<>();
      Set<String> names = new LinkedHashSet<>();
      for (int output : outputs) {
        names.add(signature.outputs().get(output).name());
      }
      try {
        for (Tensor input : inputs) {
          values.put(input.name(), value(input));
        }
        try (OrtSession.Result result = session.run(values, names)) {
          List<Tensor> tensors = new ArrayList<>();
          for (Map.Entry<String, OnnxValue> each : result) {
            tensors.add(tensor(each.getKey(), (OnnxTensor) each.getValue()));
          }
          return new HeapOutputs(tensors);
        }
      } catch (OrtException e) {
        throw failed(e);
      } finally {
        values.values().forEach(OnnxTensorLike::close);
      }
    }

    private OnnxTensor value(Tensor input) throws OrtException {
      long[] shape = input.shape().toArray();
      if (input.type() == DataType.BYTES) {
        return OnnxTensor.createTensor(environment, texts(input.data()), shape);
      }
      byte[] bytes = input.data().toArray(ValueLayout.JAVA_BYTE);
      ByteBuffer buffer = ByteBuffer.allocateDirect(bytes.length).order(ByteOrder.nativeOrder());
      buffer.put(bytes).flip();
      return OnnxTensor.createTensor(environment, buffer, shape, javaType(input.type()));
    }

    private static OnnxJavaType javaType(DataType type) {
      return switch (type) {
        case BOOL -> OnnxJavaType.BOOL;
        case UINT8 -> OnnxJavaType.UINT8;
        case INT8 -> OnnxJavaType.INT8;
        case INT16 -> OnnxJavaType.INT16;
        case INT32 -> OnnxJavaType.INT32;
        case INT64 -> OnnxJavaType.INT64;
        case FP16 -> OnnxJavaType.FLOAT16;
        case BF16 -> OnnxJavaType.BFLOAT16;
        case FP32 -> OnnxJavaType.FLOAT;
        case FP64 -> OnnxJavaType.DOUBLE;
        case UINT16, UINT32, UINT64, BYTES ->
            throw new IllegalArgumentException(type + " cannot be fed through the official API");
      };
    }

    private static String[] texts(MemorySegment wire) {
      List<String> texts = new ArrayList<>();
      long offset = 0;
      while (offset < wire.byteSize()) {
        int length = wire.get(TensorLayouts.INT, offset);
        offset += Integer.BYTES;
        byte[] text = wire.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE);
        texts.add(new String(text, StandardCharsets.UTF_8));
        offset += length;
      }
      return texts.toArray(new String[0]);
    }

    private static Tensor tensor(String name, OnnxTensor value) throws OrtException {
      TensorInfo info = value.getInfo();
      TensorSpec spec = spec(name, info);
      MemorySegment data;
      if (spec.type() == DataType.BYTES) {
        data = MemorySegment.ofArray(wire(value.getValue()));
      } else {
        ByteBuffer buffer = value.getByteBuffer();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        data = MemorySegment.ofArray(bytes);
      }
      return new Tensor(name, spec.type(), spec.shape(), data);
    }

    private static byte[] wire(Object nested) {
      List<String> texts = new ArrayList<>();
      collect(nested, texts);
      return OnnxModels.wireStrings(texts.toArray(new String[0]));
    }

    private static void collect(Object nested, List<String> texts) {
      if (nested instanceof Object[] parts) {
        for (Object part : parts) {
          collect(part, texts);
        }
      } else {
        texts.add((String) nested);
      }
    }

    @Override
    public void close() {
      try {
        session.close();
      } catch (OrtException e) {
        throw failed(e);
      }
    }
  }
}
