package dev.skeg.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;

/**
 * Can a client tell that versions are swapped? Starts a {@link SwapServer}, sends it requests at a
 * constant rate, 5,000 a second or half of its peak, and swaps versions meanwhile: {@code SwapBench
 * grpc|rest MODEL.onnx SWAPS PERIOD_MILLIS WINDOW_MILLIS [BESIDE.onnx]}. Prints one JSON object.
 *
 * <p>Every answer is held against the version that it names. Latencies are pooled over windows
 * centred on the publications, and over as many half-way between two of them. With {@code BESIDE},
 * no version is swapped: that model is loaded beside, again and again, and a window lasts as long
 * as its load.
 */
final class SwapBench {
  private static final int MAX_RATE = 5_000;
  // Until a gRPC client in Java is compiled, and until the path of a swap is.
  private static final Duration WARM_UP = Duration.ofSeconds(12);
  private static final int FIRST_SWAPS = 40;

  private static final Duration PEAK = Duration.ofSeconds(3);
  private static final Duration DRAIN = Duration.ofSeconds(5);

  private final boolean isGrpc;
  private final Path directory = Files.createTempDirectory("skeg-swap-models");
  private final ModelVariants variants;
  private final Process server;
  private final Writer commands;
  private final BufferedReader answers;
  private final String grpc;
  private final String http;
  private long published;

