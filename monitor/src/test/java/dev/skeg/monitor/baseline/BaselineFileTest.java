package dev.skeg.monitor.baseline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skeg.monitor.profile.CategoryBins;
import dev.skeg.monitor.profile.NumericBins;
import dev.skeg.monitor.profile.Window;
import dev.skeg.monitor.record.Centroid;
import dev.skeg.monitor.record.FeatureSpec.Role;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BaselineFileTest {
  private static final String COMMITTED = "baseline-1.json";

  @TempDir Path directory;

  private static byte[] committed() {
    try (InputStream in = BaselineFileTest.class.getResourceAsStream(COMMITTED)) {
      return Objects.requireNonNull(in).readAllBytes();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Builds what the committed file has: numbers, categories with a tail, an output, times. */
  private Baseline build() throws IOException {
    Random random = new Random(20_261_126);
    StringBuilder csv = new StringBuilder("amount,city,timestamp,score\n");
    for (int i = 0; i < 3000; i++) {
      csv.append(
          i % 20 == 0 ? "" : i % 11 == 0 ? "inf" : String.valueOf(random.nextInt(900) / 4.0));
      csv.append(",c").append((int) (200 * random.nextDouble() * random.nextDouble())).append(',');
      csv.append(1_767_571_200L + random.nextInt(30 * 3600)).append(',');
      csv.append(random.nextInt(1000) / 1000.0).append('\n');
    }
    Path file = Files.writeString(directory.resolve("t.csv"), csv);
    BaselineOptions standard = BaselineOptions.standard();
    BaselineOptions options =
        new BaselineOptions(
            standard.table(),
            standard.timestamp(),
            List.of(),
            List.of("score"),
            standard.label(),
            standard.categorical(),
            standard.excluded(),
            standard.window(),
            2);
    return BaselineBuilder.build(List.of(file), options, (pass, rows, done, total) -> {})
        .baseline();
  }

  @Test
  void readsWhatItWroteToTheLastBit() throws IOException {
    Baseline baseline = build();
    Path file = directory.resolve("models/m/1/baseline.json");

    BaselineFile.write(file, baseline);

    Baseline read = BaselineFile.read(file);
    assertThat(read.features()).isEqualTo(baseline.features());
    assertThat(read).isEqualTo(baseline);
    assertThat(BaselineFile.toBytes(read)).isEqualTo(Files.readAllBytes(file));
    assertThat(java.util.Objects.requireNonNull(file.getParent()).toFile().list())
        .containsExactly("baseline.json");
  }

  @Test
  void readsTheFileOfVersionOne() {
    Baseline baseline = BaselineFile.parse(COMMITTED, committed());

    assertThat(baseline.rows()).isEqualTo(3000);
    assertThat(baseline.blockMillis()).isEqualTo(3_600_000);
    Window span = baseline.span().orElseThrow();
    assertThat(Instant.ofEpochMilli(span.startMillis())).isEqualTo("2026-01-05T00:01:09Z");
    FeatureBaseline amount = baseline.feature(Role.INPUT, "amount").orElseThrow();
    assertThat(amount.whole().count(NumericBins.MISSING)).isEqualTo(150);
    assertThat(amount.whole().count(NumericBins.POSITIVE_INFINITY)).isEqualTo(259);
    assertThat(amount.whole().moments().count()).isEqualTo(3000 - 150 - 259);
    assertThat(amount.variation().blocks()).isEqualTo(30);
    assertThat(amount.seasons().isPresent()).isTrue();
    assertThat(amount.whole().reservoir().size()).isEqualTo(1024);
    CategoryBins city = (CategoryBins) baseline.feature(Role.INPUT, "city").orElseThrow().bins();
    assertThat(city.names()).hasSize(128).contains("c0");
    assertThat(city.tail().isEmpty()).isFalse();
    assertThat(baseline.outputs()).hasSize(1);
    assertThat(baseline.centroids()).isEmpty();
  }

  @Test
  void keepsCentroidsToTheLastBit() {
    Baseline without = BaselineFile.parse(COMMITTED, committed());
    float[] mean = {.1f, -2e-8f, 3e20f, 0, 1 / 3f, 5, 6, 7};
    Baseline with =
        new Baseline(
            without.rows(),
            without.span(),
            without.blockMillis(),
            without.features(),
            List.of(
                new Centroid(Role.INPUT, "text", mean), new Centroid(Role.OUTPUT, "text", mean)));

    Baseline read = BaselineFile.parse("b.json", BaselineFile.toBytes(with));

    assertThat(read).isEqualTo(with);
    assertThat(read.centroid(Role.OUTPUT, "text").orElseThrow().mean()).isEqualTo(mean);
    assertThat(read.centroid(Role.OUTPUT, "other")).isEmpty();
    assertProblem(
        json -> json.putArray("centroids").addObject().put("tensor", "e").put("role", "input"),
        "b.json: centroids[0].mean: missing (expected: to be there)");
    assertProblem(
        json ->
            json.putArray("centroids")
                .addObject()
                .put("tensor", "e")
                .put("role", "input")
                .putArray("mean")
                .add(1),
        "b.json: centroids[0]: mean: 1 numbers (expected: 8 to 4096)");
  }

  @Test
  void writesTheSameBytesForTheSameDataAsEver() throws IOException {
    assertThat(new String(BaselineFile.toBytes(build()), StandardCharsets.UTF_8))
        .isEqualTo(new String(committed(), StandardCharsets.UTF_8));
  }

  @Test
  void namesFileAndFieldOfWhatIsWrong() {
    assertProblem(
        json -> json.put("format", "other"),
        "b.json: format other version 1 (expected: skeg-baseline version 1)");
    assertProblem(
        json -> json.put("version", 2),
        "b.json: format skeg-baseline version 2 (expected: skeg-baseline version 1; a later Skeg"
            + " wrote it)");
    assertProblem(
        json -> json.remove("features"), "b.json: features: missing (expected: to be there)");
    assertProblem(
        json -> json.put("window-ms", "1h"),
        "b.json: window-ms: \"1h\" (expected: a whole number)");
    assertProblem(
        json -> json.put("start", "monday"),
        "b.json: start: monday (expected: a time, as 2026-01-31T12:00:00Z)");
    assertProblem(
        json -> ((ObjectNode) json.at("/features/1/variation")).put("design-effect", .5),
        "b.json: features[1].variation: designEffect: 0.5 ");
    assertProblem(
        json -> ((ArrayNode) json.at("/features/0/seasons/mon-03/counts")).remove(0),
        "b.json: features[0].seasons.mon-03.counts: ");
    assertProblem(
        json -> ((ArrayNode) json.at("/features/0/counts")).remove(0),
        "b.json: features[0]: counts: ");
    assertProblem(json -> json.put("rows", 1), "b.json: amount: 3000 rows (expected: 1)");
    assertThatThrownBy(() -> BaselineFile.parse("b.json", bytes("{\n\"format\": oops}")))
        .isInstanceOf(BaselineFileException.class)
        .hasMessageStartingWith("b.json:2: ");
    assertThatThrownBy(() -> BaselineFile.read(directory.resolve("none.json")))
        .isInstanceOf(BaselineFileException.class)
        .hasMessageContaining("none.json cannot be read");
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static void assertProblem(Consumer<ObjectNode> change, String message) {
    try {
      ObjectNode json = (ObjectNode) new ObjectMapper().readTree(committed());
      change.accept(json);
      byte[] changed = new ObjectMapper().writeValueAsBytes(json);
      assertThatThrownBy(() -> BaselineFile.parse("b.json", changed))
          .isInstanceOf(BaselineFileException.class)
          .hasMessageStartingWith(message);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
