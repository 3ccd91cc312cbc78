package dev.skeg.examples.clients;

import com.google.protobuf.ByteString;
import inference.GRPCInferenceServiceGrpc;
import inference.GrpcService.ModelInferRequest;
import inference.GrpcService.ModelInferResponse;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;

/** Asks for loan scores over gRPC: {@code LoanOverGrpc [HOST:PORT]}. */
public final class LoanOverGrpc {
  private LoanOverGrpc() {}

  /** Prints a line for each applicant. */
  public static void main(String[] arguments) throws InterruptedException {
    String target = arguments.length > 0 ? arguments[0] : "localhost:8001";
    ManagedChannel channel = NettyChannelBuilder.forTarget(target).usePlaintext().build();
    try {
      ModelInferResponse response =
          GRPCInferenceServiceGrpc.newBlockingStub(channel)
              .withDeadlineAfter(10, TimeUnit.SECONDS)
              .modelInfer(request());
      ByteBuffer scores =
          response.getRawOutputContents(0).asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
      for (int row = 0; row < Applicants.FEATURES.length; row++) {
        System.out.println(Applicants.line(row, scores.getFloat()));
      }
    } finally {
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
  }

  private static ModelInferRequest request() {
    int rows = Applicants.FEATURES.length;
    int columns = Applicants.FEATURES[0].length;
    ByteBuffer features =
        ByteBuffer.allocate(rows * columns * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (float[] row : Applicants.FEATURES) {
      for (float value : row) {
        features.putFloat(value);
      }
    }
    return ModelInferRequest.newBuilder()
        .setModelName("loan")
        .addInputs(
            ModelInferRequest.InferInputTensor.newBuilder()
                .setName("features")
                .setDatatype("FP32")
                .addShape(rows)
                .addShape(columns))
        .addRawInputContents(ByteString.copyFrom(features.flip()))
        .build();
  }
}
