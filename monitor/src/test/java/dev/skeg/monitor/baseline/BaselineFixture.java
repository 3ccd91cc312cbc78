package dev.skeg.monitor.baseline;

import dev.skeg.monitor.data.TableOptions;
import dev.skeg.monitor.record.FeatureSpec.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Baselines of files that tests write. */
final class BaselineFixture {
  static final long MONDAY = 1_767_571_200_000L; // 2026-01-05
  static final long HOUR = 3_600_000;

  private BaselineFixture() {}

  static Path write(Path directory, String name, CharSequence text) {
    try {
      return Files.writeString(directory.resolve(name), text);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Returns that nothing is known. */
  static BaselineOptions options(int threads) {
    return options(TableOptions.standard(), Optional.empty(), Set.of(), threads);
  }

  static BaselineOptions ofTable(TableOptions table) {
    return options(table, Optional.empty(), Set.of(), 2);
  }

  static BaselineOptions withTimestamp(String column) {
    return options(TableOptions.standard(), Optional.of(column), Set.of(), 1);
  }

  static BaselineOptions withCategorical(String... columns) {
    return options(TableOptions.standard(), Optional.empty(), Set.of(columns), 2);
  }

  private static BaselineOptions options(
      TableOptions table, Optional<String> timestamp, Set<String> categorical, int threads) {
    return new BaselineOptions(
        table,
        timestamp,
        List.of(),
        List.of(),
        Optional.empty(),
        categorical,
        Set.of(),
        Duration.ofHours(1),
        threads);
  }

  static BuiltBaseline build(BaselineOptions options, Path... files) {
    return BaselineBuilder.build(List.of(files), options, (pass, rows, done, total) -> {});
  }

  static FeatureBaseline feature(BuiltBaseline built, String name) {
    return built.baseline().feature(Role.INPUT, name).orElseThrow();
  }
}