  private SwapBench(boolean isGrpc, Path model) throws IOException {
    this.isGrpc = isGrpc;
    this.variants = new ModelVariants(Files.readAllBytes(model));
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    // A heap that does not grow, so that what grows is something else.
    command.addAll(List.of("-Xms192m", "-Xmx192m", "-XX:+AlwaysPreTouch"));
    command.addAll(
        List.of("-cp", System.getProperty("java.class.path"), SwapServer.class.getName()));
    this.server =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    this.commands = new OutputStreamWriter(server.getOutputStream(), StandardCharsets.UTF_8);
    this.answers =
        new BufferedReader(new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8));
    Matcher ready =
        Pattern.compile("swap ready grpc=(\\S+) http=(\\S+)").matcher(String.valueOf(answer()));
    if (!ready.matches()) {
      throw new IOException("the server did not start");
    }
    this.grpc = ready.group(1);
    this.http = ready.group(2);
  }

  public static void main(String[] arguments) throws Exception {
    if (arguments.length < 5 || arguments.length > 6) {
      System.err.println(
          "usage: SwapBench grpc|rest MODEL.onnx SWAPS PERIOD_MILLIS WINDOW_MILLIS [BESIDE.onnx]");
      System.exit(2);
    }
    SwapBench bench = new SwapBench(arguments[0].equals("grpc"), Path.of(arguments[1]));
    EventLoopGroup loops = Sockets.eventLoop();
    try {
      Map<String, Object> result =
          bench.run(
              loops.next(),
              Integer.parseInt(arguments[2]),
              TimeUnit.MILLISECONDS.toNanos(Long.parseLong(arguments[3])),
              TimeUnit.MILLISECONDS.toNanos(Long.parseLong(arguments[4])),
              arguments.length > 5 ? arguments[5] : "");
      System.out.println(new ObjectMapper().writeValueAsString(result));
    } finally {
      bench.server.destroy();
      bench.remove();
      loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }
  }

  /** Returns the next line of the server that is not a log line. */
  private String answer() throws IOException {
    String line = answers.readLine();
    while (line != null && line.startsWith("{")) {
      line = answers.readLine();
    }
    if (line == null) {
      throw new IOException("the server has ended");
    }
    return line;
  }

  /** Has the server do something; returns the monotonic time at which it was done. */
  private long tell(String command) throws IOException {
    commands.write(command + "\n");
    commands.flush();
    return Long.parseLong(answer());
  }

  /** Before anything is measured: this program takes processor time from the server. */
  private void write(int versions) throws IOException {
    for (long number = 1; number <= versions; number++) {
      Path version = Files.createDirectory(directory.resolve(Long.toString(number)));
      Files.write(version.resolve("model.onnx"), variants.version(number));
    }
  }

  private void remove() throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private long swap(long number) throws IOException {
    long nanos = tell("swap loan " + number + " " + directory.resolve(number + "/model.onnx"));
    published = number;
    return nanos;
  }

  private Map<String, Object> run(
      EventLoop loop, int swaps, long periodNanos, long windowNanos, String beside)
      throws Exception {
    int first = beside.isEmpty() ? FIRST_SWAPS : 1;
    write(beside.isEmpty() ? first + swaps : first);
    swap(1); // Whose answers the others' are held against.
    try (LoadTarget target = new CheckedTarget(target(loop), isGrpc)) {
      double peak =
          measured(new LoadRun(target, loop, 64, 0, Duration.ZERO, DRAIN), WARM_UP, PEAK)
              .throughput();
      double rate = Math.min(MAX_RATE, peak / 2);
      while (published < first) {
        swap(published + 1);
      }
      SwapSamples samples = new SwapSamples();
      Duration settled = Duration.ofSeconds(2);
      Duration duration = Duration.ofNanos(periodNanos * swaps).plusSeconds(1);
      CompletableFuture<LoadResult> done =
          new LoadRun(target, loop, 0, rate, Duration.ZERO, DRAIN)
              .onAnswered(samples)
              .start(settled, duration);
      List<Long> resident =
          change(
              System.nanoTime() + settled.toNanos(),
              swaps,
              periodNanos,
              windowNanos,
              beside,
              samples);
      LoadResult result =
          done.get(duration.plus(settled).plusSeconds(30).toMillis(), TimeUnit.MILLISECONDS);
      Histogram with = samples.with();
      Histogram without = samples.without();
      return Map.of(
          "swaps", swaps,
          "published", published,
          "rate", rate,
          "peak", peak,
          "answered", result.latency().getTotalCount(),
          "errors", result.errors(),
          "with_us", percentiles(with),
          "without_us", percentiles(without),
          "rss_kib", resident);
    }
  }

  /** Swaps, or loads beside, once a period; returns the resident memory after each. */
  private List<Long> change(
      long startNanos,
      int swaps,
      long periodNanos,
      long windowNanos,
      String beside,
      SwapSamples samples)
      throws IOException {
    List<Long> resident = new ArrayList<>();
    for (int i = 0; i < swaps; i++) {
      long due = startNanos + i * periodNanos + periodNanos / 4;
      for (long wait = due - System.nanoTime(); wait > 0; wait = due - System.nanoTime()) {
        LockSupport.parkNanos(wait);
      }
      SwapSamples.Window window;
      if (beside.isEmpty()) {
        long at = swap(published + 1);
        window = new SwapSamples.Window(at - windowNanos / 2, at + windowNanos / 2);
      } else {
        long began = System.nanoTime();
        window = new SwapSamples.Window(began, tell("swap beside 1 " + beside));
        tell("forget beside");
      }
      long later = periodNanos / 2;
      samples.add(
          window, new SwapSamples.Window(window.startNanos() + later, window.endNanos() + later));
      resident.add(residentKib());
    }
    return resident;
  }

  private long residentKib() throws IOException {
    Matcher found =
        Pattern.compile("VmRSS:\\s+(\\d+)")
            .matcher(Files.readString(Path.of("/proc/" + server.pid() + "/status")));
    if (!found.find()) {
      throw new IOException("no VmRSS in /proc");
    }
    return Long.parseLong(found.group(1));
  }

  private static Map<String, Object> percentiles(Histogram histogram) {
    return Map.of(
        "count", histogram.getTotalCount(),
        "p50", histogram.getValueAtPercentile(50) / 1e3,
        "p99", histogram.getValueAtPercentile(99) / 1e3,
        "p999", histogram.getValueAtPercentile(99.9) / 1e3,
        "max", histogram.getMaxValue() / 1e3);
  }

  private static LoadResult measured(LoadRun run, Duration warmUp, Duration duration)
      throws Exception {
    return run.start(warmUp, duration)
        .get(warmUp.plus(duration).plus(DRAIN).plusSeconds(30).toMillis(), TimeUnit.MILLISECONDS);
  }

  private LoadTarget target(EventLoop loop) throws Exception {
    var inputs = BenchRequest.describe(loop, http, "loan");
    var tensors = BenchRequest.tensors(inputs, 1, Map.of(), 1);
    return isGrpc
        ? new GrpcTarget(loop, grpc, 4, 64, BenchRequest.grpc("loan", tensors), Duration.ZERO)
        : new RestTarget(loop, http, 64, BenchRequest.restBinary("loan", tensors), "");
  }
}
