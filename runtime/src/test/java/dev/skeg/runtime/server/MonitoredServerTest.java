package dev.skeg.runtime.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.skeg.monitor.baseline.Baseline;
import dev.skeg.monitor.profile.Bins;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.Profile;
import dev.skeg.monitor.profile.Window;
import dev.skeg.monitor.record.CategoryHash;
import dev.skeg.monitor.record.Centroid;
import dev.skeg.monitor.record.FeatureSpec;
import dev.skeg.monitor.record.FeatureSpec.Kind;
import dev.skeg.runtime.config.MonitorConfig;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.testing.OnnxModels;
import inference.GRPCInferenceServiceGrpc;
import inference.GrpcService.InferParameter;
import inference.GrpcService.ModelInferRequest;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real server whose answered rows become profiles: none is missing and none comes twice. */
final class MonitoredServerTest {
  private static final long HOUR = 3_600_000;
  private static final long START = 400_000 * HOUR;

  @TempDir static Path directory;

  private static final class Closed implements WindowJudge {
    private final Map<String, LinkedBlockingQueue<Profile>> profiles = new ConcurrentHashMap<>();

    private LinkedBlockingQueue<Profile> of(String model) {
      return profiles.computeIfAbsent(model, name -> new LinkedBlockingQueue<>());
    }

    @Override
    public Runnable watch(
        String model,
        long version,
        MonitorConfig config,
        Optional<Baseline> baseline,
        LongSupplier failures,
        Supplier<List<Centroid>> centroids) {
      return () -> {};
    }

    @Override
    public Map<FeatureSpec, Bins> earlierBins(String model, long version) {
      return Map.of();
    }

    @Override
    public void closed(Profile profile) {
      of(profile.key().model()).add(profile);
    }

    Profile next(String model) throws InterruptedException {
      Profile next = of(model).poll(20, TimeUnit.SECONDS);
      assertThat(next).as("a closed window of %s", model).isNotNull();
      return next;
    }
  }

  private static final Closed CLOSED = new Closed();
  private static SkegServer server;
  private static ManagedChannel channel;
  private static GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub grpc;
  private static HttpClient client;

  @BeforeAll
  static void start() throws Exception {
    model("table", OnnxModels.dense(3, 2), "monitor: {features: {names: [a, b, c]}}");
    model(
        "parts",
        OnnxModels.dense(3, 2),
        "monitor: {segment: {parameter: region, values: [eu, us]}}");
    model("half", OnnxModels.dense(3, 2), "monitor: {sample: 0.5}");
    model("live", OnnxModels.dense(3, 2), "monitor: {window: 1s}");
    model("beside", OnnxModels.dense(3, 2), "monitor: {window: 1s}");
    model("off", OnnxModels.dense(3, 2), "monitor: {enabled: false}");
    model("texts", OnnxModels.identity(List.of(DataType.BYTES, DataType.INT64), "batch", 1), "");
    server = SkegServer.start(FreePorts.config(directory), _ -> CLOSED);
    channel = NettyChannelBuilder.forTarget(server.address("grpc")).usePlaintext().build();
    grpc =
        GRPCInferenceServiceGrpc.newBlockingStub(channel).withDeadlineAfter(60, TimeUnit.SECONDS);
    client = HttpClient.newHttpClient();
  }

  @AfterAll
  static void stop() {
    client.close();
    channel.shutdownNow();
    server.stop();
  }

  private static void model(String name, byte[] onnx, String yaml) throws Exception {
    Path version = Files.createDirectories(directory.resolve("models").resolve(name).resolve("1"));
    Files.write(version.resolve("model.onnx"), onnx);
    Files.writeString(version.resolveSibling("model.yaml"), yaml);
  }

