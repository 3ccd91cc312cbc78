package dev.skeg.benchmarks;

import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.model.TensorSpec;
import io.grpc.ManagedChannel;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.netty.util.internal.logging.JdkLoggerFactory;
import java.io.Console;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code ./skeg bench}: loads a server and says how it took it. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description =
        "Loads any server that speaks the Open Inference Protocol and prints how it took it:"
            + " with a number of requests in flight, or at a constant rate of arrivals.",
    footer = {
      "",
      "Examples:",
      "  ./skeg bench --model loan --concurrency 1,4,16",
      "  ./skeg bench --protocol grpc --url 127.0.0.1:8001 --model loan --rate 20000 --duration"
          + " 20s",
      "",
      "At a constant rate latency counts from the moment a request was meant to be sent, so that a"
          + " server that stalls cannot hide it. \"late\" counts requests that this generator sent"
          + " more than 1 ms after that, because it or all its connections were busy.",
      "",
      "Exit codes: 0 if every measurement had answers, errors among them or not; 1 if one had none,"
          + " or the server was gone at the end; 2 for a wrong option."
    })
final class Bench implements Callable<Integer> {
  private static final Logger LIBRARIES = Logger.getLogger("io");
  private static final Duration DRAIN = Duration.ofSeconds(10);
  private static final Duration STOP_AFTER = DRAIN.plusSeconds(20);
  private static final int MAX_CONNECTIONS = 10_000;
  private static final Duration MAX_TICK = Duration.ofMillis(100);

  /**
   * Calls on a gRPC connection at a constant rate, at most; what waits for one counts from when it
   * was meant to be sent. With thousands of them the generator would spend its time on moving them
   * about in memory, and one that has fallen behind would not get out of that.
   */
  private static final int GRPC_CALLS = 256;

  /** How requests travel. */
  enum Protocol {
    GRPC,
    REST,
    REST_JSON
  }

  /** One measurement to make; a concurrency or a rate. */
  private record Load(
      int concurrency, double rate, Duration warmUp, Duration duration, Duration deadline) {}

  @Option(
      names = "--protocol",
      defaultValue = "rest",
      paramLabel = "grpc|rest|rest-json",
      description = "rest sends binary tensors, rest-json numbers. Default: ${DEFAULT-VALUE}")
  private String protocolName = "";

  @Option(
      names = "--url",
      paramLabel = "HOST:PORT|unix:PATH",
      description = "Default: 127.0.0.1:8000, or :8001 for grpc")
  private String url = "";

  @Option(names = "--model", required = true, paramLabel = "NAME", description = "The model.")
  private String model = "";

  @Option(names = "--rows", defaultValue = "1", description = "Rows a request. Default: 1")
  private int rows;

  @Option(
      names = "--shape",
      paramLabel = "INPUT:N,N…",
      description = "An input's whole shape, where the model leaves it open.")
  private List<String> shapes = new ArrayList<>();

  @Option(
      names = "--input",
      paramLabel = "NAME:TYPE:N,N…",
      description =
          "An input with its type and whole shape, as ids:INT64:1,16; instead of asking the server"
              + " what the model takes.")
  private List<String> inputs = new ArrayList<>();

  @Option(
      names = "--concurrency",
      split = ",",
      paramLabel = "N",
      description = "Requests in flight, one measurement each. Default: 1")
  private List<Integer> concurrency = new ArrayList<>();

  @Option(
      names = "--rate",
      split = ",",
      paramLabel = "PER-SECOND",
      description = "Arrivals a second instead, one measurement each.")
  private List<Double> rates = new ArrayList<>();

  @Option(
      names = "--connections",
      description =
          "Connections. Default: 4 for grpc, else as many as requests in flight, or 64."
              + " At a rate, a gRPC connection has at most 256 requests in flight.")
  private int connections;

  @Option(names = "--duration", defaultValue = "10s", description = "Of each. Default: 10s")
  private String duration = "";

  @Option(names = "--warm-up", defaultValue = "2s", description = "Before each. Default: 2s")
  private String warmUp = "";

  @Option(
      names = "--timeout",
      defaultValue = "0s",
      description = "Sent with each request; later answers are no goodput.")
  private String timeout = "";

  @Option(
      names = "--tick",
      defaultValue = "0s",
      description =
          "How often to read and send; 1ms leaves more of the processors to a server on the same"
              + " machine, and what it delays counts as latency. Default: at once, at a rate every"
              + " 0.1 ms")
  private String tick = "";

  @Option(names = "--seed", defaultValue = "1", description = "Of the made-up data. Default: 1")
  private long seed;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @CommandLine.Spec private CommandLine.Model.@Nullable CommandSpec spec;

  public static void main(String[] arguments) {
    // What Netty and gRPC have to say is said once, in the results.
    InternalLoggerFactory.setDefaultFactory(JdkLoggerFactory.INSTANCE);
    LIBRARIES.setLevel(Level.OFF);
    System.exit(commandLine().execute(arguments));
  }

