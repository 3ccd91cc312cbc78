package dev.skeg.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.model.TensorSpec;
import io.grpc.ManagedChannel;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.Console;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
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
      "  ./skeg bench --protocol grpc --url 127.0.0.1:8001 --model loan --rate 20000 --duration 20s",
      "",
      "At a constant rate latency counts from the moment a request was meant to be sent, so that a"
          + " server that stalls cannot hide it. \"late\" counts requests that this generator sent"
          + " more than 1 ms after that, because it or all its connections were busy."
    })
final class Bench implements Callable<Integer> {
  private static final List<Double> PERCENTILES = List.of(50.0, 90.0, 99.0, 99.9);
  private static final Duration STOP_AFTER = Duration.ofSeconds(30);

  /** How requests travel. */
  enum Protocol {
    GRPC,
    REST,
    REST_JSON
  }

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
      description = "Connections. Default: 4 for grpc, else as many as requests in flight, or 64")
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

  @Option(names = "--seed", defaultValue = "1", description = "Of the made-up data. Default: 1")
  private long seed;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @CommandLine.Spec private CommandLine.Model.@Nullable CommandSpec spec;

  private final PrintStream out = System.out;

  public static void main(String[] arguments) {
    System.exit(
        new CommandLine(new Bench())
            .setExecutionExceptionHandler(Bench::failed)
            .execute(arguments));
  }

  private static int failed(Exception e, CommandLine command, CommandLine.ParseResult parsed) {
    Throwable cause = e instanceof ExecutionException && e.getCause() != null ? e.getCause() : e;
    String message = cause.getMessage() == null ? cause.toString() : cause.getMessage();
    command.getErr().println("skeg bench: " + message);
    return 1;
  }

  @Override
  public Integer call() throws Exception {
    Protocol protocol =
        switch (protocolName) {
          case "grpc" -> Protocol.GRPC;
          case "rest", "rest-binary" -> Protocol.REST;
          case "rest-json" -> Protocol.REST_JSON;
          default ->
              throw usage("--protocol: " + protocolName + " (expected: grpc, rest or rest-json)");
        };
    if (!concurrency.isEmpty() && !rates.isEmpty()) {
      throw usage("--concurrency and --rate (expected: one of them)");
    }
    if (rows < 1
        || concurrency.stream().anyMatch(each -> each < 1)
        || rates.stream().anyMatch(each -> !(each > 0))) {
      throw usage("--rows, --concurrency, --rate (expected: more than 0)");
    }
    List<Integer> steps = concurrency.isEmpty() && rates.isEmpty() ? List.of(1) : concurrency;
    String address = url.isEmpty() ? "127.0.0.1:" + (protocol == Protocol.GRPC ? 8001 : 8000) : url;
    List<LoadResult> results = new ArrayList<>();
    try (EventLoopGroup loops =
        new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("bench", true), EpollIoHandler.newFactory())) {
      BenchRequest request = request(protocol, address, loops);
      for (int each : steps) {
        results.add(measure(protocol, address, loops, request, each, 0));
      }
      for (double each : rates) {
        results.add(measure(protocol, address, loops, request, 0, each));
      }
    }
    print(results);
    return results.stream().allMatch(result -> result.throughput() > 0) ? 0 : 1;
  }

  private ParameterException usage(String message) {
    CommandLine.Model.CommandSpec known = Objects.requireNonNull(spec); // Set before call().
    return new ParameterException(known.commandLine(), message);
  }

  private Duration time(String option, String text) {
    String number = text.replaceFirst("(us|ms|s|m)$", "");
    try {
      long value = Long.parseLong(number);
      return switch (text.substring(number.length())) {
        case "us" -> Duration.of(value, java.time.temporal.ChronoUnit.MICROS);
        case "ms" -> Duration.ofMillis(value);
        case "s" -> Duration.ofSeconds(value);
        case "m" -> Duration.ofMinutes(value);
        default -> throw usage(option + ": " + text + " (expected: as 10s or 250ms)");
      };
    } catch (NumberFormatException e) {
      throw usage(option + ": " + text + " (expected: as 10s or 250ms)");
    }
  }

  private BenchRequest request(Protocol protocol, String address, EventLoopGroup loops)
      throws Exception {
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
      ManagedChannel channel = GrpcTarget.channel(loops, address);
      try {
        List<Tensor> tensors =
            BenchRequest.tensors(BenchRequest.describe(channel, model), rows, given, seed);
        return request(protocol, tensors);
      } finally {
        GrpcTarget.close(channel);
      }
    }
    if (address.startsWith("unix:")) {
      throw usage("--url: a socket over REST needs --input for each input");
    }
    List<Tensor> tensors =
        BenchRequest.tensors(BenchRequest.describe(address, model), rows, given, seed);
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
      Protocol protocol,
      String address,
      EventLoopGroup loops,
      BenchRequest request,
      int inFlight,
      double rate)
      throws Exception {
    Duration deadline = time("--timeout", timeout);
    EventLoop loop = loops.next();
    try (LoadTarget target = target(protocol, address, loops, request, inFlight, deadline)) {
      LoadRun run = new LoadRun(target, loop, inFlight, rate, deadline);
      Duration measured = time("--duration", duration);
      Duration warming = time("--warm-up", warmUp);
      CompletableFuture<LoadResult> done = run.start(warming, measured);
      long giveUp = System.nanoTime() + warming.plus(measured).plus(STOP_AFTER).toNanos();
      String what =
          inFlight > 0 ? inFlight + " in flight" : String.format(Locale.ROOT, "%.0f/s", rate);
      while (System.nanoTime() < giveUp) {
        try {
          LoadResult result = done.get(1, TimeUnit.SECONDS);
          clearProgress();
          return result;
        } catch (TimeoutException running) {
          showProgress(what, done.isDone() ? new Histogram(3) : run.progress());
        }
      }
      throw new IllegalStateException(
          "the server did not answer for " + STOP_AFTER.toSeconds() + " s");
    }
  }

  private LoadTarget target(
      Protocol protocol,
      String address,
      EventLoopGroup loops,
      BenchRequest request,
      int inFlight,
      Duration deadline) {
    if (protocol == Protocol.GRPC) {
      int count = connections > 0 ? connections : 4;
      int each = inFlight > 0 ? (inFlight + count - 1) / count : 10_000;
      return new GrpcTarget(loops, address, count, each, request, deadline);
    }
    int count = connections > 0 ? connections : inFlight > 0 ? inFlight : 64;
    String header =
        deadline.isZero() ? "" : "X-Request-Timeout: " + deadline.toNanos() / 1_000 + "us\r\n";
    return new RestTarget(loops, address, count, request, header);
  }

  @SuppressWarnings("SystemConsoleNull") // The null checker does not know that it is none.
  private static boolean isTerminal() {
    Console console = System.console();
    return console != null && console.isTerminal();
  }

  private void showProgress(String what, Histogram second) {
    if (isTerminal() && !json) {
      System.err.printf(
          Locale.ROOT,
          "\r%s: %,d/s  p50 %.0f us  p99 %.0f us      ",
          what,
          second.getTotalCount(),
          second.getValueAtPercentile(50) / 1e3,
          second.getValueAtPercentile(99) / 1e3);
    }
  }

  private void clearProgress() {
    if (isTerminal() && !json) {
      System.err.print("\r" + " ".repeat(70) + "\r");
    }
  }

  private void print(List<LoadResult> results) throws Exception {
    if (json) {
      printJson(results);
      return;
    }
    out.printf(
        Locale.ROOT,
        "%12s %12s %12s %10s %10s %10s %10s %10s %8s %8s%n",
        "load",
        "answers/s",
        "goodput/s",
        "p50 us",
        "p90 us",
        "p99 us",
        "p99.9 us",
        "max us",
        "errors",
        "late");
    for (LoadResult result : results) {
      out.printf(
          Locale.ROOT,
          "%12s %12.0f %12.0f %10.0f %10.0f %10.0f %10.0f %10.0f %8d %8d%n",
          result.concurrency() > 0
              ? result.concurrency() + " open"
              : String.format(Locale.ROOT, "%.0f/s", result.rate()),
          result.throughput(),
          result.goodput(),
          result.micros(50),
          result.micros(90),
          result.micros(99),
          result.micros(99.9),
          result.micros(100),
          result.errorCount(),
          result.late());
    }
    for (LoadResult result : results) {
      result.errors().forEach((kind, count) -> out.println(count + " × " + kind));
    }
  }

  private void printJson(List<LoadResult> results) throws Exception {
    ObjectMapper mapper = new ObjectMapper();
    ArrayNode all = mapper.createArrayNode();
    for (LoadResult result : results) {
      ObjectNode node = all.addObject();
      node.put("concurrency", result.concurrency());
      node.put("rate", result.rate());
      node.put("throughput", result.throughput());
      node.put("goodput", result.goodput());
      ObjectNode latency = node.putObject("latency_us");
      for (double percentile : PERCENTILES) {
        latency.put(
            "p" + (percentile % 1 == 0 ? "" + (int) percentile : "" + percentile),
            result.micros(percentile));
      }
      latency.put("max", result.micros(100));
      node.put("late", result.late());
      ObjectNode errors = node.putObject("errors");
      result.errors().forEach(errors::put);
    }
    out.println(mapper.writerWithDefaultPrettyPrinter().writeValueAsString(all));
  }
}
