package dev.skeg.monitor.data;

import static dev.skeg.monitor.data.TableFixture.rows;
import static dev.skeg.monitor.data.TableFixture.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.monitor.data.TableHead.Declared;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class JsonLinesFileTest {
  @TempDir Path directory;

  private TableFile open(String text) {
    return TableFile.open(write(directory, "t.jsonl", text), TableOptions.standard());
  }

  @Test
  void readsFlatAndNestedValuesWhateverTheirOrder() {
    TableFile file =
        open(
            """
            {"a": 1.5, "b": "red", "user": {"age": 30, "at": "2026-01-01"}, "l": [1, {"a": 2}]}

            {"user": {"at": 1767225600, "age": "31"}, "b": "blu\\u0065", "a": -2e3, "new": {}}
            {"b": null, "a": true}
            """);

    assertThat(file.columns()).containsExactly("a", "b", "user.age", "user.at", "l");
    assertThat(rows(file, "user.at:TIME", "b:CATEGORY", "a:NUMBER", "user.age:NUMBER"))
        .containsExactly(
            "1767225600000 [red] 1.5 30.0", "1767225600000 [blue] -2000.0 31.0", "- [] 1.0 NaN");
    assertThat(file.head(10).declared()).containsOnlyKeys("l").containsValue(Declared.NESTED);
  }

  @Test
  void readsListsOfNumbersThatAreEquallyLong() {
    TableFile file =
        open(
            """
            {"v": [1, 2.5, -3e1], "w": [1, 2], "x": [1, "a"]}
            {"v": null, "w": [1], "x": []}
            {"v": [4, 5, 6]}
            {"v": [], "w": [1, 2]}
            """);

    assertThat(file.head(10).lists()).containsOnlyKeys("v").containsEntry("v", 3);
    assertThat(rows(file, "v:VECTOR:3"))
        .containsExactly(
            "[1.0, 2.5, -30.0]", "[NaN, NaN, NaN]", "[4.0, 5.0, 6.0]", "[NaN, NaN, NaN]");
    assertThatThrownBy(() -> rows(file, "w:VECTOR:2"))
        .hasMessageEndingWith(
            "t.jsonl:2: column w: \"[… 1 values]\" (expected: a list of 2 numbers)");
    assertThatThrownBy(() -> rows(file, "x:VECTOR:2"))
        .hasMessageEndingWith(
            "t.jsonl:1: column x: \"[… 2 values]\" (expected: a list of 2 numbers)");
    assertThatThrownBy(() -> rows(open("{\"v\": 1}\n"), "v:VECTOR:2"))
        .hasMessageEndingWith("t.jsonl:1: column v: \"1\" (expected: a list of 2 numbers)");
  }

  @Test
  void readsKeysThatHaveDotsThemselves() {
    assertThat(rows(open("{\"a.b\": 1}\n{\"a\": {\"b\": 2}}\n"), "a.b:NUMBER"))
        .containsExactly("1.0", "2.0");
  }

  @Test
  void readsCompressedFilesOfMoreThanOneBuffer() {
    StringBuilder text = new StringBuilder();
    List<String> wanted = new ArrayList<>();
    for (int i = 0; i < 60_000; i++) {
      text.append("{\"n\": ").append(i).append(", \"c\": \"k").append(i % 10).append("\"}\r\n");
      wanted.add((double) i + " [k" + i % 10 + "]");
    }
    TableFile file =
        TableFile.open(write(directory, "t.json.gz", text.toString()), TableOptions.standard());

    assertThat(file.format()).isEqualTo("jsonl");
    assertThat(rows(file, "n:NUMBER", "c:CATEGORY")).isEqualTo(wanted);
  }

  @Test
  void namesLineAndColumnOfWhatIsWrong() {
    assertThatThrownBy(() -> rows(open("{\"a\": 1}\n{\"a\": \"x\"}\n"), "a:NUMBER"))
        .hasMessageEndingWith("t.jsonl:2: column a: \"x\" (expected: a number)");
    assertThatThrownBy(() -> rows(open("{\"a\": 1}\n{\"a\": [1]}\n"), "a:NUMBER"))
        .hasMessageEndingWith("t.jsonl:2: column a: \"[…]\" (expected: a number)");
    assertThatThrownBy(() -> open("{\"a\": 1}\n{\"a\": \n"))
        .hasMessageContaining("t.jsonl:2: ")
        .hasMessageEndingWith("(expected: one JSON object a line)");
    assertThatThrownBy(() -> open("{\"a\": 1}\n{\"a\": 2\n"))
        .hasMessageEndingWith(
            "t.jsonl:2: Unexpected end-of-input: expected close marker for Object (expected: one"
                + " JSON object a line)");
    assertThatThrownBy(() -> open("{\"a\": 1}\n[1]\n"))
        .hasMessageEndingWith("t.jsonl:2: no JSON object (expected: one a line)");
    assertThatThrownBy(() ->
            TableFile.open(write(directory, "a.json", "[{\"a\": 1}]"), TableOptions.standard()))
        .hasMessageContaining("is one JSON array (expected: an object a line");
  }

  @Test
  void readsWhatPythonWritesForNumbersThatAreNone() {
    TableFile file =
        open(
            """
            {"a": NaN, "t": 1767225600}
            {"a": Infinity, "t": NaN}
            {"a": -Infinity, "t": 1767225600}
            """);

    assertThat(rows(file, "a:NUMBER", "t:TIME"))
        .containsExactly("NaN 1767225600000", "Infinity -", "-Infinity 1767225600000");
    assertThat(file.head(10).values(0)).containsExactly("Infinity", "-Infinity");
  }

  @Test
  void takesAKeyThatNoLineHasForMissing() {
    assertThat(rows(open("{\"a\": 1}\n{\"a\": 2}\n"), "a:NUMBER", "b:NUMBER", "c:CATEGORY"))
        .containsExactly("1.0 NaN []", "2.0 NaN []");
  }

  @Test
  void saysWhatToDoAboutBytesThatAreNoText() throws IOException {
    Path file = directory.resolve("latin.jsonl");
    Files.writeString(file, "{\"a\": \"Z\u00fcrich\"}\n", StandardCharsets.ISO_8859_1);

    assertThatThrownBy(() -> TableFile.open(file, TableOptions.standard()))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("latin.jsonl:1: Invalid UTF-8")
        .hasMessageEndingWith("(expected: UTF-8; iconv -f latin1 -t utf-8)");
  }

  @Test
  void readsTextThatIsNoNumberAsMissingIfItIsTo() {
    TableOptions options = new TableOptions(Optional.empty(), true, List.of("-"), true);
    TableFile file =
        TableFile.open(
            write(directory, "t.jsonl", "{\"a\": \"x\"}\n{\"a\": \"-\"}\n{\"a\": 3}\n"), options);

    assertThat(rows(file, "a:NUMBER")).containsExactly("NaN", "NaN", "3.0");
  }
}
