package dev.skeg.runtime.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import inference.GRPCInferenceServiceGrpc;
import inference.GrpcService.ModelInferRequest;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Who frees the request's memory and the outputs, however a call goes. */
final class ModelInferHandlerTest {
  private final FakeEndpoints endpoints = new FakeEndpoints();
  private final AtomicInteger openMessages = new AtomicInteger();
  private final RecordingCall call = new RecordingCall();
  private final OpenInfers open = new OpenInfers(() -> null);
  private final ServerCall.Listener<InferCall> listener =
      new ModelInferHandler(endpoints, open).startCall(call, new Metadata());

  @Test
  void freesBothOnceAnAnswerIsWritten() {
    listener.onMessage(message("identity"));
    assertThat(openMessages).hasValue(1);
    listener.onHalfClose();

    assertThat(call.status).isEqualTo(Status.OK);
    assertNothingIsHeld();
  }

  @Test
  void freesTheMessageOfACallThatIsCancelledBeforeItsEnd() {
    listener.onMessage(message("identity"));
    listener.onCancel();
    listener.onMessage(message("identity"));

    assertNothingIsHeld();
    assertThat(endpoints.requests).isEmpty();
  }

  @Test
  void keepsTheMessageOfACancelledCallUntilItsModelIsDone() {
    listener.onMessage(message("held"));
    listener.onHalfClose();
    call.cancelled = true;
    listener.onCancel();
    assertThat(openMessages).hasValue(1);
    endpoints.held.remove().run();

    assertNothingIsHeld();
    assertThat(endpoints.closedOutputs).hasValue(1);
    assertThat(call.replies).isZero();
  }

  @Test
  void freesTheMessageOfARequestThatIsRejected() {
    listener.onMessage(message("rejected-UNAVAILABLE"));
    listener.onHalfClose();

    assertThat(call.code()).isEqualTo(Status.Code.UNAVAILABLE);
    assertNothingIsHeld();
  }

  @Test
  void refusesASecondMessage() {
    listener.onMessage(message("identity"));
    listener.onMessage(message("identity"));
    listener.onHalfClose();

    assertThat(call.code()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(endpoints.requests).isEmpty();
    assertNothingIsHeld();
  }

  @Test
  void refusesACallWithoutAMessage() {
    listener.onHalfClose();

    assertThat(call.code()).isEqualTo(Status.Code.INVALID_ARGUMENT);
  }

  @Test
  void freesBothWhenTheAnswerCannotBeWritten() {
    call.failing = true;
    listener.onMessage(message("identity"));
    listener.onHalfClose();

    assertThat(call.code()).isEqualTo(Status.Code.INTERNAL);
    assertNothingIsHeld();
  }

  @Test
  void endsACallInFlightAtAStopAndDropsItsAnswer() {
    listener.onMessage(message("held"));
    listener.onHalfClose();
    open.endAll();
    assertThat(call.code()).isEqualTo(Status.Code.UNAVAILABLE);
    endpoints.held.remove().run();

    assertThat(call.replies).isZero();
    assertThat(call.closes).isEqualTo(1);
    assertNothingIsHeld();
  }

  @Test
  void endsACallWithoutItsMessageAtAStop() {
    listener.onMessage(message("identity"));
    open.endAll();
    listener.onHalfClose();

    assertThat(call.code()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(endpoints.requests).isEmpty();
    assertNothingIsHeld();
  }

  @Test
  void endsNoCallThatIsOverAtAStop() {
    listener.onMessage(message("identity"));
    listener.onHalfClose();
    listener.onComplete();
    open.endAll();

    assertThat(call.status).isEqualTo(Status.OK);
    assertThat(call.closes).isEqualTo(1);
  }

  @Test
  void freesTheMemoryOfAMessageThatIsRefused() {
    openMessages.incrementAndGet();
    InferCall decoded =
        new InferRequestDecoder(1000)
            .decode(littleEndian(new byte[] {-1}), openMessages::decrementAndGet, 0);

    assertThat(decoded).isInstanceOf(InferCall.Invalid.class);
    assertNothingIsHeld();
  }

  private InferCall message(String model) {
    openMessages.incrementAndGet();
    return new InferRequestDecoder(1000)
        .decode(
            littleEndian(ModelInferRequest.newBuilder().setModelName(model).build().toByteArray()),
            openMessages::decrementAndGet,
            0);
  }

  private static ByteBuffer littleEndian(byte[] message) {
    return ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
  }

  private void assertNothingIsHeld() {
    assertThat(openMessages).hasValue(0);
    assertThat(endpoints.openOutputs).hasValue(0);
  }

  private static final class RecordingCall extends ServerCall<InferCall, InferReply> {
    boolean cancelled;
    boolean failing;
    int replies;
    int closes;
    @Nullable Status status;

    Status.@Nullable Code code() {
      return status == null ? null : status.getCode();
    }

    @Override
    public void request(int numMessages) {}

    @Override
    public void sendHeaders(Metadata headers) {}

    @Override
    public void sendMessage(InferReply message) {
      if (failing) {
        throw new IllegalStateException("the connection is in a state that it should not be in");
      }
      replies++;
    }

    @Override
    public void close(Status status, Metadata trailers) {
      this.status = status;
      closes++;
    }

    @Override
    public boolean isCancelled() {
      return cancelled;
    }

    @Override
    public MethodDescriptor<InferCall, InferReply> getMethodDescriptor() {
      return GRPCInferenceServiceGrpc.getModelInferMethod().toBuilder(
              new InferMarshallers.Request(1000), new InferMarshallers.Reply())
          .build();
    }
  }
}
