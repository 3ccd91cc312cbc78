package dev.skeg.registry.hook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.registry.hook.HookResult.Change;
import dev.skeg.registry.hook.HookResult.Changed;
import dev.skeg.registry.hook.HookResult.Refused;
import dev.skeg.registry.hook.HookResult.Unrelated;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Notifications as their senders send them. */
final class HookCheckTest {
  private static final Instant NOW = Instant.ofEpochSecond(1_764_000_000);
  // Not base64: the secret's own bytes are the key.
  private static final String MLFLOW_SECRET = "whsec_not base64!";
  private static final String STANDARD_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

  @Test
  void mlflowsAliasIsReadWhenSignedWithTheBytesOfItsSecret() throws Exception {
    String body =
        "{\"entity\":\"model_version_alias\",\"action\":\"created\",\"timestamp\":\"x\","
            + "\"data\":{\"name\":\"fraud\",\"alias\":\"champion\",\"version\":\"7\"}}";

    assertThat(mlflow(body, NOW, NOW))
        .isEqualTo(new Changed(List.of(new Change("fraud", "champion"))));
    assertThat(mlflow(body, NOW.minusSeconds(180), NOW)).isInstanceOf(Changed.class);
    assertThat(mlflow(body, NOW.minusSeconds(301), NOW)).isInstanceOf(Refused.class);
    assertThat(mlflow(body, NOW.plusSeconds(301), NOW)).isInstanceOf(Refused.class);
    assertThat(mlflow("{\"entity\":\"prompt\",\"data\":{\"name\":\"p\"}}", NOW, NOW))
        .isInstanceOf(Unrelated.class);
  }

  @Test
  void aChangedBodyIdOrTimeIsRefused() throws Exception {
    String signature = sign(MLFLOW_SECRET.getBytes(StandardCharsets.UTF_8), "1", NOW, "{}");

    for (Map<String, String> headers :
        List.of(
            Map.of("x-mlflow-signature", signature, "x-mlflow-timestamp", seconds(NOW)),
            Map.of(
                "x-mlflow-signature",
                signature,
                "x-mlflow-timestamp",
                seconds(NOW),
                "x-mlflow-delivery-id",
                "2"),
            Map.of(
                "x-mlflow-signature",
                signature,
                "x-mlflow-timestamp",
                seconds(NOW.plusSeconds(1)),
                "x-mlflow-delivery-id",
                "1"),
            Map.of(
                "x-mlflow-signature", "v1,%%%",
                "x-mlflow-timestamp", seconds(NOW),
                "x-mlflow-delivery-id", "1"))) {
      assertThat(HookCheck.MLFLOW.check(headers, bytes("{}"), MLFLOW_SECRET, NOW))
          .isInstanceOfSatisfying(
              Refused.class, refused -> assertThat(refused.status()).isEqualTo(401));
    }
  }

  @Test
  void standardWebhooksVerifyWithTheDecodedSecretAndOneOfSeveralSignatures() throws Exception {
    String body = "{\"type\":\"model.published\",\"data\":{\"model\":\"fraud\"}}";
    byte[] key = Base64.getDecoder().decode(STANDARD_SECRET.substring(6));
    Map<String, String> headers =
        Map.of(
            "Webhook-Id",
            "1",
            "Webhook-Timestamp",
            seconds(NOW),
            "Webhook-Signature",
            "v1,AAAA " + sign(key, "1", NOW, body));

    assertThat(HookCheck.STANDARD.check(headers, bytes(body), STANDARD_SECRET, NOW))
        .isEqualTo(new Changed(List.of(new Change("fraud", ""))));
    assertThat(HookCheck.STANDARD.check(headers, bytes(body + " "), STANDARD_SECRET, NOW))
        .isInstanceOf(Refused.class);
  }

  @Test
  void theSpecificationsOwnExampleVerifies() {
    Instant then = Instant.ofEpochSecond(1_614_265_330);
    Map<String, String> headers =
        Map.of(
            "webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp", "1614265330",
            "webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");

    assertThat(
            HookCheck.STANDARD.check(
                headers, bytes("{\"test\": 2432232314}"), STANDARD_SECRET, then))
        .isEqualTo(new Changed(List.of()));
  }

  @Test
  void ociPushesOfTagsAreReadAndBlobsAreNot() {
    String body =
        "{\"events\":[{\"action\":\"push\",\"target\":{\"repository\":\"a/b\",\"digest\":\"x\"}},"
            + "{\"action\":\"push\",\"target\":{\"repository\":\"team/fraud\",\"tag\":\"prod\"}},"
            + "{\"action\":\"pull\",\"target\":{\"repository\":\"team/x\",\"tag\":\"prod\"}}]}";

    assertThat(bearer(HookCheck.OCI, body))
        .isEqualTo(new Changed(List.of(new Change("team/fraud", "prod"))));
    assertThat(bearer(HookCheck.OCI, "{\"events\":[]}")).isInstanceOf(Unrelated.class);
  }

