package dev.skeg.benchmarks;

import com.google.protobuf.InvalidProtocolBufferException;
import inference.GrpcService.ModelInferResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Connections on which every answer is held against the version that it says it is from: one of
 * {@link ModelVariants}. An answer whose value is another version's has failed.
 *
 * <p><b>Threads.</b> As the target's.
 */
final class CheckedTarget implements LoadTarget {
  private static final String VERSION = "\"model_version\":\"";

  private final LoadTarget target;
  private final boolean isGrpc;
  private float base = Float.NaN; // What version 1 answers.

  CheckedTarget(LoadTarget target, boolean isGrpc) {
    this.target = target;
    this.isGrpc = isGrpc;
  }

  private final class Checked implements Listener {
    private final Listener listener;
    private String error = "an answer without a body";

    Checked(Listener listener) {
      this.listener = listener;
    }

    @Override
    public void answer(ByteBuffer body) {
      error = isGrpc ? grpcError(body) : restError(body);
    }

    @Override
    public void ended(String failure) {
      listener.ended(failure.isEmpty() ? error : failure);
    }
  }

  private String grpcError(ByteBuffer body) {
    try {
      ModelInferResponse response = ModelInferResponse.parseFrom(body);
      return error(
          response.getModelVersion(), response.getRawOutputContents(0).asReadOnlyByteBuffer());
    } catch (InvalidProtocolBufferException e) {
      return "wrong answer: no message";
    }
  }

  /** The document, and behind it the first output's bytes. */
  private String restError(ByteBuffer body) {
    String text = StandardCharsets.ISO_8859_1.decode(body.duplicate()).toString();
    int start = text.indexOf(VERSION) + VERSION.length();
    int end = text.indexOf('"', start);
    if (start < VERSION.length() || end < 0) {
      return "wrong answer: no version";
    }
    return error(text.substring(start, end), body.slice(body.limit() - Float.BYTES, Float.BYTES));
  }

  private String error(String version, ByteBuffer data) {
    float value = data.order(ByteOrder.LITTLE_ENDIAN).getFloat(data.position());
    long number = Long.parseLong(version);
    if (Float.isNaN(base)) {
      base = number == 1 ? value : Float.NaN;
    }
    return value == base + ModelVariants.added(number)
        ? ""
        : "wrong answer: not the value of the version it names";
  }

  @Override
  public boolean isFree() {
    return target.isFree();
  }

  @Override
  public void send(Listener listener) {
    target.send(new Checked(listener));
  }

  @Override
  public void onReconnected(Runnable task) {
    target.onReconnected(task);
  }

  @Override
  public String lost() {
    return target.lost();
  }

  @Override
  public void close() {
    target.close();
  }
}
