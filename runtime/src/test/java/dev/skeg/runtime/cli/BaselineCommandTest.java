package dev.skeg.runtime.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skeg.monitor.baseline.Baseline;
import dev.skeg.monitor.baseline.BaselineFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code skeg baseline} on real files. */
@Timeout(60)
final class BaselineCommandTest {
  @TempDir Path directory;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... arguments) {
    return new CommandLineInterface(
            config -> 0,
            () -> {
              throw new IllegalStateException("not asked for");
            },
            new PrintWriter(out),
            new PrintWriter(err),
            Map.of())
        .run(arguments);
  }

  private String write(String name, CharSequence text) throws IOException {
    return Files.writeString(directory.resolve(name), text).toString();
  }

  private String train(String name) throws IOException {
    Random random = new Random(1);
    StringBuilder csv = new StringBuilder("id,amount,city,timestamp,y,p\n");
    for (int i = 0; i < 500; i++) {
      csv.append(i + 1000).append(',').append(random.nextGaussian()).append(",\"city, ");
      csv.append(i % 7).append("\",2026-01-").append(10 + i % 20).append("T10:00:00Z,");
      csv.append(i % 2).append(',').append(random.nextDouble()).append('\n');
    }
    return write(name, csv);
  }

  @Test
  void writesTheBaselineAndSaysWhatBecameOfTheColumns() throws IOException {
    Path file = directory.resolve("models/m/1/baseline.json");

    int code =
        run(
            "baseline",
            "--data",
            train("t.csv"),
            "--label",
            "y",
            "--outputs=p",
            "--out",
            "" + file);

    assertThat(err.toString())
        .isEqualTo(
            """
            skeg: note: column id is left out: different in every row
            skeg: note: column y is left out: the label
            skeg: note: the rows' time is column timestamp (for another: --timestamp COLUMN; for none: --exclude timestamp)
            """);
    assertThat(code).isZero();
    assertThat(out.toString())
        .contains("amount     number       numeric feature\n")
        .contains("city       category     categorical feature\n")
        .contains("timestamp  time         time of the row\n")
        .contains("wrote " + file + ": 500 rows, 2 features, 1 outputs, 2026-01-10T10:00:00Z to ");
    Baseline baseline = BaselineFile.read(file);
    assertThat(baseline.rows()).isEqualTo(500);
    assertThat(baseline.blockMillis()).isEqualTo(3_600_000);
  }

  @Test
  void printsJsonAndReadsPatterns() throws IOException {
    train("a.csv");
    train("b.csv");

    int code =
        run(
            "baseline",
            "--data",
            directory.resolve("?.csv").toString(),
            "--features",
            "city,amount",
            "--window",
            "1d",
            "--json",
            "--out",
            directory.resolve("b.json").toString());

    assertThat(err.toString()).isEmpty();
    assertThat(code).isZero();
    JsonNode json = new ObjectMapper().readTree(out.toString());
    assertThat(json.get("rows").asLong()).isEqualTo(1000);
    assertThat(json.at("/columns/1/use").asText()).isEqualTo("numeric feature");
    Baseline baseline = BaselineFile.read(directory.resolve("b.json"));
    assertThat(baseline.inputs().getFirst().spec().name()).isEqualTo("city");
    assertThat(baseline.blockMillis()).isEqualTo(86_400_000);
  }

  @Test
  void namesFileLineColumnAndRemedyOfABadValue() throws IOException {
    StringBuilder csv = new StringBuilder("a,b\n");
    for (int i = 0; i < 30; i++) {
      csv.append(i == 20 ? "n.a." : "1.5").append(",2\n");
    }
    String file = write("t.csv", csv);
    String json = directory.resolve("b.json").toString();

    assertThat(run("baseline", "--data", file, "--out", json)).isEqualTo(1);
    assertThat(err.toString())
        .isEqualTo(
            "skeg: "
                + file
                + ":22: column a: \"n.a.\" (expected: a number); its first rows are mostly numbers; if"
                + " these are names: --categorical a; to count such values as missing:"
                + " --on-bad-value missing\n");
    assertThat(Path.of(json)).doesNotExist();
    assertThat(run("baseline", "--data", file, "--out", json, "--on-bad-value", "missing"))
        .isZero();
    assertThat(run("baseline", "--data", file, "--out", json, "--missing", "n.a.")).isZero();
    assertThat(run("baseline", "--data", file, "--out", json, "--categorical", "a")).isZero();
  }

  @Test
  void doesNotTakeABadTimeForAName() throws IOException {
    StringBuilder csv = new StringBuilder("a,ts\n");
    for (int i = 0; i < 20_000; i++) {
      csv.append(i).append(i == 15_000 ? ".5,soon\n" : ".5,2026-01-01T00:00:00Z\n");
    }
    String file = write("t.csv", csv);

    assertThat(run("baseline", "--data", file, "--out", directory.resolve("b.json").toString()))
        .isEqualTo(1);

    assertThat(err.toString())
        .contains(":15002: column ts: \"soon\" (expected: a time, as 2026-01-31T12:00:00Z")
        .endsWith(
            "; if these are not the rows' times: --timestamp COLUMN or --exclude ts; to count such"
                + " values as missing: --on-bad-value missing\n");
  }

  @Test
  void exitsWithTwoOnBadUsageAndOneOnFailure() throws IOException {
    String file = train("t.csv");

    assertThat(run("baseline")).isEqualTo(2);
    assertThat(run("baseline", "--data", file, "--window", "1 hour")).isEqualTo(2);
    assertThat(run("baseline", "--data", file, "--window", "0s")).isEqualTo(2);
    assertThat(run("baseline", "--data", file, "--delimiter", "ab")).isEqualTo(2);
    assertThat(run("baseline", "--data", file, "--on-bad-value", "skip")).isEqualTo(2);
    assertThat(run("baseline", "--data", file, "--threads", "0")).isEqualTo(2);
    assertThat(run("baseline", "--data", directory.resolve("*.none").toString())).isEqualTo(2);
    assertThat(err.toString().lines())
        .allMatch(line -> line.startsWith("skeg: ") && line.endsWith("; see skeg baseline --help"))
        .anyMatch(line ->
            line.contains(
                "--window: 1 hour (expected: a duration with one of the units us, ms, s, m, h,"
                    + " d; 1s to 366d; did you mean 1h?)"))
        .anyMatch(line -> line.contains("--threads: 0 (expected: 1 to 256)"))
        .anyMatch(line -> line.contains("--data: no file matches "));
    err.getBuffer().setLength(0);
    assertThat(run("baseline", "--data", directory.resolve("no.csv").toString())).isEqualTo(1);
    assertThat(err.toString())
        .isEqualTo("skeg: " + directory.resolve("no.csv") + " does not exist\n");
    err.getBuffer().setLength(0);
    assertThat(run("baseline", "--data", file, "--timestamp", "when", "--out", file)).isEqualTo(1);
    assertThat(err.toString()).startsWith("skeg: no column when (expected: one of id, amount, ");
  }

  @Test
  void helpsWithAnExample() {
    assertThat(run("baseline", "--help")).isZero();
    assertThat(out.toString())
        .contains("Usage: skeg baseline")
        .contains("skeg baseline --data train.csv --label y --out models/fraud/1/baseline.json");
  }
}
