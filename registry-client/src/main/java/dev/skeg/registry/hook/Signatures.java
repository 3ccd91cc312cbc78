package dev.skeg.registry.hook;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Whether a notification is genuine: each returns why it is refused, empty if it is not. */
final class Signatures {
  /** MLflow and Standard Webhooks send the first attempt's time with some retries. */
  private static final Duration WINDOW = Duration.ofMinutes(5);

  private static final String STANDARD_PREFIX = "whsec_";

  private Signatures() {}

  static Optional<HookResult> bearer(HookMessage message, String token) {
    String authorization = message.header("authorization");
    String bearer =
        authorization.regionMatches(true, 0, "Bearer ", 0, 7)
            ? authorization.substring(7).strip()
            : "";
    return same(bearer, token) || same(message.header("x-skeg-token"), token)
        ? Optional.empty()
        : refused("authorization: no or another token (expected: Bearer and the shared token)");
  }

  /**
   * MLflow signs like Standard Webhooks, but with the bytes of the secret as it was typed where
   * they decode it from base64.
   */
  static Optional<HookResult> mlflow(HookMessage message, String secret, Instant now) {
    return signed(
        message, "x-mlflow-", "delivery-id", secret.getBytes(StandardCharsets.UTF_8), now);
  }

  static Optional<HookResult> standard(HookMessage message, String secret, Instant now) {
    byte[] key;
    try {
      key =
          Base64.getDecoder()
              .decode(
                  secret.startsWith(STANDARD_PREFIX)
                      ? secret.substring(STANDARD_PREFIX.length())
                      : secret);
    } catch (IllegalArgumentException e) {
      // Not the cause: it quotes a character of the secret.
      throw new IllegalArgumentException("secret: no base64 (expected: whsec_ and base64)");
    }
    return signed(message, "webhook-", "id", key, now);
  }

  private static Optional<HookResult> signed(
      HookMessage message, String prefix, String idName, byte[] key, Instant now) {
    String id = message.header(prefix + idName);
    String timestamp = message.header(prefix + "timestamp");
    if (id.isEmpty() || !timestamp.matches("\\d{1,12}")) {
      return refused(
          "no " + prefix + idName + " or " + prefix + "timestamp (expected: both, signed)");
    }
    Instant sent = Instant.ofEpochSecond(Long.parseLong(timestamp));
    if (Duration.between(sent, now).abs().compareTo(WINDOW) > 0) {
      return refused(
          prefix
              + "timestamp: too old or too new (expected: within "
              + WINDOW.toMinutes()
              + " min)");
    }
    byte[] expected = hmac(key, id + "." + timestamp + ".", message.body());
    for (String signature : message.header(prefix + "signature").split(" ", 16)) {
      if (signature.startsWith("v1,") && same(decoded(signature.substring(3)), expected)) {
        return Optional.empty();
      }
    }
    return refused(prefix + "signature: none that holds (expected: v1,… made with the secret)");
  }

  private static byte[] hmac(byte[] key, String head, byte[] body) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      mac.update(head.getBytes(StandardCharsets.UTF_8));
      return mac.doFinal(body);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has HmacSHA256", e);
    }
  }

  private static byte[] decoded(String base64) {
    try {
      return Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      return new byte[0];
    }
  }

  private static boolean same(String a, String b) {
    return same(a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));
  }

  private static boolean same(byte[] a, byte[] b) {
    return MessageDigest.isEqual(a, b);
  }

  private static Optional<HookResult> refused(String reason) {
    return Optional.of(new HookResult.Refused(401, reason));
  }
}
