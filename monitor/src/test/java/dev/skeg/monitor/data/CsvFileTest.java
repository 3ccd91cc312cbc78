package dev.skeg.monitor.data;

import static dev.skeg.monitor.data.TableFixture.rows;
import static dev.skeg.monitor.data.TableFixture.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.monitor.record.CategoryHash;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class CsvFileTest {
  @TempDir Path directory;

  private TableFile open(String text) {
    return open(text, TableOptions.standard());
  }

  private TableFile open(String text, TableOptions options) {
    return TableFile.open(write(directory, "t.csv", text), options);
  }

  @Test
  void readsNumbersCategoriesAndTimesAndPassesOverTheRest() {
    TableFile file = open("a,skipped,b,t\n1.5,x,red,2026-01-01\n-2,\"y,z\",blue,2026-01-02\n");

    assertThat(file.columns()).containsExactly("a", "skipped", "b", "t");
    assertThat(rows(file, "b:CATEGORY", "a:NUMBER", "t:TIME"))
        .containsExactly("[red] 1.5 1767225600000", "[blue] -2.0 1767312000000");
  }

  @Test
  void readsQuotedFieldsWithDelimitersQuotesAndLineFeeds() {
    TableFile file = open("a,b\n\"1\",\"x, \"\"y\"\"\nz\"\n\"2.5\",\"\"\n3,\"\"\"\"\n");

    assertThat(rows(file, "a:NUMBER", "b:CATEGORY"))
        .containsExactly("1.0 [x, \"y\"\nz]", "2.5 []", "3.0 [\"]");
  }

  @Test
  void readsTheSameWithCarriageReturnsAByteOrderMarkNoLastLineEndAndBlankLines() {
    String plain = "a,b\n1,x\n2,y\n";
    List<String> wanted = rows(open(plain), "a:NUMBER", "b:CATEGORY");

    assertThat(rows(open("\uFEFFa,b\r\n1,x\r\n\r\n2,y"), "a:NUMBER", "b:CATEGORY"))
        .isEqualTo(wanted);
    assertThat(rows(open("\na,b\n\n\n1,x\n\n2,y\r\n\n"), "a:NUMBER", "b:CATEGORY"))
        .isEqualTo(wanted);
    assertThat(
            rows(
                TableFile.open(write(directory, "t.csv.gz", plain), TableOptions.standard()),
                "a:NUMBER",
                "b:CATEGORY"))
        .isEqualTo(wanted);
  }

  @Test
  void readsWhatIsMissing() {
    TableFile file = open("a,b\n,\nNA,NA\n null ,null\nNaN,\"\"\n0,?\n");

    assertThat(rows(file, "a:NUMBER", "b:CATEGORY"))
        .containsExactly("NaN []", "NaN []", "NaN []", "NaN []", "0.0 [?]");
    assertThat(
            rows(
                open(
                    "a,b\n?,?\n1,NA\n",
                    new TableOptions(Optional.empty(), true, List.of("?"), false)),
                "a:NUMBER",
                "b:CATEGORY"))
        .containsExactly("NaN []", "1.0 [NA]");
  }

  @ParameterizedTest
  @CsvSource({
    "7, 7",
    "-0, -0",
    "+5, 5",
    "1., 1",
    ".5, .5",
    "1e3, 1000",
    "-1.5E-7, -1.5e-7",
    "1E+2, 100",
    "123456789012345678901234567890, 123456789012345678901234567890",
    "0.1234567890123456789, 0.1234567890123456789",
    "1e400, Infinity",
    "-inf, -Infinity",
    "Infinity, Infinity",
    "4.9e-324, 4.9e-324",
    "' 12.5 ', 12.5",
    "true, 1",
    "False, 0",
    "9007199254740993, 9007199254740993",
    "2.2250738585072012e-308, 2.2250738585072012e-308",
    "000000000000000000000001, 1"
  })
  void readsNumbersAsJavaWould(String text, String number) {
    assertThat(rows(open("a,b\n" + text + ",1\n"), "a:NUMBER"))
        .containsExactly(String.valueOf(Double.parseDouble(number)));
    assertThat(rows(open("b,a\n1," + text + "\n"), "a:NUMBER"))
        .containsExactly(String.valueOf(Double.parseDouble(number)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"abc", "1d", "0x1p3", "1e", "--1", "1.2.3", "e5", "-", "1 2", "1e5x", "12,5x"})
  void namesLineAndColumnOfWhatIsNoNumber(String text) {
    TableFile file = open("a;b\n1;\"x\ny\"\n2;z\n" + text + ";w\n");

    assertThatThrownBy(() -> rows(file, "a:NUMBER"))
        .isInstanceOf(DataException.class)
        .hasMessage(file.path() + ":5: column a: \"" + text + "\" (expected: a number)");
  }

  @Test
  void countsWhatIsNoNumberWhereItIsToBeMissing() {
    TableOptions options =
        new TableOptions(Optional.empty(), true, TableOptions.USUAL_MISSING, true);
    TableFile file = open("a,b\nx,1\n2,y\nz,3\n", options);

    assertThat(rows(file, "a:NUMBER", "b:NUMBER")).containsExactly("NaN 1.0", "2.0 NaN", "NaN 3.0");
    try (Sweep sweep = file.sweep(TableFixture.projection("a:NUMBER", "b:NUMBER"), 0)) {
      RowReader reader = sweep.reader();
      while (reader.next()) {
        assertThat(reader.batch().rows()).isEqualTo(3);
      }
      assertThat(sweep.badValues(0)).isEqualTo(2);
      assertThat(sweep.badValues(1)).isEqualTo(1);
    }
  }

  @Test
  void namesTheLineOfARaggedRow() {
    assertThatThrownBy(() -> rows(open("a,b,c\n1,2,3\n4,5\n"), "a:NUMBER"))
        .hasMessageEndingWith("t.csv:3: 2 fields (expected: 3, as in the first line)");
    assertThatThrownBy(() -> rows(open("a,b\n\"x\"\"y,z\"\n"), "a:CATEGORY"))
        .hasMessageEndingWith("t.csv:2: 1 field (expected: 2, as in the first line)");
    assertThatThrownBy(() -> rows(open("a,b,c\n1,2,3\n4,5,6,\"7,\n\",8\n"), "a:NUMBER"))
        .hasMessageEndingWith("t.csv:3: 5 fields (expected: 3, as in the first line)");
  }

  @Test
  void namesTheLineOfMisplacedQuotes() {
    assertThatThrownBy(() -> rows(open("a,b\n1,x\n2,5\" pipe\"\n"), "a:NUMBER"))
        .hasMessageContaining("t.csv:3: a quote inside a field");
    assertThatThrownBy(() -> rows(open("a,b\n1,\"x\"y\n"), "b:CATEGORY"))
        .hasMessageContaining("t.csv:2: text behind a closing quote");
    assertThatThrownBy(() -> rows(open("a,b\n1,x\n2,\"y\n3,z\n"), "b:CATEGORY"))
        .hasMessageContaining("t.csv:3: a quote is opened and never closed");
  }

  @Test
  void findsTheDelimiter() {
    assertThat(open("a;b\n1,5;2\n").columns()).containsExactly("a", "b");
    assertThat(open("a\tb\tc\n1\t2\t3\n").columns()).containsExactly("a", "b", "c");
    assertThat(open("a|b\n\"x|y\"|2\n").columns()).containsExactly("a", "b");
    assertThat(open("only\n1\n2\n").columns()).containsExactly("only");
    assertThat(
            open("a,b;c\n1,2;3\n", new TableOptions(Optional.of(';'), true, List.of(), false))
                .columns())
        .containsExactly("a,b", "c");
  }

  @Test
  void namesColumnsThatHaveNone() {
    assertThat(open(",x\n1,2\n").columns()).containsExactly("unnamed_0", "x");
    TableFile file =
        open("1,2\n3,4\n", new TableOptions(Optional.empty(), false, List.of(), false));

    assertThat(file.columns()).containsExactly("c0", "c1");
    assertThat(rows(file, "c1:NUMBER")).containsExactly("2.0", "4.0");
  }

  @Test
  void refusesFilesThatCannotBeTables() throws IOException {
    assertThatThrownBy(() -> open(""))
        .hasMessageEndingWith(
            "t.csv is empty (expected: CSV with a header, JSON lines or Parquet, with rows)");
    assertThatThrownBy(() -> open("\n\n")).hasMessageContaining("t.csv has no row (expected:");
    assertThatThrownBy(() -> open("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"))
        .hasMessageEndingWith(
            "t.csv is a pointer of Git LFS to the file (expected: the file itself; git lfs pull)");
    assertThatThrownBy(() -> open("a,a\n1,2\n")).hasMessageContaining("two columns are called a");
    assertThatThrownBy(() -> TableFile.open(directory.resolve("none.csv"), TableOptions.standard()))
        .hasMessageEndingWith("none.csv does not exist");
    Path utf16 = directory.resolve("u.csv");
    Files.write(utf16, "a,b\n1,2\n".getBytes(StandardCharsets.UTF_16));
    assertThatThrownBy(() -> TableFile.open(utf16, TableOptions.standard()))
        .hasMessageContaining("is UTF-16 (expected: UTF-8");
    assertThat(rows(open("a,b\n"), "a:NUMBER")).isEmpty();
  }

  @Test
  void isNotTakenForParquetByTheNameOfItsFirstColumn() {
    assertThat(rows(open("PARTY,b\n1,2\n"), "PARTY:NUMBER")).containsExactly("1.0");
  }

  @Test
  void readsFieldsLargerThanABuffer() {
    String large = "x".repeat(3 << 20);
    TableFile file = open("a,b\n1,\"" + large + "\n\"\n2,y\n");

    List<String> rows = rows(file, "a:NUMBER", "b:CATEGORY");

    assertThat(rows).hasSize(2);
    assertThat(rows.getFirst()).isEqualTo("1.0 [" + large + "\n]");
    assertThat(rows.getLast()).isEqualTo("2.0 [y]");
  }

  @Test
  void hashesCategoriesByTheirText() {
    TableFile file = open("a\nZürich\n\"Zürich\"\n");
    try (Sweep sweep = file.sweep(TableFixture.projection("a:CATEGORY"), 0)) {
      RowReader reader = sweep.reader();

      assertThat(reader.next()).isTrue();
      assertThat(reader.batch().categories(0)[0]).isEqualTo(CategoryHash.of("Zürich"));
      assertThat(reader.batch().categories(0)[1]).isEqualTo(CategoryHash.of("Zürich"));
    }
  }

  @Test
  void readsEveryRecordOnceWhereverBuffersEnd() {
    Random random = new Random(3);
    StringBuilder text = new StringBuilder("a,b\n");
    List<String> wanted = new ArrayList<>();
    for (int i = 0; i < 200_000; i++) {
      boolean isQuoted = random.nextInt(20) == 0;
      String word = "w".repeat(random.nextInt(20) + 1);
      text.append(i).append(',');
      text.append(isQuoted ? "\"" + word + "\n,\"" : word).append(i % 3 == 0 ? "\r\n" : "\n");
      wanted.add((double) i + " [" + word + (isQuoted ? "\n," : "") + "]");
    }

    assertThat(rows(open(text.toString()), "a:NUMBER", "b:CATEGORY")).isEqualTo(wanted);
  }

  @Test
  void passesOverRowsThatAreNotSelected() {
    StringBuilder text = new StringBuilder("a,b\n");
    for (int i = 0; i < 50_000; i++) {
      text.append(i).append(i % 7 == 0 ? ",\"x\ny\"\n" : ",z\n");
    }
    TableFile file = open(text.toString());
    long selected = 0;
    long all = 0;
    try (Sweep sweep = file.sweep(TableFixture.projection("a:NUMBER"), 0)) {
      RowReader reader = sweep.reader();
      reader.batch().select(Long.MAX_VALUE); // Half of the unsigned numbers.
      while (reader.next()) {
        selected += reader.batch().rows();
        all += reader.batch().rows() + reader.batch().skipped();
      }
    }

    assertThat(all).isEqualTo(50_000);
    assertThat(selected).isBetween(24_000L, 26_000L);
  }
}