  static CommandLine commandLine() {
    return new CommandLine(new Bench()).setExecutionExceptionHandler(Bench::failed);
  }

  private static int failed(Exception e, CommandLine command, CommandLine.ParseResult parsed) {
    command.getErr().println("skeg bench: " + BenchErrors.text(e));
    return 1;
  }

  @Override
  public Integer call() throws Exception {
    Protocol protocol = protocol();
    check(protocol);
    Duration warming = time("--warm-up", warmUp, 0);
    Duration measured = time("--duration", duration, 1);
    Duration deadline = time("--timeout", timeout, 0);
    Duration ticking = time("--tick", tick, 0);
    if (ticking.compareTo(MAX_TICK) > 0) {
      throw usage("--tick: " + tick + " (expected: up to 100ms)");
    }
    List<Integer> steps = concurrency.isEmpty() && rates.isEmpty() ? List.of(1) : concurrency;
    String address = url.isEmpty() ? "127.0.0.1:" + (protocol == Protocol.GRPC ? 8001 : 8000) : url;
    List<LoadResult> results = new ArrayList<>();
    EventLoopGroup loops = Sockets.eventLoop(ticking);
    try {
      EventLoop loop = loops.next();
      Sockets.check(loop, address);
      BenchRequest request = request(protocol, address, loop);
      List<Load> loads = new ArrayList<>();
      steps.forEach(each -> loads.add(new Load(each, 0, warming, measured, deadline)));
      rates.forEach(each -> loads.add(new Load(0, each, warming, measured, deadline)));
      for (Load load : loads) {
        LoadResult result = measure(protocol, address, loop, request, load);
        results.add(result);
        if (!result.lost().isEmpty()) {
          break; // Nobody is there to be measured any more.
        }
      }
    } finally {
      loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }
    CommandLine command = known().commandLine();
    PrintWriter out = command.getOut();
    out.print(json ? LoadTable.json(results) + "\n" : LoadTable.text(results));
    out.flush();
    for (LoadResult result : results) {
      if (!result.lost().isEmpty()) {
        command.getErr().println("skeg bench: the server was gone at the end: " + result.lost());
      }
    }
    return results.stream().allMatch(LoadResult::isWhole) ? 0 : 1;
  }

  private Protocol protocol() {
    return switch (protocolName) {
      case "grpc" -> Protocol.GRPC;
      case "rest", "rest-binary" -> Protocol.REST;
      case "rest-json" -> Protocol.REST_JSON;
      default ->
          throw usage("--protocol: " + protocolName + " (expected: grpc, rest or rest-json)");
    };
  }

