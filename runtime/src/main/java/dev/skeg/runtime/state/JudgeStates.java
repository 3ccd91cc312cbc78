package dev.skeg.runtime.state;

import dev.skeg.runtime.model.ServingException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.Optional;

/**
 * What judges remember of earlier windows, in {@code state.db}: bytes by model.
 *
 * <p><b>Threads.</b> Any that may block. Every method throws {@link ServingException} if the file
 * cannot be used.
 */
public final class JudgeStates {
  private static final String SAVE =
      "INSERT INTO judge_state (model, saved_at, body) VALUES (?, ?, ?) ON CONFLICT (model) DO UPDATE"
          + " SET saved_at = excluded.saved_at, body = excluded.body";

  private final StateDatabase database;

  public JudgeStates(StateDatabase database) {
    this.database = database;
  }

  /** Returns what was saved last for a model. */
  public Optional<byte[]> load(String model) {
    return database.read(connection -> {
      try (PreparedStatement select =
          connection.prepareStatement("SELECT body FROM judge_state WHERE model = ?")) {
        select.setString(1, model);
        try (ResultSet rows = select.executeQuery()) {
          return rows.next() ? Optional.of(rows.getBytes(1)) : Optional.<byte[]>empty();
        }
      }
    });
  }

  /**
   * Saves a model's state in place of the last one.
   *
   * @param nowMillis since the epoch; by it {@link #forget} tells what is old
   */
  public void save(String model, byte[] state, long nowMillis) {
    database.write(connection -> {
      try (PreparedStatement insert = connection.prepareStatement(SAVE)) {
        insert.setString(1, model);
        insert.setLong(2, nowMillis);
        insert.setBytes(3, state);
        return insert.executeUpdate();
      }
    });
  }

  /** Deletes what was saved before a time. */
  public void forget(long beforeMillis) {
    database.write(connection -> {
      try (PreparedStatement delete =
          connection.prepareStatement("DELETE FROM judge_state WHERE saved_at < ?")) {
        delete.setLong(1, beforeMillis);
        return delete.executeUpdate();
      }
    });
  }
}
