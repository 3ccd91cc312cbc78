package dev.skeg.monitor.data;

import static dev.skeg.monitor.data.TableFixture.rows;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.monitor.data.TableHead.Declared;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that Arrow wrote, by {@code make-parquet.mjs} beside them: 1,000 rows in row groups. */
final class ParquetFileTest {
  private static final List<String> CITIES = List.of("Zürich", "Oslo", "Łódź");

  @TempDir Path directory;

  private static TableFile open(String name) {
    return open(name, TableOptions.standard());
  }

  private static TableFile open(String name, TableOptions options) {
    try {
      Path path = Path.of(Objects.requireNonNull(ParquetFileTest.class.getResource(name)).toURI());
      return TableFile.open(path, options);
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"uncompressed", "snappy", "zstd", "gzip"})
  void readsEveryTypeThatAFeatureMayHaveWithItsNulls(String compression) {
    TableFile file = open(compression + ".parquet");
    List<String> wanted = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      wanted.add(
          String.join(
              " ",
              String.valueOf(i % 10 == 3 ? Double.NaN : i / 8.0),
              String.valueOf(i / 4.0 - 100),
              String.valueOf(i % 7 == 0 ? Double.NaN : i - 500.0),
              i % 3 == 0 ? "1.0" : "0.0",
              i % 11 == 0 ? "[]" : "[" + CITIES.get(i % 3) + "]",
              String.valueOf(1_767_225_600_000L + i * 60_000L),
              i % 7 == 0 ? "[]" : "[" + (i - 500) + "]",
              String.valueOf(i % 5 == 0 ? Double.NaN : i / 2.0)));
    }

    List<String> rows =
        rows(
            file,
            "amount:NUMBER",
            "score:NUMBER",
            "age:NUMBER",
            "flag:NUMBER",
            "city:CATEGORY",
            "at:TIME");
    List<String> others = rows(file, "age:CATEGORY", "user.height:NUMBER");

