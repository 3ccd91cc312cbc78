package dev.skeg.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Starts both limit servers, each answering with what Skeg would: {@code EchoServers GRPC_RESPONSE
 * HTTP_RESPONSE}, the files with the bytes of one answer.
 */
public final class EchoServers {
  private EchoServers() {}

  /** Runs until the process is told to end. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    GrpcEchoServer grpc = new GrpcEchoServer(Files.readAllBytes(Path.of(arguments[0])));
    HttpEchoServer http = new HttpEchoServer(Files.readAllBytes(Path.of(arguments[1])));
    System.out.println(
        "echo ready http=127.0.0.1:" + http.port() + " grpc=127.0.0.1:" + grpc.port());
    Thread.currentThread().join();
  }
}
