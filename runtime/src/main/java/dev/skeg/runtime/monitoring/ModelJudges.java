package dev.skeg.runtime.monitoring;

import dev.skeg.monitor.drift.Judge;
import dev.skeg.monitor.drift.WindowVerdict;
import dev.skeg.monitor.profile.Profile;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.state.JudgeStates;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The judges of all models that are watched, and what they remember across restarts.
 *
 * <p><b>Threads.</b> One owner thread.
 */
final class ModelJudges {
  private static final Logger LOG = LoggerFactory.getLogger(ModelJudges.class);

  /** What judges remember is saved once a minute at most: it may be megabytes. */
  private static final long SAVE_MILLIS = 60_000;

  /** What is remembered of a model without a window is kept as long as its windows of an hour. */
  private static final long KEPT_MILLIS = Duration.ofDays(35).toMillis();

  /** A version that is back within an hour, loaded anew or rolled back to, goes on. */
  private static final long GONE_MILLIS = Duration.ofHours(1).toMillis();

  private final JudgeStates states;
  private final Map<String, Judging> judges = new HashMap<>();
  private boolean isFailing;

  /** A model's judge, made for the model as it is watched. */
  private static final class Judging {
    final WatchedModel model;
    final Judge judge;
    final Map<Long, Long> goneSince = new HashMap<>(); // Versions, by when that was seen.
    long savedAtMillis;
    boolean isDirty;

    Judging(WatchedModel model) {
      this.model = model;
      this.judge = new Judge(model.judging().drift(), model::baseline);
    }
  }

  ModelJudges(JudgeStates states) {
    this.states = states;
  }

  WindowVerdict judge(Profile profile, WatchedModel model) {
    Judging judging = judging(profile.key().model(), model);
    WindowVerdict verdict = judging.judge.judge(profile);
    judging.isDirty = true;
    return verdict;
  }

  /**
   * Judges a window whose rest is yet to come, as after a restart: what is remembered stays what it
   * was before the window.
   */
  WindowVerdict preview(Profile profile, WatchedModel model) {
    Judge copy = new Judge(model.judging().drift(), model::baseline);
    try {
      copy.restore(judging(profile.key().model(), model).judge.save());
    } catch (IOException e) {
      throw new UncheckedIOException(e); // It is what has just been saved.
    }
    return copy.judge(profile);
  }

  private Judging judging(String name, WatchedModel model) {
    Judging known = judges.get(name);
    if (known != null && known.model.equals(model)) {
      return known;
    }
    // A judge asks for a baseline once: with another one it begins anew from what it remembers.
    Judging judging = new Judging(model);
    try {
      Optional<byte[]> saved = known == null ? states.load(name) : Optional.of(known.judge.save());
      if (saved.isPresent()) {
        judging.judge.restore(saved.get());
      }
    } catch (ServingException | IOException | IllegalArgumentException e) {
      LOG.atWarn()
          .addKeyValue("model", name)
          .addKeyValue("reason", e.getMessage())
          .log("What was found in earlier windows cannot be read: judging begins anew");
      judging = new Judging(model);
    }
    if (known != null) {
      judging.savedAtMillis = known.savedAtMillis;
      judging.isDirty = known.isDirty;
      judging.goneSince.putAll(known.goneSince);
    }
    judges.put(name, judging);
    return judging;
  }

  /** Forgets a model's versions that have not been watched for an hour. */
  void forgetGone(String model, WatchedModel watched, long nowMillis) {
    Judging judging = judges.get(model);
    if (judging == null) {
      return;
    }
    Set<Long> versions = new HashSet<>();
    judging.judge.keys().forEach(key -> versions.add(key.version()));
    versions.removeAll(watched.versions().keySet());
    judging.goneSince.keySet().retainAll(versions);
    for (long version : versions) {
      if (nowMillis - judging.goneSince.computeIfAbsent(version, _ -> nowMillis) >= GONE_MILLIS) {
        judging.judge.forget(model, version);
        judging.isDirty = true;
      }
    }
  }

  /** Saves what has changed of judges that were not saved within the last minute. */
  void saveDue(long nowMillis) {
    judges.forEach((model, judging) -> {
      if (nowMillis - judging.savedAtMillis >= SAVE_MILLIS) {
        save(model, judging, nowMillis);
      }
    });
  }

  /** Saves all that has changed. */
  void saveAll(long nowMillis) {
    judges.forEach((model, judging) -> save(model, judging, nowMillis));
  }

  private void save(String model, Judging judging, long nowMillis) {
    if (!judging.isDirty) {
      return;
    }
    judging.savedAtMillis = nowMillis;
    try {
      states.save(model, judging.judge.save(), nowMillis);
      judging.isDirty = false;
      isFailing = false;
    } catch (ServingException e) {
      if (!isFailing) {
        LOG.atWarn()
            .addKeyValue("reason", e.getMessage())
            .log("What judges remember is not kept across a restart");
      }
      isFailing = true;
    }
  }

  /** Lets go of a model that is watched no more; what is saved of it serves if it comes back. */
  void release(String model, long nowMillis) {
    Judging judging = judges.remove(model);
    if (judging != null) {
      save(model, judging, nowMillis);
    }
  }

  /** Deletes what is saved of models that have had no window for long. */
  void forgetOld(long nowMillis) {
    try {
      states.forget(nowMillis - KEPT_MILLIS);
    } catch (ServingException e) {
      LOG.atDebug().addKeyValue("reason", e.getMessage()).log("Old states are not deleted");
    }
  }
}