  @Test
  void s3EventsAreReadBareByEventBridgeAndInAnSnsEnvelope() {
    String records =
        "{\"Records\":[{\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"a%2Fb+c\"}}}]}";
    String bridge = "{\"detail\":{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"a/b c\"}}}";
    String envelope =
        "{\"Type\":\"Notification\",\"Message\":\"" + records.replace("\"", "\\\"") + "\"}";

    for (String body : List.of(records, bridge, envelope)) {
      assertThat(bearer(HookCheck.S3, body))
          .isEqualTo(new Changed(List.of(new Change("b", "a/b c"))));
    }
    assertThat(bearer(HookCheck.S3, "{\"Type\":\"SubscriptionConfirmation\"}"))
        .isInstanceOfSatisfying(
            Refused.class, refused -> assertThat(refused.status()).isEqualTo(422));
  }

  @Test
  void cloudStorageNotificationsAreReadWithATokenFromTheUrl() {
    String body =
        "{\"message\":{\"attributes\":{\"bucketId\":\"b\",\"objectId\":\"m/_pointers/latest\"}}}";

    Changed changed = new Changed(List.of(new Change("b", "m/_pointers/latest")));
    assertThat(HookCheck.GS.check(Map.of("X-Skeg-Token", "s3cret"), bytes(body), "s3cret", NOW))
        .isEqualTo(changed);
    // A push subscription with authentication brings Google's token of its own beside it.
    Map<String, String> both = Map.of("Authorization", "Bearer eyJ.a.b", "X-Skeg-Token", "s3cret");
    assertThat(HookCheck.GS.check(both, bytes(body), "s3cret", NOW)).isEqualTo(changed);
    assertThat(HookCheck.GS.check(both, bytes(body), "other", NOW)).isInstanceOf(Refused.class);
  }

  @ParameterizedTest
  @EnumSource(HookCheck.class)
  void withoutProofNothingIsRead(HookCheck check) {
    HookResult result =
        check.check(Map.of("Authorization", "Bearer guess"), bytes("{}"), STANDARD_SECRET, NOW);

    assertThat(result)
        .isInstanceOfSatisfying(
            Refused.class,
            refused -> {
              assertThat(refused.status()).isEqualTo(401);
              assertThat(refused.reason()).contains("expected").doesNotContain(STANDARD_SECRET);
            });
  }

  @ParameterizedTest
  @EnumSource(
      value = HookCheck.class,
      names = {"OCI", "S3", "GS"})
  void aGenuineBodyThatCannotBeReadIsRefusedAndAHugeOneToo(HookCheck check) {
    for (String body : List.of("", "[]", "{", "null", "{\"message\":1}")) {
      assertThat(bearer(check, body))
          .isInstanceOfSatisfying(
              Refused.class, refused -> assertThat(refused.status()).isEqualTo(400));
    }
    assertThat(check.check(Map.of(), new byte[HookCheck.MAX_BODY_BYTES + 1], "s", NOW))
        .isInstanceOfSatisfying(
            Refused.class, refused -> assertThat(refused.status()).isEqualTo(413));
  }

  @Test
  void checksAreFoundByTheNameInThePath() {
    assertThat(HookCheck.of("mlflow")).contains(HookCheck.MLFLOW);
    assertThat(HookCheck.of("nope")).isEmpty();
  }

  private static HookResult mlflow(String body, Instant sent, Instant now) throws Exception {
    return HookCheck.MLFLOW.check(
        Map.of(
            "X-MLflow-Signature",
            sign(MLFLOW_SECRET.getBytes(StandardCharsets.UTF_8), "d-1", sent, body),
            "X-MLflow-Timestamp",
            seconds(sent),
            "X-MLflow-Delivery-Id",
            "d-1"),
        bytes(body),
        MLFLOW_SECRET,
        now);
  }

  private static HookResult bearer(HookCheck check, String body) {
    return check.check(Map.of("authorization", "bearer s3cret"), bytes(body), "s3cret", NOW);
  }

  private static String sign(byte[] key, String id, Instant sent, String body) throws Exception {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    byte[] signature = mac.doFinal(bytes(id + "." + seconds(sent) + "." + body));
    return "v1," + Base64.getEncoder().encodeToString(signature);
  }

  private static String seconds(Instant time) {
    return Long.toString(time.getEpochSecond());
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
