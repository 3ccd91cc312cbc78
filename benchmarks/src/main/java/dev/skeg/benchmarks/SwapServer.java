package dev.skeg.benchmarks;

import dev.skeg.runtime.backend.onnx.OnnxRuntimeBackend;
import dev.skeg.runtime.config.CpuBudget;
import dev.skeg.runtime.config.Lanes;
import dev.skeg.runtime.config.SwapPolicy;
import dev.skeg.runtime.config.VersionsConfig;
import dev.skeg.runtime.control.ModelControl;
import dev.skeg.runtime.control.ModelPlan;
import dev.skeg.runtime.control.VersionPlan;
import dev.skeg.runtime.endpoint.EndpointTable;
import dev.skeg.runtime.endpoint.ModelRepository;
import dev.skeg.runtime.endpoint.ServerIdentity;
import dev.skeg.runtime.endpoint.ServerState;
import dev.skeg.runtime.grpc.GrpcConfig;
import dev.skeg.runtime.grpc.GrpcServer;
import dev.skeg.runtime.http.HttpConfig;
import dev.skeg.runtime.http.HttpServer;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.servable.LoadRequest;
import dev.skeg.runtime.servable.Loader;
import dev.skeg.runtime.telemetry.InferenceMetrics;
import inference.ModelConfigOuterClass.ModelConfig;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;

/**
 * The server's request path and model control, told what to serve on its standard input, one
 * command a line; each is answered by a line with the monotonic time at which it was done:
 *
 * <pre>
 * swap MODEL VERSION FILE    make that version the one that is served; previous ones are not kept
 * forget MODEL               take the model out, and wait until its memory is free
 * </pre>
 */
final class SwapServer {
  private static final String HOST = "127.0.0.1";
  private static final VersionsConfig KEEP_NONE = new VersionsConfig(SwapPolicy.LOAD_FIRST, 0);

  private SwapServer() {}

  public static void main(String[] arguments) throws Exception {
    InferenceMetrics metrics = new InferenceMetrics();
    EndpointTable endpoints = new EndpointTable(metrics);
    ServerIdentity identity = new ServerIdentity("swap", "benchmark", List.of());
    ServerState state = new ServerState();
    GrpcServer grpc =
        new GrpcServer(GrpcConfig.of(HOST, 0), identity, endpoints, ModelRepository.NONE, state);
    HttpServer http =
        new HttpServer(HttpConfig.of(HOST, 0), identity, endpoints, ModelRepository.NONE, state);
    Path unpacked = Path.of(System.getProperty("java.io.tmpdir"), "skeg-native");
    try (OnnxRuntimeBackend backend = new OnnxRuntimeBackend(unpacked);
        ModelControl control =
            new ModelControl(new Loader(backend), endpoints, metrics, Clock.systemUTC())) {
      control.started();
      state.advance(ServerState.Phase.READY);
      System.out.printf(
          "swap ready grpc=%s:%d http=%s:%d%n", HOST, grpc.start(), HOST, http.start());
      BufferedReader commands =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      for (String line = commands.readLine(); line != null; line = commands.readLine()) {
        carryOut(control, line.split(" ", 4));
        System.out.println(System.nanoTime());
      }
      grpc.stop(Duration.ofSeconds(1));
      http.stop(Duration.ofSeconds(1));
    }
  }

  private static void carryOut(ModelControl control, String[] command) throws Exception {
    switch (command[0]) {
      case "swap" -> {
        long number = Long.parseLong(command[2]);
        LoadRequest request =
            new LoadRequest(
                new ModelVersion(command[1], number),
                Path.of(command[3]),
                ModelConfig.getDefaultInstance(),
                false,
                1);
        VersionPlan version =
            new VersionPlan.Load(
                Long.toString(number),
                request,
                Lanes.AUTO.resolve(CpuBudget.ofThisProcess(), 1),
                1024);
        var endpoint =
            control.apply(new ModelPlan(command[1], List.of(version), "", KEEP_NONE, false)).get();
        if (endpoint.versions().stream()
            .noneMatch(each -> each.version().number() == number && each.ready() != null)) {
          throw new IllegalStateException("not loaded: " + endpoint);
        }
      }
      case "forget" -> control.forget(command[1]).get();
      default -> throw new IllegalArgumentException("command: " + command[0]);
    }
  }
}
