package dev.skeg.runtime.state;

import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/**
 * The schema of {@code state.db}, as the list of scripts that made it.
 *
 * <p>A script that has been released never changes: what comes after it is a new one at the end. A
 * file says in {@code user_version} how many it has had; the others run at its next opening, each
 * in one transaction with its number, so a kill between leaves a whole version. In a script every
 * statement ends with a semicolon at the end of a line.
 */
final class Migrations {
  /** "Skeg", which tells our files from other programs'. */
  static final int APPLICATION_ID = 0x536b6567;

  private static final List<String> SCRIPTS = List.of("1-monitor.sql", "2-alert-windows.sql");

  private Migrations() {}

  /** Brings a file to the newest version. */
  static void run(Connection connection) throws SQLException {
    run(connection, SCRIPTS);
  }

  static void run(Connection connection, List<String> scripts) throws SQLException {
    int version = number(connection, "user_version");
    int application = number(connection, "application_id");
    if (application != APPLICATION_ID && (application != 0 || version != 0)) {
      throw new ServingException(
          ErrorCode.UNAVAILABLE, "it is another program's database (expected: a file of Skeg's)");
    }
    if (version > scripts.size()) {
      throw new ServingException(
          ErrorCode.UNAVAILABLE,
          "it has been written by a newer Skeg: schema "
              + version
              + " (expected: "
              + scripts.size()
              + " at most; start that newer one, or give another --data-dir)");
    }
    for (int next = version; next < scripts.size(); next++) {
      run(connection, next, scripts.get(next));
    }
  }

  private static void run(Connection connection, int index, String script) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("BEGIN IMMEDIATE");
      try {
        // Another process may have been here between.
        if (number(connection, "user_version") == index) {
          for (String each : text(script).split(";\\s*\\n", -1)) {
            if (!each.isBlank()) {
              statement.execute(each);
            }
          }
          statement.execute("PRAGMA application_id = " + APPLICATION_ID);
          statement.execute("PRAGMA user_version = " + (index + 1));
        }
        statement.execute("COMMIT");
      } catch (SQLException | RuntimeException e) {
        statement.execute("ROLLBACK");
        throw e;
      }
    }
  }

  private static int number(Connection connection, String pragma) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery("PRAGMA " + pragma)) {
      return result.getInt(1);
    }
  }

  private static String text(String script) {
    try (InputStream resource = Migrations.class.getResourceAsStream(script)) {
      if (resource == null) {
        throw new IllegalStateException(script + " is not in the jar");
      }
      return new String(resource.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(script + " cannot be read from the jar", e);
    }
  }
}
