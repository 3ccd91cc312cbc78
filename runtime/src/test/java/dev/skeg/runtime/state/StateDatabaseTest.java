package dev.skeg.runtime.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.runtime.model.ServingException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A {@link StateDatabase} in a directory of its own. */
final class StateDatabaseTest {
  /** Shared, so that the library is unpacked once. */
  @TempDir static Path libraries;

  @TempDir Path directory;

  private StateDatabase database;

  @BeforeEach
  void open() {
    database = new StateDatabase(directory, libraries);
  }

  @AfterEach
  void close() {
    database.close();
  }

  private Path file() {
    return directory.resolve(StateDatabase.FILE);
  }

  @Test
  void thereIsNoFileUntilSomethingIsAsked() {
    assertThat(file()).doesNotExist();

    assertThat(number("PRAGMA user_version")).isPositive();

    assertThat(file()).exists();
  }

  @Test
  void aWriteIsWholeOrNotAtAll() {
    database.write(c -> run(c, "CREATE TABLE pair (a INTEGER, b INTEGER)"));

    assertThatThrownBy(() ->
            database.write(c -> {
              run(c, "INSERT INTO pair VALUES (1, 1)");
              throw new IllegalStateException("half way");
            }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("half way");

    assertThat(number("SELECT count(*) FROM pair")).isZero();
  }

  @Test
  void whatWasWrittenIsThereAfterAClose() {
    database.write(c -> run(c, "CREATE TABLE kept (a INTEGER)"));
    database.write(c -> run(c, "INSERT INTO kept VALUES (7)"));
    database.close();

    database = new StateDatabase(directory, libraries);

    assertThat(number("SELECT a FROM kept")).isEqualTo(7);
    assertThat(text("PRAGMA journal_mode")).isEqualTo("wal");
  }

  @Test
  void writesOfManyThreadsFollowOneAnother() throws Exception {
    database.write(c -> run(c, "CREATE TABLE counter (n INTEGER)"));
    database.write(c -> run(c, "INSERT INTO counter VALUES (0)"));

    List<Future<?>> all = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 200; i++) {
        all.add(
            threads.submit(() ->
                database.write(c -> {
                  long seen = number(c, "SELECT n FROM counter");
                  return run(c, "UPDATE counter SET n = " + (seen + 1));
                })));
      }
    }

    for (Future<?> each : all) {
      each.get(30, TimeUnit.SECONDS);
    }
    assertThat(number("SELECT n FROM counter")).isEqualTo(200);
  }

  @Test
  void aFileThatIsNoDatabaseIsNamedWithARemedyAndCountsOnceItIsPutRight() throws IOException {
    Files.writeString(file(), "this is not a database, whatever its name says".repeat(100));

    assertThatThrownBy(() -> number("PRAGMA user_version"))
        .isInstanceOf(ServingException.class)
        .hasMessageContaining(file().toString())
        .hasMessageContaining("the file is damaged. Move it away, with state.db-wal");

    Files.delete(file());
    assertThat(number("PRAGMA user_version")).isPositive();
  }

  @Test
  void aDamagedPageIsFoundAtTheOpening() throws IOException {
    database.write(c -> run(c, "CREATE TABLE kept (a TEXT)"));
    database.write(c -> {
      for (int i = 0; i < 2_000; i++) {
        run(c, "INSERT INTO kept VALUES ('" + "x".repeat(100) + i + "')");
      }
      return null;
    });
    database.close();
    try (FileChannel channel = FileChannel.open(file(), StandardOpenOption.WRITE)) {
      for (long page = 10; page < 20; page++) {
        channel.write(
            ByteBuffer.wrap("damage".repeat(600).getBytes(StandardCharsets.UTF_8)), page * 4_096);
      }
    }

    database = new StateDatabase(directory, libraries);

    assertThatThrownBy(() -> number("PRAGMA user_version"))
        .isInstanceOf(ServingException.class)
        .hasMessageContaining("the file is damaged");
  }

