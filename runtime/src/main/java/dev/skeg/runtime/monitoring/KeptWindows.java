package dev.skeg.runtime.monitoring;

import dev.skeg.monitor.drift.VerdictJson;
import dev.skeg.monitor.drift.WindowVerdict;
import dev.skeg.monitor.profile.Profile;
import dev.skeg.monitor.profile.ProfileJson;
import dev.skeg.runtime.admin.page.PastVerdict;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.state.WindowArchive;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has closed windows kept, with what was said of them. A window that a restart or a load of the
 * same version has cut in two is one again once both parts are there.
 *
 * <p><b>Threads.</b> One owner thread.
 */
final class KeptWindows {
  private static final Logger LOG = LoggerFactory.getLogger(KeptWindows.class);

  private final WindowArchive archive;
  private final WindowHistory history;
  private boolean isFailing;

  KeptWindows(WindowArchive archive, WindowHistory history) {
    this.archive = archive;
    this.history = history;
  }

  /** Returns a window with what is kept of its earlier part, if there is one in the same bins. */
  Profile whole(Profile part) {
    try {
      Optional<Profile> earlier =
          archive
              .profile(part.key(), part.window())
              .map(ProfileJson::read)
              .filter(kept -> kept.counts().isPartial());
      return earlier.isPresent() ? earlier.get().merge(part) : part;
    } catch (ServingException | IllegalArgumentException e) {
      return part; // In other bins, or it cannot be read: then the later part stands for both.
    }
  }

  void keep(Profile profile, WindowVerdict verdict, long nowMillis) {
    try {
      archive.keep(
          profile.key(),
          profile.window(),
          ProfileJson.write(profile),
          VerdictJson.write(verdict),
          nowMillis);
      isFailing = false;
    } catch (ServingException e) {
      if (!isFailing) {
        LOG.atWarn().addKeyValue("reason", e.getMessage()).log("Windows are not kept");
      }
      isFailing = true;
    }
    history.add(profile.key(), PastVerdict.of(verdict));
  }

  /** Lets go of what is in memory of a version; it is read again when it is asked for. */
  void release(String model, long version) {
    history.release(model, version);
    archive.release(model, version);
  }

  /** Deletes what is too much of a model. */
  void prune(String model) {
    try {
      archive.prune(model);
    } catch (ServingException e) {
      LOG.atWarn().addKeyValue("reason", e.getMessage()).log("Old windows are not deleted");
    }
  }
}
