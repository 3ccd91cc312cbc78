package dev.skeg.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.model.TensorSpec;
import dev.skeg.runtime.servable.RandomTensor;
import inference.GRPCInferenceServiceGrpc;
import inference.GrpcService.ModelInferRequest;
import inference.GrpcService.ModelMetadataRequest;
import inference.GrpcService.ModelMetadataResponse;
import io.grpc.ManagedChannel;
import io.netty.channel.EventLoop;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * The one request that is sent again and again: made-up data of the shapes that the server says the
 * model takes.
 *
 * @param path of the REST request
 * @param body of the REST request, or the gRPC message
 * @param jsonBytes length of the JSON document before binary data; 0 where there is none
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record BenchRequest(String path, byte[] body, int jsonBytes) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int INTEGER_BOUND = 10;

  /** A request is there several times while it is made; a server takes 64 MiB, if not told more. */
  private static final long MAX_BYTES = 256 << 20;

  /** What an element of BYTES may take: its length and a few digits. */
  private static final int STRING_BYTES = 8;

  /** Asks a server over REST what a model takes. */
  static List<TensorSpec> describe(EventLoop loop, String url, String model)
      throws IOException, InterruptedException {
    List<TensorSpec> inputs = new ArrayList<>();
    String document = RestTarget.get(loop, url, "/v2/models/" + encoded(model));
    for (JsonNode input : JSON.readTree(document).path("inputs")) {
      long[] dims = new long[input.path("shape").size()];
      for (int i = 0; i < dims.length; i++) {
        dims[i] = input.path("shape").path(i).asLong();
      }
      inputs.add(spec(input.path("name").asText(), input.path("datatype").asText(), dims));
    }
    if (inputs.isEmpty()) {
      throw new IOException(
          url + " does not say what inputs model '" + model + "' has (expected: --input for each)");
    }
    return inputs;
  }

  /** Asks a server over gRPC what a model takes. */
  static List<TensorSpec> describe(ManagedChannel channel, String model) {
    ModelMetadataResponse answer =
        GRPCInferenceServiceGrpc.newBlockingStub(channel)
            .modelMetadata(ModelMetadataRequest.newBuilder().setName(model).build());
    return answer.getInputsList().stream()
        .map(input ->
            spec(
                input.getName(),
                input.getDatatype(),
                input.getShapeList().stream().mapToLong(Long::longValue).toArray()))
        .toList();
  }

  private static TensorSpec spec(String name, String datatype, long[] dims) {
    DataType type =
        DataType.of(datatype)
            .orElseThrow(() ->
                new IllegalArgumentException("input '" + name + "' has datatype " + datatype));
    return new TensorSpec(name, type, Shape.of(dims), false);
  }

  /**
   * Makes up the tensors.
   *
   * @param shapes by input's name, where the model leaves dimensions open
   * @throws IllegalArgumentException if a shape is missing, or more than 256 MiB come of them
   */
  static List<Tensor> tensors(
      List<TensorSpec> inputs, int rows, Map<String, Shape> shapes, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Tensor> tensors = new ArrayList<>();
    long left = MAX_BYTES;
    for (TensorSpec input : inputs) {
      Shape shape = shapes.get(input.name());
      if (shape == null) {
        long[] dims = input.shape().toArray();
        if (dims.length > 0 && dims[0] == Shape.VARIABLE) {
          dims[0] = rows;
        }
        shape = Shape.of(dims);
      }
      if (!shape.isFixed()) {
        throw new IllegalArgumentException(
            "input '"
                + input.name()
                + "' has shape "
                + input.shape()
                + " (expected: --shape "
                + input.name()
                + ":"
                + input.shape().toString().replaceAll("[\\[\\]]", "").replace("-1", "N")
                + " with numbers)");
      }
      left -= bytes(input, shape);
      if (left < 0) {
        throw new IllegalArgumentException(
            "input '"
                + input.name()
                + "' has shape "
                + shape
                + " (expected: smaller ones, by --rows and --shape: the request may have "
                + (MAX_BYTES >> 20)
                + " MiB)");
      }
      tensors.add(RandomTensor.of(input, shape, INTEGER_BOUND, random));
    }
    return tensors;
  }

  /** Returns the gRPC message with raw contents. */
  static BenchRequest grpc(String model, List<Tensor> tensors) {
    ModelInferRequest.Builder request = ModelInferRequest.newBuilder().setModelName(model);
    for (Tensor tensor : tensors) {
      ModelInferRequest.InferInputTensor.Builder input =
          ModelInferRequest.InferInputTensor.newBuilder()
              .setName(tensor.name())
              .setDatatype(tensor.type().name());
      for (long dim : tensor.shape().toArray()) {
        input.addShape(dim);
      }
      request.addInputs(input);
      request.addRawInputContents(ByteString.copyFrom(bytes(tensor)));
    }
    return new BenchRequest("", request.build().toByteArray(), 0);
  }

  /** Returns the REST request with binary data, asking for binary data. */
  static BenchRequest restBinary(String model, List<Tensor> tensors) throws IOException {
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    List<Object> inputs = new ArrayList<>();
    for (Tensor tensor : tensors) {
      byte[] bytes = bytes(tensor);
      data.write(bytes);
      inputs.add(
          Map.of(
              "name",
              tensor.name(),
              "datatype",
              tensor.type().name(),
              "shape",
              tensor.shape().toArray(),
              "parameters",
              Map.of("binary_data_size", bytes.length)));
    }
    byte[] document =
        JSON.writeValueAsBytes(
            Map.of("inputs", inputs, "parameters", Map.of("binary_data_output", true)));
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    body.write(document);
    data.writeTo(body);
    return new BenchRequest(path(model), body.toByteArray(), document.length);
  }

  /** Returns the REST request with everything in JSON. */
  static BenchRequest restJson(String model, List<Tensor> tensors) throws IOException {
    List<Object> inputs = new ArrayList<>();
    for (Tensor tensor : tensors) {
      inputs.add(
          Map.of(
              "name",
              tensor.name(),
              "datatype",
              tensor.type().name(),
              "shape",
              tensor.shape().toArray(),
              "data",
              values(tensor)));
    }
    return new BenchRequest(path(model), JSON.writeValueAsBytes(Map.of("inputs", inputs)), 0);
  }

  private static String path(String model) {
    return "/v2/models/" + encoded(model) + "/infer";
  }

  private static String encoded(String model) {
    return URLEncoder.encode(model, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /** Returns what a tensor takes; more than any request where that is more than a long. */
  private static long bytes(TensorSpec input, Shape shape) {
    try {
      int size = input.type().isFixedSize() ? input.type().size() : STRING_BYTES;
      return Math.multiplyExact(shape.elementCount(), (long) size);
    } catch (ArithmeticException e) {
      return MAX_BYTES + 1;
    }
  }

  private static byte[] bytes(Tensor tensor) {
    return tensor.data().toArray(ValueLayout.JAVA_BYTE);
  }

  private static List<Object> values(Tensor tensor) {
    ByteBuffer data = ByteBuffer.wrap(bytes(tensor)).order(ByteOrder.LITTLE_ENDIAN);
    List<Object> values = new ArrayList<>();
    while (data.hasRemaining()) {
      values.add(
          switch (tensor.type()) {
            case BOOL -> data.get() != 0;
            case INT8 -> data.get();
            case UINT8 -> data.get() & 0xff;
            case INT16 -> data.getShort();
            case UINT16 -> data.getShort() & 0xffff;
            case INT32 -> data.getInt();
            case UINT32 -> Integer.toUnsignedLong(data.getInt());
            case INT64, UINT64 -> data.getLong();
            case FP32 -> data.getFloat();
            case FP64 -> data.getDouble();
            case BYTES -> text(data);
            case FP16, BF16 ->
                throw new IllegalArgumentException(
                    String.format(
                        Locale.ROOT,
                        "input '%s' is %s, which JSON does not carry (expected: --protocol rest or"
                            + " grpc)",
                        tensor.name(),
                        tensor.type()));
          });
    }
    return values;
  }

  private static String text(ByteBuffer data) {
    byte[] text = new byte[data.getInt()];
    data.get(text);
    return new String(text, StandardCharsets.UTF_8);
  }
}
