package dev.skeg.monitor.alert;

import dev.skeg.monitor.alert.AlertSubject.Part;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.profile.Window;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * A finding that people are told of once.
 *
 * @param id {@link #id}: judging the same window again makes the same alert
 * @param severity whom it may wake
 * @param raisedIn the window that raised it
 * @param raisedAtMillis when, since the epoch
 * @param lastWindow the last window that it was held against
 * @param heardAtMillis when that was, since the epoch
 * @param subjects what it is about, in the order found; at least one
 * @param returns how often it came back after it had been over
 */
public record Alert(
    String id,
    ProfileKey key,
    Cause cause,
    Severity severity,
    AlertState state,
    Window raisedIn,
    long raisedAtMillis,
    Window lastWindow,
    long heardAtMillis,
    List<AlertSubject> subjects,
    int returns) {
  /** So many subjects are named in a {@link #summary}. */
  private static final int NAMED = 3;

  private static final int ID_BYTES = 8;

  public Alert {
    subjects = List.copyOf(subjects);
    if (subjects.isEmpty()) {
      throw new IllegalArgumentException("subjects: none (expected: at least one)");
    }
  }

  /** Returns the id of what is raised in a window for one cause: 16 hexadecimal digits. */
  static String id(ProfileKey key, Severity severity, Cause cause, Window window) {
    String all =
        String.join(
            "\0",
            key.model(),
            Long.toString(key.version()),
            key.arm(),
            key.segment(),
            severity.word(),
            cause.word(),
            Long.toString(window.startMillis()),
            Long.toString(window.endMillis()));
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(all.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, ID_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  static Alert raised(
      ProfileKey key,
      Severity severity,
      Cause cause,
      Window window,
      List<Finding> findings,
      long nowMillis) {
    return new Alert(
        id(key, severity, cause, window),
        key,
        cause,
        severity,
        new AlertState.Raised(nowMillis),
        window,
        nowMillis,
        window,
        nowMillis,
        findings.stream().map(finding -> AlertSubject.of(finding, window)).toList(),
        0);
  }

  /**
   * Returns when the first window began that it tells of, since the epoch. That may be before the
   * one that raised it: a window that was judged late has joined it.
   */
  public long firstMillis() {
    long first = raisedIn.startMillis();
    for (AlertSubject subject : subjects) {
      first = Math.min(first, subject.since().startMillis());
    }
    return first;
  }

  /** Returns whether what it tells of still goes on. */
  public boolean isActive() {
    return subjects.stream().anyMatch(AlertSubject::active);
  }

  /**
   * Returns one line for people, as {@code Values are missing: amount, age and 3 more; outputs that
   * follow: score}.
   */
  public String summary() {
    String inputs = names(Part.INPUT);
    String outputs = names(Part.OUTPUT);
    if (inputs.isEmpty() && outputs.isEmpty()) {
      return cause.title();
    }
    if (inputs.isEmpty() || outputs.isEmpty()) {
      return cause.title() + ": " + inputs + outputs;
    }
    return cause.title() + ": " + inputs + "; outputs that follow: " + outputs;
  }

  private String names(Part part) {
    List<String> names =
        subjects.stream().filter(each -> each.part() == part).map(AlertSubject::name).toList();
    int more = names.size() - NAMED;
    return String.join(", ", names.subList(0, Math.min(NAMED, names.size())))
        + (more > 0 ? " and " + more + " more" : "");
  }

  Alert withState(AlertState other) {
    return with(other, subjects, returns);
  }

  Alert with(AlertState newState, List<AlertSubject> newSubjects, int newReturns) {
    return new Alert(
        id,
        key,
        cause,
        severity,
        newState,
        raisedIn,
        raisedAtMillis,
        lastWindow,
        heardAtMillis,
        newSubjects,
        newReturns);
  }

  /** Returns it as held against one more window. */
  Alert heard(Window window, long nowMillis) {
    return new Alert(
        id,
        key,
        cause,
        severity,
        state,
        raisedIn,
        raisedAtMillis,
        window,
        nowMillis,
        subjects,
        returns);
  }

  /** Returns it with one more subject, or with that one found again. */
  Alert joinedBy(Finding finding, Window window) {
    List<AlertSubject> more = new ArrayList<>();
    boolean found = false;
    for (AlertSubject subject : subjects) {
      boolean same = subject.is(finding);
      more.add(same ? subject.again(finding) : subject);
      found |= same;
    }
    if (!found) {
      more.add(AlertSubject.of(finding, window));
    }
    return with(state, more, returns);
  }
}