    for (int i = 0; i < 1000; i++) {
      assertThat(rows.get(i) + " " + others.get(i)).isEqualTo(wanted.get(i));
    }
    assertThat(rows).hasSize(1000);
  }

  @Test
  void readsDatesAndLongsAsNumbersTimesAndNames() {
    TableFile file = open("snappy.parquet");

    assertThat(rows(file, "day:TIME", "big:CATEGORY").get(2))
        .isEqualTo(20456 * 86_400_000L + " [2000000014]");
    assertThat(rows(file, "big:NUMBER", "at:NUMBER", "flag:CATEGORY").get(1))
        .isEqualTo(1000000007.0 + " " + 1_767_225_660_000_000.0 + " [false]");
  }

  @Test
  void saysWhatTheColumnsAre() {
    TableHead head = open("zstd.parquet").head(500);

    assertThat(head.rows()).hasSize(500);
    assertThat(head.declared())
        .containsEntry("amount", Declared.NUMBER)
        .containsEntry("age", Declared.INTEGER)
        .containsEntry("flag", Declared.BOOLEAN)
        .containsEntry("city", Declared.TEXT)
        .containsEntry("at", Declared.TIME)
        .containsEntry("user.height", Declared.NUMBER);
    assertThat(head.declared().values()).contains(Declared.NESTED);
    assertThat(head.values(head.columns().indexOf("city")).getFirst()).isEqualTo("Oslo");
  }

  @Test
  void readsWhatIsToBeMissingAsMissing() {
    TableFile file =
        open("snappy.parquet", new TableOptions(Optional.empty(), true, List.of("Oslo"), true));

    assertThat(rows(file, "city:CATEGORY").subList(1, 4))
        .containsExactly("[]", "[Łódź]", "[Zürich]");
    try (Sweep sweep = file.sweep(TableFixture.projection("city:NUMBER", "day:TIME"), 0)) {
      RowReader reader = sweep.reader();
      long rows = 0;
      while (reader.next()) {
        rows += reader.batch().rows();
      }
      assertThat(rows).isEqualTo(1000);
      assertThat(sweep.badValues(0)).isBetween(580L, 620L); // Zürich and Łódź.
      assertThat(sweep.badValues(1)).isZero();
    }
    try (Sweep sweep = file.sweep(TableFixture.projection("city:TIME"), 0)) {
      assertThat(sweep.reader().next()).isTrue();
      assertThat(sweep.badValues(0)).isPositive();
    }
  }

  @Test
  void refusesWhatIsNoNumberAndWhatIsNoParquet() throws IOException {
    TableFile file = open("snappy.parquet");

    assertThatThrownBy(() -> rows(file, "city:NUMBER"))
        .hasMessageEndingWith("snappy.parquet: row 2: column city: \"Oslo\" (expected: a number)");
    assertThatThrownBy(() -> rows(file, "cities:NUMBER"))
        .hasMessageContaining("has no column cities (expected: one of amount, ");
    Path broken = directory.resolve("broken.parquet");
    byte[] bytes = Files.readAllBytes(file.path());
    Files.write(broken, Arrays.copyOf(bytes, bytes.length / 2));
    assertThatThrownBy(() -> TableFile.open(broken, TableOptions.standard()))
        .isInstanceOf(DataException.class)
        .hasMessageEndingWith(
            "broken.parquet begins as Parquet and does not end so (expected: the whole file)");
    Path other = Files.writeString(directory.resolve("other.parquet"), "a,b\n1,2\n");
    assertThatThrownBy(() -> TableFile.open(other, TableOptions.standard()))
        .hasMessageEndingWith(
            "other.parquet is no Parquet file (expected: one; or CSV or JSON lines by another"
                + " name)");
  }

  @Test
  void saysThatAWholeFileInGzipIsToBeUnpacked() throws IOException {
    Path packed = directory.resolve("t.parquet.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(packed))) {
      Files.copy(open("snappy.parquet").path(), out);
    }

    assertThatThrownBy(() -> TableFile.open(packed, TableOptions.standard()))
        .isInstanceOf(DataException.class)
        .hasMessage(packed + " is Parquet in gzip (expected: it unpacked; gunzip)");
  }

  @Test
  void readsListsOfNumbersThatAreEquallyLong() {
    TableFile file = open("vectors.parquet");
    TableHead head = file.head(500);

    List<String> rows = rows(file, "score:NUMBER", "embedding:VECTOR:8");

    assertThat(file.columns()).containsExactly("embedding", "score");
    assertThat(head.lists()).containsOnlyKeys("embedding").containsEntry("embedding", 8);
    assertThat(head.declared()).containsEntry("embedding", Declared.NESTED);
    assertThat(rows).hasSize(1000);
    for (int i = 0; i < rows.size(); i++) {
      float[] wanted = new float[8];
      for (int k = 0; k < 8; k++) {
        wanted[k] = i % 9 == 4 ? Float.NaN : i + k / 8f;
      }
      assertThat(rows.get(i)).isEqualTo((i / 4.0 - 100) + " " + Arrays.toString(wanted));
    }
    assertThatThrownBy(() -> rows(file, "embedding:VECTOR:9"))
        .hasMessageEndingWith(
            "vectors.parquet: row 1: column embedding: \"[… 8 values]\" (expected: a list of 9"
                + " numbers)");
  }

  @Test
  void sharesRowsAmongReaders() {
    TableFile file = open("snappy.parquet");
    try (Sweep sweep = file.sweep(TableFixture.projection("score:NUMBER"), 0)) {
      RowReader first = sweep.reader();
      RowReader second = sweep.reader();
      long rows = 0;
      while (first.next()) {
        rows += first.batch().rows();
        rows += second.next() ? second.batch().rows() : 0;
      }

      assertThat(rows).isEqualTo(1000);
      assertThat(sweep.bytesRead()).isEqualTo(file.sizeBytes());
    }
  }
}
