package dev.skeg.runtime.monitoring;

import dev.skeg.monitor.drift.VerdictJson;
import dev.skeg.monitor.drift.WindowVerdict;
import dev.skeg.monitor.profile.Profile;
import dev.skeg.monitor.profile.ProfileJson;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.runtime.admin.page.PastVerdict;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.state.WindowArchive;
import dev.skeg.runtime.state.WindowArchive.Kept;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has closed windows kept, with what was said of them. A window that a restart or a load of the
 * same version has cut in two is one again once both parts are there: the first is told by being
 * partial and having closed before it could be over. Any other window that comes again, as of
 * recorded traffic that is played back, stands in place of what was kept of it.
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

  /**
   * Returns a window with what is kept of its earlier part, if its rest was waited for and both are
   * in the same bins; empty if more of its rows are kept than are there now, as when a few come
   * after a restart, which has forgotten that their window had closed.
   *
   * @param latenessMillis how long after its end it may get rows
   */
  Optional<Profile> whole(Profile part, long latenessMillis) {
    try {
      Optional<Kept> kept = archive.kept(part.key(), part.window());
      Optional<Profile> earlier = kept.flatMap(this::read);
      if (earlier.isEmpty()) {
        return Optional.of(part);
      }
      if (isCut(kept.orElseThrow(), latenessMillis, earlier.get())) {
        return Optional.of(earlier.get().merge(part));
      }
      boolean isMore = earlier.get().counts().represented() > part.counts().represented();
      return isMore ? Optional.empty() : Optional.of(part);
    } catch (ServingException | IllegalArgumentException e) {
      // In other bins, or it cannot be read: then the later part stands for both.
      return Optional.of(part);
    }
  }

  /**
   * Returns the windows of a version whose rest was waited for when the server stopped.
   *
   * @param latenessMillis how long after its end a window may get rows
   * @param sinceMillis earlier windows are left out
   */
  List<Profile> cut(String model, long version, long latenessMillis, long sinceMillis) {
    List<Profile> found = new ArrayList<>();
    try {
      for (ProfileKey key : archive.keys(model)) {
        List<Kept> windows = key.version() == version ? archive.lastClosed(key) : List.of();
        for (Kept each : windows) {
          if (each.window().endMillis() >= sinceMillis && isEarly(each, latenessMillis)) {
            read(each).filter(profile -> profile.counts().isPartial()).ifPresent(found::add);
          }
        }
      }
    } catch (ServingException | IllegalArgumentException e) {
      LOG.atWarn()
          .addKeyValue("model", model)
          .addKeyValue("version", version)
          .addKeyValue("reason", e.getMessage())
          .log("Windows that a stop has cut cannot be read: they are judged if their rest comes");
    }
    return found;
  }

  private Optional<Profile> read(Kept kept) {
    return archive.profile(kept.key(), kept.window()).map(ProfileJson::read);
  }

  private static boolean isCut(Kept kept, long latenessMillis, Profile profile) {
    return profile.counts().isPartial() && isEarly(kept, latenessMillis);
  }

  /** Returns whether a window has closed when it could still have had rows. */
  private static boolean isEarly(Kept kept, long latenessMillis) {
    return kept.closedAtMillis() < kept.window().endMillis() + latenessMillis;
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
