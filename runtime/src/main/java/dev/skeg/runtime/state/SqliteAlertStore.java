package dev.skeg.runtime.state;

import dev.skeg.monitor.alert.Alert;
import dev.skeg.monitor.alert.AlertFilter;
import dev.skeg.monitor.alert.AlertJson;
import dev.skeg.monitor.alert.AlertStore;
import dev.skeg.monitor.alert.ClearedAlerts;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.runtime.model.ServingException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Alerts in {@code state.db}: as JSON, with the columns beside it that are searched.
 *
 * <p>Of cleared alerts the last {@value #KEPT_CLEARED} are kept.
 *
 * <p><b>Threads.</b> Any that may block. Every method throws {@link ServingException} if the file
 * cannot be used.
 */
public final class SqliteAlertStore implements AlertStore {
  private static final int KEPT_CLEARED = 10_000;

  private static final String INSERT =
      "INSERT INTO alert (id, model, version, arm, segment, cause, severity, state, raised_at,"
          + " changed_at, first_window, last_window, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
          + " ?, ?) ON CONFLICT (id) DO UPDATE SET state = excluded.state, changed_at ="
          + " excluded.changed_at, first_window = excluded.first_window, last_window ="
          + " excluded.last_window, body = excluded.body";

  /** Whatever it compares is in the index {@code alert_by_key}: it reads no row that it drops. */
  static final String OF_KEY =
      "SELECT body FROM alert WHERE model = ? AND version = ? AND arm = ? AND segment = ? AND"
          + " (state <> 'cleared' OR (first_window < ? AND (last_window >= ? OR changed_at >= ?)))"
          + " ORDER BY raised_at, id";

  private static final String FORGET =
      "DELETE FROM alert WHERE id IN (SELECT id FROM alert WHERE state = 'cleared' ORDER BY"
          + " changed_at DESC, id LIMIT -1 OFFSET ?)";

  private final StateDatabase database;

  public SqliteAlertStore(StateDatabase database) {
    this.database = database;
  }

  @Override
  public void update(
      ProfileKey key, ClearedAlerts cleared, Function<List<Alert>, List<Alert>> change) {
    database.write(connection -> {
      List<Alert> known;
      try (PreparedStatement select = connection.prepareStatement(OF_KEY)) {
        select.setString(1, key.model());
        select.setString(2, Long.toString(key.version()));
        select.setString(3, key.arm());
        select.setString(4, key.segment());
        select.setLong(5, cleared.window().endMillis());
        select.setLong(6, cleared.window().endMillis());
        select.setLong(7, cleared.sinceMillis());
        known = alerts(select);
      }
      boolean clears = false;
      for (Alert alert : change.apply(known)) {
        keep(connection, alert);
        clears |= !alert.state().isOpen();
      }
      if (clears) {
        forget(connection);
      }
      return null;
    });
  }

  private static void forget(Connection connection) throws SQLException {
    try (PreparedStatement delete = connection.prepareStatement(FORGET)) {
      delete.setInt(1, KEPT_CLEARED);
      delete.executeUpdate();
    }
  }

  @Override
  public Optional<Alert> update(String id, UnaryOperator<Alert> change) {
    return database.write(connection -> {
      Optional<Alert> known = find(connection, id);
      Optional<Alert> changed = known.map(change);
      if (changed.isPresent() && !changed.equals(known)) {
        keep(connection, changed.get());
      }
      return changed;
    });
  }

  @Override
  public Optional<Alert> find(String id) {
    return database.read(connection -> find(connection, id));
  }

  private static Optional<Alert> find(Connection connection, String id) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement("SELECT body FROM alert WHERE id = ?")) {
      select.setString(1, id);
      return alerts(select).stream().findFirst();
    }
  }

  @Override
  public List<Alert> find(AlertFilter filter) {
    return database.read(connection -> {
      StringBuilder sql = new StringBuilder("SELECT body FROM alert WHERE raised_at >= ?");
      List<String> values = new ArrayList<>();
      filter.model().ifPresent(model -> and(sql, values, "model", model));
      filter.version().ifPresent(version -> and(sql, values, "version", Long.toString(version)));
      filter.severity().ifPresent(severity -> and(sql, values, "severity", severity.word()));
      filter.cause().ifPresent(cause -> and(sql, values, "cause", cause.word()));
      if (!filter.states().isEmpty()) {
        sql.append(" AND state IN (?").append(", ?".repeat(filter.states().size() - 1)).append(')');
        values.addAll(filter.states());
      }
      sql.append(" ORDER BY raised_at DESC, id DESC LIMIT ?");
      try (PreparedStatement select = connection.prepareStatement(sql.toString())) {
        int index = 1;
        select.setLong(index++, filter.sinceMillis());
        for (String value : values) {
          select.setString(index++, value);
        }
        select.setInt(index, filter.limit());
        return alerts(select);
      }
    });
  }

  private static void and(StringBuilder sql, List<String> values, String column, String value) {
    sql.append(" AND ").append(column).append(" = ?");
    values.add(value);
  }

  private static List<Alert> alerts(PreparedStatement select) throws SQLException {
    List<Alert> alerts = new ArrayList<>();
    try (ResultSet rows = select.executeQuery()) {
      while (rows.next()) {
        alerts.add(AlertJson.read(rows.getString(1)));
      }
    }
    return alerts;
  }

  private static void keep(Connection connection, Alert alert) throws SQLException {
    try (PreparedStatement insert = connection.prepareStatement(INSERT)) {
      insert.setString(1, alert.id());
      insert.setString(2, alert.key().model());
      insert.setString(3, Long.toString(alert.key().version()));
      insert.setString(4, alert.key().arm());
      insert.setString(5, alert.key().segment());
      insert.setString(6, alert.cause().word());
      insert.setString(7, alert.severity().word());
      insert.setString(8, alert.state().word());
      insert.setLong(9, alert.raisedAtMillis());
      insert.setLong(10, alert.state().sinceMillis());
      insert.setLong(11, alert.firstMillis());
      insert.setLong(12, alert.lastWindow().endMillis());
      insert.setString(13, AlertJson.text(alert));
      insert.executeUpdate();
    }
  }
}
