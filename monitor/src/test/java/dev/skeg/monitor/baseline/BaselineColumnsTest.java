package dev.skeg.monitor.baseline;

import static dev.skeg.monitor.baseline.BaselineFixture.build;
import static dev.skeg.monitor.baseline.BaselineFixture.feature;
import static dev.skeg.monitor.baseline.BaselineFixture.options;
import static dev.skeg.monitor.baseline.BaselineFixture.write;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.monitor.data.TableOptions;
import dev.skeg.monitor.profile.Bins;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which columns {@link BaselineBuilder} takes, and for what. */
final class BaselineColumnsTest {
  @TempDir Path directory;

  @Test
  void leavesOutWhatIsNoFeatureAndSaysWhy() {
    StringBuilder csv = new StringBuilder(",user_id,amount,zip,ok,note,empty,created_at,y,p\n");
    Random random = new Random(6);
    for (int i = 0; i < 200; i++) {
      csv.append(i).append(",u").append(random.nextLong()).append(',').append(i % 17 / 2.0);
      csv.append(",0").append(1000 + i % 9).append(i % 2 == 0 ? ",true" : ",false");
      csv.append(",\"some words that only this row has, number ").append(random.nextInt(10_000));
      csv.append(" of many more of them\",,2026-01-0").append(1 + i % 9).append(",1,0.5\n");
    }
    BaselineOptions given =
        new BaselineOptions(
            TableOptions.standard(),
            Optional.empty(),
            List.of(),
            List.of("p"),
            Optional.of("y"),
            Set.of(),
            Set.of(),
            Duration.ofHours(1),
            2);

    BuiltBaseline built = build(given, write(directory, "t.csv", csv));

    assertThat(built.baseline().features().stream().map(one -> one.spec().toString()))
        .containsExactly(
            "FeatureSpec[name=amount, role=INPUT, kind=NUMERIC]",
            "FeatureSpec[name=zip, role=INPUT, kind=CATEGORICAL]",
            "FeatureSpec[name=ok, role=INPUT, kind=NUMERIC]",
            "FeatureSpec[name=p, role=OUTPUT, kind=NUMERIC]");
    assertThat(built.schema().timestamp()).contains("created_at");
    assertThat(built.notes())
        .containsExactly(
            "column unnamed_0 is left out: different in every row",
            "column user_id is left out: different in every row",
            "column note is left out: written language",
            "column empty is left out: no value in the first rows",
            "column y is left out: the label",
            "the rows' time is column created_at (for another: --timestamp COLUMN; for none:"
                + " --exclude created_at)",
            "all times are midnight: they are dates, and tell nothing by the hour");
    assertThat(feature(built, "amount").seasons().isPresent()).isFalse();
  }

  @Test
  void takesNoTimeOfWhateverKindForTheRows() {
    BuiltBaseline built =
        build(
            options(1),
            write(
                directory,
                "t.csv",
                "a,birth_date,first_seen_at\n1,1980-01-01,2026-01-01T10:00:00Z\n"));

    assertThat(built.schema().timestamp()).isEmpty();
    assertThat(built.baseline().span()).isEmpty();
    assertThat(built.notes())
        .contains(
            "column birth_date is left out: a time",
            "no column is taken for the rows' time (for one: --timestamp birth_date)");
  }

  @Test
  void takesKeysThatALaterFileDoesNotBeginWithForMissing() {
    Path first =
        write(directory, "a.jsonl", "{\"a\": 1, \"b\": \"x\"}\n{\"a\": 2, \"b\": \"y\"}\n");
    Path second = write(directory, "b.jsonl", "{\"a\": 3}\n");

    BuiltBaseline built = build(options(1), first, second);

    assertThat(feature(built, "b").whole().count(Bins.MISSING)).isEqualTo(1);
    assertThat(built.notes())
        .containsExactly(
            second
                + " has no column b in its first lines; it counts as missing where it is not"
                + " there");
  }

  @Test
  void takesAllForMissingInALaterFileThatBeginsWithoutAnyKey() {
    Path first = write(directory, "a.jsonl", "{\"a\": 1}\n{\"a\": 2}\n");
    Path second = write(directory, "b.jsonl", "{}\n{}\n");

    BuiltBaseline built = build(options(1), first, second);

    assertThat(feature(built, "a").whole().count(Bins.MISSING)).isEqualTo(2);
    assertThat(built.notes())
        .singleElement()
        .asString()
        .startsWith(second + " has no column a in its first lines");
  }

  @Test
  void saysThatFieldsMayNotHaveBeenToldApart() {
    Path file = write(directory, "t.csv", "a b c\n1 2 3\n4 5 6\n");

    assertThat(build(options(1), file).notes())
        .containsExactly(file + " has one column, a b c (for more: --delimiter CHAR)");
  }
}
