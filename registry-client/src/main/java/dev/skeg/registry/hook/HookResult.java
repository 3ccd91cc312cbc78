package dev.skeg.registry.hook;

import java.util.List;

/** What became of a notification. */
public sealed interface HookResult {
  /**
   * One thing that changed.
   *
   * @param name of the model, repository or bucket
   * @param reference alias, version, tag or object key; empty if the notification names none
   */
  record Change(String name, String reference) {}

  /**
   * It is genuine.
   *
   * @param changes what changed; empty if the sender did not say, so that anything may have
   */
  record Changed(List<Change> changes) implements HookResult {
    public Changed {
      changes = List.copyOf(changes);
    }
  }

  /** It is genuine and tells of nothing that a pointer could follow. */
  record Unrelated() implements HookResult {}

  /**
   * It is not to be acted on.
   *
   * @param status HTTP status of the answer
   * @param reason for the sender: says what is expected, nothing of the secret
   */
  record Refused(int status, String reason) implements HookResult {}
}