  private void check(Protocol protocol) {
    if (!concurrency.isEmpty() && !rates.isEmpty()) {
      throw usage("--concurrency and --rate (expected: one of them)");
    }
    if (rows < 1) {
      throw usage("--rows: " + rows + " (expected: 1 or more)");
    }
    if (connections < 0 || connections > MAX_CONNECTIONS) {
      throw usage("--connections: " + connections + " (expected: 1 to " + MAX_CONNECTIONS + ")");
    }
    for (int each : concurrency) {
      if (each < 1 || each > MAX_CONNECTIONS) {
        throw usage("--concurrency: " + each + " (expected: 1 to " + MAX_CONNECTIONS + ")");
      }
      if (protocol != Protocol.GRPC && connections > 0 && connections < each) {
        throw usage(
            "--connections: "
                + connections
                + " (expected: "
                + each
                + " or more, as over REST each carries one request at a time)");
      }
    }
    for (double each : rates) {
      if (!(each > 0 && each <= 1e7)) {
        throw usage("--rate: " + each + " (expected: more than 0, to 10000000)");
      }
    }
    if (!url.isEmpty()) {
      try {
        Sockets.address(url);
      } catch (IllegalArgumentException e) {
        throw usage(BenchErrors.text(e));
      }
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(known().commandLine(), message);
  }

  private CommandLine.Model.CommandSpec known() {
    return Objects.requireNonNull(spec); // Set before call().
  }

  private Duration time(String option, String text, long leastNanos) {
    String number = text.replaceFirst("(us|ms|s|m)$", "");
    String expected =
        option + ": " + text + " (expected: " + (leastNanos > 0 ? "" : "0s or ") + "as 10s, 250ms)";
    try {
      long value = Long.parseLong(number);
      Duration time =
          switch (text.substring(number.length())) {
            case "us" -> Duration.of(value, ChronoUnit.MICROS);
            case "ms" -> Duration.ofMillis(value);
            case "s" -> Duration.ofSeconds(value);
            case "m" -> Duration.ofMinutes(value);
            default -> throw usage(expected);
          };
      if (time.toNanos() < leastNanos || time.compareTo(Duration.ofDays(1)) > 0) {
        throw usage(expected);
      }
      return time;
    } catch (ArithmeticException | NumberFormatException e) {
      throw usage(expected);
    }
  }

  private BenchRequest request(Protocol protocol, String address, EventLoop loop) throws Exception {
    Map<String, Shape> given = new HashMap<>();
    for (String text : shapes) {
      int colon = text.lastIndexOf(':');
      try {
        long[] dims =
            Arrays.stream(text.substring(colon + 1).split(",", -1))
                .mapToLong(Long::parseLong)
                .toArray();
        given.put(text.substring(0, colon), Shape.of(dims));
      } catch (RuntimeException e) {
        throw usage("--shape: " + text + " (expected: as ids:1,16)");
      }
    }
    if (!inputs.isEmpty()) {
      List<Tensor> tensors =
          BenchRequest.tensors(
              inputs.stream().map(this::declaredInput).toList(), rows, Map.of(), seed);
      return request(protocol, tensors);
    }
    if (protocol == Protocol.GRPC) {
      ManagedChannel channel = GrpcTarget.channel(loop, address);
      try {
        List<Tensor> tensors =
            BenchRequest.tensors(BenchRequest.describe(channel, model), rows, given, seed);
        return request(protocol, tensors);
      } finally {
        GrpcTarget.close(channel);
      }
    }
    List<Tensor> tensors =
        BenchRequest.tensors(BenchRequest.describe(loop, address, model), rows, given, seed);
    return request(protocol, tensors);
  }

  private BenchRequest request(Protocol protocol, List<Tensor> tensors) throws IOException {
    return switch (protocol) {
      case GRPC -> BenchRequest.grpc(model, tensors);
      case REST -> BenchRequest.restBinary(model, tensors);
      case REST_JSON -> BenchRequest.restJson(model, tensors);
    };
  }

  private TensorSpec declaredInput(String text) {
    String[] parts = text.split(":", -1);
    try {
      long[] dims = Arrays.stream(parts[2].split(",", -1)).mapToLong(Long::parseLong).toArray();
      return new TensorSpec(parts[0], DataType.of(parts[1]).orElseThrow(), Shape.of(dims), false);
    } catch (RuntimeException e) {
      throw usage("--input: " + text + " (expected: as ids:INT64:1,16)");
    }
  }

  private LoadResult measure(
      Protocol protocol, String address, EventLoop loop, BenchRequest request, Load load)
      throws Exception {
    try (LoadTarget target = target(protocol, address, loop, request, load)) {
      LoadRun run =
          new LoadRun(target, loop, load.concurrency(), load.rate(), load.deadline(), DRAIN);
      CompletableFuture<LoadResult> done = run.start(load.warmUp(), load.duration());
      long began = System.nanoTime();
      Duration limit = load.warmUp().plus(load.duration()).plus(STOP_AFTER);
      while (System.nanoTime() - began < limit.toNanos()) {
        try {
          LoadResult result = done.get(1, TimeUnit.SECONDS);
          clearProgress();
          return result;
        } catch (TimeoutException running) {
          Duration soFar = Duration.ofNanos(System.nanoTime() - began);
          showProgress(load, soFar.minus(load.warmUp()), run.progress());
        }
      }
      throw new IllegalStateException("the measurement did not end: a defect of this program");
    }
  }

  private LoadTarget target(
      Protocol protocol, String address, EventLoop loop, BenchRequest request, Load load)
      throws IOException {
    int inFlight = load.concurrency();
    if (protocol == Protocol.GRPC) {
      int count = connections > 0 ? connections : 4;
      int each = inFlight > 0 ? (inFlight + count - 1) / count : GRPC_CALLS;
      return new GrpcTarget(loop, address, count, each, request, load.deadline());
    }
    int count = connections > 0 ? connections : inFlight > 0 ? inFlight : 64;
    String header =
        load.deadline().isZero()
            ? ""
            : "X-Request-Timeout: " + load.deadline().toNanos() / 1_000 + "us\r\n";
    return new RestTarget(loop, address, count, request, header);
  }

  @SuppressWarnings("SystemConsoleNull") // The null checker does not know that it is none.
  private static boolean isTerminal() {
    Console console = System.console();
    return console != null && console.isTerminal();
  }

  private void showProgress(Load load, Duration measured, Histogram second) {
    if (isTerminal() && !json) {
      System.err.printf(
          Locale.ROOT,
          "\r%s, %s: %,d/s  p50 %,.0f us  p99 %,.0f us\u001b[K",
          LoadTable.load(load.concurrency(), load.rate()),
          measured.isNegative()
              ? "warming up"
              : Math.min(measured.toSeconds(), load.duration().toSeconds())
                  + " of "
                  + load.duration().toSeconds()
                  + " s",
          second.getTotalCount(),
          second.getValueAtPercentile(50) / 1e3,
          second.getValueAtPercentile(99) / 1e3);
    }
  }

  private void clearProgress() {
    if (isTerminal() && !json) {
      System.err.print("\r\u001b[K");
    }
  }
}
