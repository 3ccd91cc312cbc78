package dev.skeg.runtime.admin;

import dev.skeg.runtime.monitoring.Monitors;
import dev.skeg.runtime.state.JudgeStates;
import dev.skeg.runtime.state.SqliteAlertStore;
import dev.skeg.runtime.state.StateDatabase;
import dev.skeg.runtime.state.WindowArchive;
import java.nio.file.Path;
import java.time.Clock;

/** Real {@link Monitors} in a directory. */
final class TestMonitors {
  private TestMonitors() {}

  static Monitors in(Path directory) {
    StateDatabase database = new StateDatabase(directory, directory.resolve("native"));
    return new Monitors(
        new SqliteAlertStore(database),
        new JudgeStates(database),
        new WindowArchive(directory.resolve("profiles"), 10, 1 << 20, 1 << 24),
        Clock.systemUTC());
  }
}
