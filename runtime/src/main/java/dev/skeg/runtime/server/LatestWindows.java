package dev.skeg.runtime.server;

import dev.skeg.monitor.baseline.Baseline;
import dev.skeg.monitor.profile.Profile;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.runtime.config.MonitorConfig;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Keeps the latest closed window of each key. <b>Threads.</b> Any. */
final class LatestWindows implements WindowJudge {
  private final Map<ProfileKey, Profile> latest = new ConcurrentHashMap<>();

  @Override
  public void watch(
      String model, long version, MonitorConfig config, Optional<Baseline> baseline) {}

  @Override
  public void forget(String model, long version) {
    latest.keySet().removeIf(key -> key.model().equals(model) && key.version() == version);
  }

  @Override
  public void closed(Profile profile) {
    latest.put(profile.key(), profile);
  }

  /** Returns the latest closed window of a key, if one has closed. */
  Optional<Profile> latest(ProfileKey key) {
    return Optional.ofNullable(latest.get(key));
  }
}
