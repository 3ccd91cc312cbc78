package dev.skeg.monitor.baseline;

import static dev.skeg.monitor.baseline.BaselineFixture.build;
import static dev.skeg.monitor.baseline.BaselineFixture.feature;
import static dev.skeg.monitor.baseline.BaselineFixture.ofTable;
import static dev.skeg.monitor.baseline.BaselineFixture.options;
import static dev.skeg.monitor.baseline.BaselineFixture.withTimestamp;
import static dev.skeg.monitor.baseline.BaselineFixture.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.monitor.data.DataException;
import dev.skeg.monitor.data.TableOptions;
import dev.skeg.monitor.profile.Bins;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@link BaselineBuilder} says of data that it cannot read. */
final class BaselineBadDataTest {
  @TempDir Path directory;

  @Test
  void refusesCategoriesThatAreNoTextAndSaysWhere() throws IOException {
    Path file = directory.resolve("latin.csv");
    Files.writeString(file, "a,city\n1,Oslo\n2,Z\u00fcrich\n3,Oslo\n", StandardCharsets.ISO_8859_1);
    Path header = directory.resolve("header.csv");
    Files.writeString(header, "a,gr\u00f6\u00dfe\n1,2\n", StandardCharsets.ISO_8859_1);

    assertThatThrownBy(() -> build(options(1), file))
        .isInstanceOf(DataException.class)
        .hasMessage(
            file
                + ":3: column city: \"Z\uFFFDrich\" is no UTF-8 (expected: UTF-8; iconv -f latin1"
                + " -t utf-8)");
    assertThatThrownBy(() -> build(options(1), header))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("header.csv: the header [a, gr")
        .hasMessageEndingWith("(expected: UTF-8; iconv -f latin1 -t utf-8)");
  }

  @Test
  void namesTheFirstBadValueWhateverThreadFindsOneFirst() {
    StringBuilder csv = new StringBuilder("a,b\n");
    for (int i = 0; i < 400_000; i++) {
      csv.append(i >= 20_000 && i % 1000 == 0 ? "bad" : "1").append(",2\n");
    }
    Path file = write(directory, "t.csv", csv);

    for (int threads : new int[] {1, 4}) {
      assertThatThrownBy(() -> build(options(threads), file))
          .isInstanceOf(DataException.class)
          .hasMessage(file + ":20002: column a: \"bad\" (expected: a number)");
    }
  }

  @Test
  void countsBadValuesAsMissingIfTheyAreTo() {
    BaselineOptions lenient =
        ofTable(new TableOptions(Optional.empty(), true, TableOptions.USUAL_MISSING, true));
    StringBuilder csv = new StringBuilder("a,b\n");
    for (int i = 0; i < 1000; i++) {
      csv.append(i % 100 == 7 ? "bad" : "1.5").append(",2\n");
    }

    BuiltBaseline built = build(lenient, write(directory, "t.csv", csv));

    assertThat(feature(built, "a").whole().count(Bins.MISSING)).isEqualTo(10);
    assertThat(built.notes())
        .containsExactly("column a has 10 values that cannot be read and count as missing");
  }

  @Test
  void refusesColumnsThatAreNotThereAndTablesWithoutRowsOrFeatures() {
    BaselineOptions wrong = withTimestamp("when");
    assertThatThrownBy(() -> build(wrong, write(directory, "t.csv", "a\n1\n")))
        .hasMessage("no column when (expected: one of a)");
    assertThatThrownBy(() -> build(options(1), write(directory, "e.csv", "a,b\n")))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("no row");
    assertThatThrownBy(() -> build(options(1), write(directory, "f.csv", "a\n2026-01-01\n")))
        .hasMessage("no column could be a feature (expected: numbers or names)");
  }
}