  private static void rest(String model, String parameters, float... values) throws Exception {
    int rows = values.length / 3;
    String body =
        "{\"parameters\":{"
            + parameters
            + "},\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":["
            + rows
            + ",3],\"data\":"
            + Arrays.toString(values)
            + "}]}";
    HttpResponse<String> response =
        client.send(
            HttpRequest.newBuilder(
                    URI.create(
                        "http://" + server.address("http") + "/v2/models/" + model + "/infer"))
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
  }

  private static void grpc(String model, String id, long time, float... values) {
    ByteBuffer data = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      data.putFloat(value);
    }
    ModelInferRequest.Builder request =
        ModelInferRequest.newBuilder()
            .setModelName(model)
            .setId(id)
            .addRawInputContents(ByteString.copyFrom(data.flip()));
    if (time >= 0) {
      request.putParameters("event_time", InferParameter.newBuilder().setInt64Param(time).build());
    }
    request
        .addInputsBuilder()
        .setName("x")
        .setDatatype("FP32")
        .addShape(values.length / 3)
        .addShape(3);
    grpc.modelInfer(request.build());
  }

  private static float[] rows(int first, int count) {
    float[] values = new float[3 * count];
    for (int i = 0; i < count; i++) {
      values[3 * i] = first + i;
      values[3 * i + 1] = 0.25f * (first + i);
      values[3 * i + 2] = -(first + i);
    }
    return values;
  }

  private static double[] sorted(FeatureProfile feature) {
    double[] values = feature.reservoir().values();
    Arrays.sort(values);
    return values;
  }

  @Test
  void aClosedWindowHasExactlyTheRowsThatWereSentOverRestAndGrpc() throws Exception {
    List<Double> sent = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      rest("table", "\"event_time\":" + (START + i), rows(10 * i, 1 + i % 3));
      grpc("table", "id " + i, START + 1_000 + i, rows(10 * i + 5, 2));
      for (int row = 0; row < 1 + i % 3; row++) {
        sent.add(10.0 * i + row);
      }
      sent.add(10.0 * i + 5);
      sent.add(10.0 * i + 6);
    }
    grpc("table", "", START + 2_000, rows(5_000, 150)); // More than runs in one batch.
    for (int row = 0; row < 150; row++) {
      sent.add(5_000.0 + row);
    }
    rest("table", "\"event_time\":" + (START + HOUR), rows(7, 1));

    Profile profile = CLOSED.next("table");

    assertThat(profile.window()).isEqualTo(new Window(START, START + HOUR));
    assertThat(profile.rows()).isEqualTo(sent.size());
    assertThat(profile.counts().dropped()).isZero();
    assertThat(profile.counts().late()).isZero();
    assertThat(profile.features())
        .extracting(feature -> feature.spec().name())
        .containsExactly("a", "b", "c", "y[0]", "y[1]");
    double[] expected = sent.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    assertThat(sorted(profile.features().get(0))).isEqualTo(expected);
    assertThat(profile.features().get(1).moments().max()).isEqualTo(0.25 * 5_149);
    assertThat(profile.features().get(2).moments().min()).isEqualTo(-5_149);
    assertThat(profile.outputs().getFirst().moments().count()).isEqualTo(sent.size());

    assertThat(CLOSED.next("table").rows()).isEqualTo(1); // The last one closes by itself.
  }

  @Test
  void declaredSegmentsHaveProfilesOfTheirOwn() throws Exception {
    for (int i = 0; i < 30; i++) {
      String region = i % 3 == 0 ? "eu" : i % 3 == 1 ? "us" : "mars";
      rest("parts", "\"region\":\"" + region + "\",\"event_time\":" + (START + i), rows(i, 1));
    }
    rest("parts", "\"event_time\":" + (START + HOUR), rows(0, 1));

    List<String> found = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Profile profile = CLOSED.next("parts");
      found.add(profile.key().segment() + " " + profile.rows());
    }
    assertThat(found).containsExactly(" 30", "other 10", "eu 10", "us 10");
  }

  @Test
  void aSampleIsOfTheSamePredictionsEveryTime() throws Exception {
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < 200; i++) {
        grpc("half", "id " + i, START + round * HOUR, rows(i, 1));
      }
    }
    grpc("half", "id of a row that is in the sample", START + 2 * HOUR, rows(0, 9));

    Profile first = CLOSED.next("half");
    Profile second = CLOSED.next("half");

    assertThat(first.rows()).isBetween(60L, 140L);
    assertThat(sorted(second.features().getFirst())).isEqualTo(sorted(first.features().getFirst()));
    assertThat(first.counts().represented()).isEqualTo(2.0 * first.rows());
  }

  @Test
  void aRowWithoutATimeCountsWhenItArrives() throws Exception {
    long before = System.currentTimeMillis();
    grpc("live", "", -1, rows(1, 1));
    long after = System.currentTimeMillis();

    Profile profile = CLOSED.next("live");

    assertThat(profile.rows()).isEqualTo(1);
    assertThat(profile.window().lengthMillis()).isEqualTo(1_000);
    assertThat(profile.window().endMillis()).isBetween(before - 5, after + 1_005);
  }

  @Test
  void textsAreCategories() throws Exception {
    ModelInferRequest.Builder request = ModelInferRequest.newBuilder().setModelName("texts");
    request.addInputsBuilder().setName("bytes_in").setDatatype("BYTES").addShape(3).addShape(1);
    request.addInputsBuilder().setName("int64_in").setDatatype("INT64").addShape(3).addShape(1);
    request.addRawInputContents(ByteString.copyFrom(OnnxModels.wireStrings("de", "", "fr")));
    request.addRawInputContents(
        ByteString.copyFrom(
            ByteBuffer.allocate(24)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(7)
                .putLong(8)
                .putLong(9)
                .flip()));
    request.putParameters("event_time", InferParameter.newBuilder().setInt64Param(START).build());
    grpc.modelInfer(request.build());

    Profile profile = CLOSED.next("texts");

    assertThat(profile.rows()).isEqualTo(3);
    FeatureProfile text = profile.features().getFirst();
    assertThat(text.spec().kind()).isEqualTo(Kind.CATEGORICAL);
    assertThat(text.count(0)).isEqualTo(1);
    assertThat(Arrays.stream(text.reservoir().values()).mapToLong(Double::doubleToRawLongBits))
        .containsExactlyInAnyOrder(CategoryHash.of("de"), 0L, CategoryHash.of("fr"));
    FeatureProfile number =
        profile.features().stream()
            .filter(feature -> feature.spec().name().equals("int64_in"))
            .findFirst()
            .orElseThrow();
    assertThat(sorted(number)).containsExactly(7, 8, 9);
  }

  @Test
  void aModelThatIsNotToBeWatchedIsNot() throws Exception {
    grpc("off", "", START, rows(1, 1));
    grpc("beside", "", -1, rows(1, 1));

    assertThat(CLOSED.profiles).doesNotContainKey("off");
  }
}