  @Test
  void aNewerSkegsFileAndAnotherProgramsAreLeftAlone() {
    database.write(c -> run(c, "PRAGMA user_version = 900"));
    database.close();
    database = new StateDatabase(directory, libraries);

    assertThatThrownBy(() -> number("PRAGMA user_version"))
        .isInstanceOf(ServingException.class)
        .hasMessageContaining("written by a newer Skeg: schema 900");

    Path other = directory.resolve("other");
    try (StateDatabase theirs = new StateDatabase(other, libraries)) {
      theirs.write(c -> run(c, "PRAGMA application_id = 77"));
    }
    try (StateDatabase ours = new StateDatabase(other, libraries)) {
      assertThatThrownBy(() -> ours.read(c -> number(c, "PRAGMA user_version")))
          .hasMessageContaining("another program's database");
    }
  }

  @Test
  void aScriptRunsOnceAndAFailingOneLeavesTheVersionBefore() throws SQLException {
    database.write(c -> run(c, "CREATE TABLE marker (a INTEGER)"));

    database.read(c -> {
      run(c, "PRAGMA user_version = 0");
      Migrations.run(c, List.of("test-1.sql"));
      Migrations.run(c, List.of("test-1.sql"));
      assertThat(number(c, "SELECT count(*) FROM migrated")).isEqualTo(1);
      assertThatThrownBy(() -> Migrations.run(c, List.of("test-1.sql", "test-broken.sql")))
          .isInstanceOf(SQLException.class);
      assertThat(number(c, "PRAGMA user_version")).isEqualTo(1);
      assertThat(number(c, "SELECT count(*) FROM migrated")).isEqualTo(1);
      return null;
    });
  }

  @Test
  void aDirectoryThatCannotBeMadeIsNamed() throws IOException {
    Path file = Files.writeString(directory.resolve("file"), "");

    try (StateDatabase nowhere = new StateDatabase(file.resolve("data"), libraries)) {
      assertThatThrownBy(() -> nowhere.read(c -> 0))
          .isInstanceOf(ServingException.class)
          .hasMessageContaining("expected: a data directory that can be written");
    }
  }

  @Test
  void aClosedDatabaseSaysSo() {
    database.close();

    assertThatThrownBy(() -> database.read(c -> 0)).hasMessageContaining("is closed");
  }

  /**
   * The child's directory for temporary files does not exist: SQLite's library does not go there.
   */
  @Test
  void everyCommitThatReturnedIsThereAfterAKillAndNoneIsHalf() throws Exception {
    Process writer =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Djava.io.tmpdir=" + directory.resolve("absent"),
                "-cp",
                System.getProperty("java.class.path"),
                WriterProcess.class.getName(),
                directory.toString(),
                libraries.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    long returned = 0;
    try (BufferedReader lines = writer.inputReader()) {
      String line = lines.readLine();
      while (line != null && returned < 50) {
        returned = Long.parseLong(line);
        line = lines.readLine();
      }
      writer.destroyForcibly();
      assertThat(writer.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(returned).isEqualTo(50);

    assertThat(number("SELECT max(n) FROM written")).isGreaterThanOrEqualTo(returned);
    assertThat(
            number("SELECT count(*) FROM (SELECT n FROM written GROUP BY n HAVING count(*) <> 2)"))
        .isZero();
    assertThat(text("PRAGMA integrity_check")).isEqualTo("ok");
  }

  /** Writes pairs, one transaction each, and prints the number of each pair that is written. */
  static final class WriterProcess {
    private WriterProcess() {}

    public static void main(String[] args) {
      StateDatabase database = new StateDatabase(Path.of(args[0]), Path.of(args[1]));
      database.write(c -> run(c, "CREATE TABLE written (n INTEGER)"));
      for (long n = 1; ; n++) {
        long pair = n;
        database.write(c -> {
          run(c, "INSERT INTO written VALUES (" + pair + ")");
          return run(c, "INSERT INTO written VALUES (" + pair + ")");
        });
        System.out.println(n);
      }
    }
  }

  private long number(String sql) {
    return database.read(c -> number(c, sql));
  }

  private String text(String sql) {
    return database.read(c -> text(c, sql));
  }

  private static boolean run(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      return statement.execute(sql);
    }
  }

  private static long number(Connection connection, String sql) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql);
        ResultSet result = statement.executeQuery()) {
      return result.getLong(1);
    }
  }

  private static String text(Connection connection, String sql) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql);
        ResultSet result = statement.executeQuery()) {
      return result.getString(1);
    }
  }
}
