package dev.skeg.registry.hook;

import com.fasterxml.jackson.databind.JsonNode;
import dev.skeg.registry.hook.HookResult.Change;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** What genuine notifications say. */
final class Bodies {
  private Bodies() {}

  static HookResult mlflow(JsonNode body) {
    String entity = body.path("entity").asText();
    String name = body.path("data").path("name").asText();
    if (entity.isEmpty()) {
      return unreadable("entity, action and data of an MLflow webhook");
    }
    if (name.isEmpty()
        || !(entity.startsWith("model_version") || entity.equals("registered_model"))) {
      return new HookResult.Unrelated();
    }
    String alias = body.path("data").path("alias").asText();
    String reference = alias.isEmpty() ? body.path("data").path("version").asText() : alias;
    return new HookResult.Changed(List.of(new Change(name, reference)));
  }

  static HookResult oci(JsonNode body) {
    if (!body.path("events").isArray()) {
      return unreadable("events of a registry notification");
    }
    List<Change> changes = new ArrayList<>();
    for (JsonNode event : body.path("events")) {
      JsonNode target = event.path("target");
      String repository = target.path("repository").asText();
      // Blobs are pushed before the manifest; only what has a tag can be pointed to.
      if (event.path("action").asText().equals("push")
          && !repository.isEmpty()
          && !target.path("tag").asText().isEmpty()) {
        changes.add(new Change(repository, target.path("tag").asText()));
      }
    }
    return changed(changes);
  }

  static HookResult s3(JsonNode body) {
    String type = body.path("Type").asText();
    if (type.equals("Notification")) {
      byte[] message = body.path("Message").asText().getBytes(StandardCharsets.UTF_8);
      return s3(HookMessage.parse(message), true);
    }
    if (type.equals("SubscriptionConfirmation")) {
      return new HookResult.Refused(
          422, "Type: SubscriptionConfirmation (expected: confirmed by hand; no URL is opened)");
    }
    return s3(body, false);
  }

  private static HookResult s3(JsonNode body, boolean inEnvelope) {
    JsonNode detail = body.path("detail");
    List<Change> changes = new ArrayList<>();
    if (body.path("Records").isArray()) {
      for (JsonNode event : body.path("Records")) {
        JsonNode s3 = event.path("s3");
        String key = s3.path("object").path("key").asText();
        add(changes, s3.path("bucket").path("name").asText(), urlDecoded(key));
      }
    } else if (detail.path("bucket").path("name").isTextual()) {
      add(
          changes,
          detail.path("bucket").path("name").asText(),
          detail.path("object").path("key").asText());
    } else if (!body.path("Event").asText().equals("s3:TestEvent")) {
      return unreadable(
          inEnvelope ? "an S3 event as Message" : "Records, or detail, of an S3 event");
    }
    return changed(changes);
  }

  /** S3 encodes keys as forms do. */
  private static String urlDecoded(String key) {
    try {
      return URLDecoder.decode(key, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return key;
    }
  }

  static HookResult gs(JsonNode body) {
    JsonNode attributes = body.path("message").path("attributes");
    if (!attributes.path("bucketId").isTextual()) {
      return unreadable("message.attributes.bucketId of a Pub/Sub push");
    }
    List<Change> changes = new ArrayList<>();
    add(changes, attributes.path("bucketId").asText(), attributes.path("objectId").asText());
    return changed(changes);
  }

  static HookResult standard(JsonNode body) {
    if (!body.isObject()) {
      return unreadable("a JSON object");
    }
    List<Change> changes = new ArrayList<>();
    JsonNode data = body.path("data");
    add(changes, data.path("model").asText(), data.path("reference").asText());
    for (JsonNode model : data.path("models")) {
      add(changes, model.asText(), "");
    }
    return new HookResult.Changed(changes);
  }

  private static void add(List<Change> changes, String name, String reference) {
    if (!name.isEmpty()) {
      changes.add(new Change(name, reference));
    }
  }

  private static HookResult changed(List<Change> changes) {
    return changes.isEmpty() ? new HookResult.Unrelated() : new HookResult.Changed(changes);
  }

  private static HookResult unreadable(String expected) {
    return new HookResult.Refused(400, "body: unreadable (expected: " + expected + ")");
  }
}
