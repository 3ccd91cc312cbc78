package dev.skeg.registry.hook;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * Verifies and reads the notifications of one kind of source. A push is only a hint, so a genuine
 * one that is replayed within its window does no harm but one look too many.
 */
public enum HookCheck {
  /** MLflow's webhooks: HMAC with the secret's own bytes. */
  MLFLOW {
    @Override
    Optional<HookResult> refusal(HookMessage message, String secret, Instant now) {
      return Signatures.mlflow(message, secret, now);
    }

    @Override
    HookResult read(JsonNode body) {
      return Bodies.mlflow(body);
    }
  },
  /** Notifications of OCI distribution registries, with a bearer token. */
  OCI {
    @Override
    Optional<HookResult> refusal(HookMessage message, String secret, Instant now) {
      return Signatures.bearer(message, secret);
    }

    @Override
    HookResult read(JsonNode body) {
      return Bodies.oci(body);
    }
  },
  /** S3 event notifications, bare, by EventBridge or in an SNS envelope, with a bearer token. */
  S3 {
    @Override
    Optional<HookResult> refusal(HookMessage message, String secret, Instant now) {
      return Signatures.bearer(message, secret);
    }

    @Override
    HookResult read(JsonNode body) {
      return Bodies.s3(body);
    }
  },
  /** Cloud Storage notifications by a Pub/Sub push, with a shared token. */
  GS {
    @Override
    Optional<HookResult> refusal(HookMessage message, String secret, Instant now) {
      return Signatures.bearer(message, secret);
    }

    @Override
    HookResult read(JsonNode body) {
      return Bodies.gs(body);
    }
  },
  /** Standard Webhooks with a {@code whsec_} secret. */
  STANDARD {
    @Override
    Optional<HookResult> refusal(HookMessage message, String secret, Instant now) {
      return Signatures.standard(message, secret, now);
    }

    @Override
    HookResult read(JsonNode body) {
      return Bodies.standard(body);
    }
  };

  /** The largest body that is read. */
  public static final int MAX_BODY_BYTES = 1 << 20;

  /** Returns the check for a source's name in the hook's path, as {@code mlflow}; empty if none. */
  public static Optional<HookCheck> of(String source) {
    for (HookCheck check : values()) {
      if (check.name().equalsIgnoreCase(source)) {
        return Optional.of(check);
      }
    }
    return Optional.empty();
  }

  /**
   * Checks a notification.
   *
   * @param headers of the request, names in any case; a sender that can only put its token into the
   *     URL has it here as {@code x-skeg-token}
   * @param secret the shared secret; never shown
   */
  public HookResult check(Map<String, String> headers, byte[] body, String secret, Instant now) {
    if (secret.isEmpty()) {
      throw new IllegalArgumentException("secret: '' (expected: a shared secret)");
    }
    if (body.length > MAX_BODY_BYTES) {
      return tooLarge();
    }
    HookMessage message = new HookMessage(headers, body);
    return refusal(message, secret, now).orElseGet(() -> read(message.json()));
  }

  /** Reads a notification that has proved itself by other means than a shared secret. */
  public HookResult read(byte[] body) {
    return body.length > MAX_BODY_BYTES ? tooLarge() : read(HookMessage.parse(body));
  }

  private static HookResult tooLarge() {
    return new HookResult.Refused(413, "body: more than " + MAX_BODY_BYTES + " bytes");
  }

  /** Returns why a notification is not genuine; empty if it is. */
  abstract Optional<HookResult> refusal(HookMessage message, String secret, Instant now);

  abstract HookResult read(JsonNode body);
}
