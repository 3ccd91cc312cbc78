package dev.skeg.runtime.grpc;

import io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.InternalProtocolNegotiator;
import io.grpc.netty.InternalProtocolNegotiators;
import io.netty.channel.ChannelHandler;
import io.netty.util.AsciiString;

/**
 * Puts an {@link InferConnection} in front of gRPC-Java on every new connection, where gRPC-Java
 * lets a protocol be negotiated. <b>Threads.</b> Any.
 */
final class InferNegotiator implements InternalProtocolNegotiator.ProtocolNegotiator {
  private final InternalProtocolNegotiator.ProtocolNegotiator plaintext =
      InternalProtocolNegotiators.serverPlaintext();
  private final InferLoops loops;

  InferNegotiator(InferLoops loops) {
    this.loops = loops;
  }

  @Override
  public AsciiString scheme() {
    return plaintext.scheme();
  }

  @Override
  public ChannelHandler newHandler(GrpcHttp2ConnectionHandler grpc) {
    InferConnection.addTo(grpc, loops);
    return plaintext.newHandler(grpc);
  }

  @Override
  public void close() {
    plaintext.close();
  }
}
