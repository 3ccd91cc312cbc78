package dev.skeg.registry.signature;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.skeg.registry.ArtifactFile;
import dev.skeg.registry.Digests;
import dev.skeg.registry.PublishedLayout;
import dev.skeg.registry.RegistryException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * A {@code model.sig}: a sigstore bundle with a DSSE envelope around an in-toto statement that
 * lists the digest of every file (OpenSSF Model Signing v1.0, and the draft before it).
 *
 * <p>It proves that the signer vouched for exactly these files: not one more, not one less. What is
 * no content (hidden files, the manifest) may be signed and missing, since it is never loaded.
 */
public final class ModelSignature {
  private static final String PAYLOAD_TYPE = "application/vnd.in-toto+json";
  private static final String STATEMENT = "https://in-toto.io/Statement/v1";
  private static final String V1 = "https://model_signing/signature/v1.0";
  private static final String DRAFT = "https://model_signing/Digests/v0.1";
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private ModelSignature() {}

  /**
   * Verifies.
   *
   * @param bundle the signature's bytes
   * @param files what there is, with digests computed from their bytes
   * @param now the moment at which certificates must be valid
   * @throws RegistryException of kind INVALID if the signature does not hold, DENIED if the key or
   *     CA file cannot be read
   */
  public static void verify(
      byte[] bundle, List<ArtifactFile> files, Verification verification, Instant now) {
    JsonNode root = parse(bundle, "the bundle");
    JsonNode envelope = root.path("dsseEnvelope");
    String type = envelope.path("payloadType").asText();
    JsonNode signatures = envelope.path("signatures");
    if (!type.equals(PAYLOAD_TYPE) || signatures.size() != 1) {
      throw invalid("has no DSSE envelope of type " + PAYLOAD_TYPE + " with one signature");
    }
    byte[] payload = base64(envelope.path("payload").asText(), "payload");
    byte[] signature = base64(signatures.path(0).path("sig").asText(), "sig");
    Signers.verify(
        root.path("verificationMaterial"), encoded(type, payload), signature, verification, now);
    requireEqual(signed(parse(payload, "the statement")), content(files));
  }

  /** The DSSE pre-authentication encoding: what is signed. */
  static byte[] encoded(String type, byte[] payload) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    byte[] typeBytes = type.getBytes(StandardCharsets.UTF_8);
    bytes.writeBytes(("DSSEv1 " + typeBytes.length + " ").getBytes(StandardCharsets.US_ASCII));
    bytes.writeBytes(typeBytes);
    bytes.writeBytes((" " + payload.length + " ").getBytes(StandardCharsets.US_ASCII));
    bytes.writeBytes(payload);
    return bytes.toByteArray();
  }

  private static Map<String, String> signed(JsonNode statement) {
    if (!statement.path("_type").asText().equals(STATEMENT)) {
      throw invalid("signs no in-toto statement (expected: " + STATEMENT + ")");
    }
    String predicate = statement.path("predicateType").asText();
    return switch (predicate) {
      case V1 -> resources(statement);
      case DRAFT -> subjects(statement.path("subject"));
      default -> throw invalid("has predicateType '" + predicate + "' (expected: " + V1 + ")");
    };
  }

  private static Map<String, String> resources(JsonNode statement) {
    Map<String, String> signed = new TreeMap<>();
    MessageDigest all = Digests.sha256();
    for (JsonNode resource : statement.path("predicate").path("resources")) {
      String name = resource.path("name").asText();
      String algorithm = resource.path("algorithm").asText().toLowerCase(Locale.ROOT);
      String digest = resource.path("digest").asText();
      if (!algorithm.equals("sha256")) {
        throw invalid(
            "hashes " + name + " with '" + algorithm + "' (expected: sha256 of whole files)");
      }
      all.update(hex(digest));
      put(signed, name, digest);
    }
    String subject = statement.path("subject").path(0).path("digest").path("sha256").asText();
    if (!subject.equals(Digests.hex(all.digest()))) {
      throw invalid("has a subject that is not the digest of its resources");
    }
    return signed;
  }

  private static Map<String, String> subjects(JsonNode subjects) {
    Map<String, String> signed = new TreeMap<>();
    for (JsonNode subject : subjects) {
      String digest = subject.path("digest").path("sha256").asText();
      hex(digest);
      put(signed, subject.path("name").asText(), digest);
    }
    return signed;
  }

  private static void put(Map<String, String> signed, String name, String digest) {
    String path = name.startsWith("./") ? name.substring(2) : name;
    if (PublishedLayout.isContent(path) && signed.put(path, digest) != null) {
      throw invalid("lists " + path + " twice");
    }
  }

  private static Map<String, String> content(List<ArtifactFile> files) {
    Map<String, String> content = new TreeMap<>();
    for (ArtifactFile file : files) {
      if (PublishedLayout.isContent(file.path())) {
        content.put(file.path(), file.sha256());
      }
    }
    return content;
  }

  private static void requireEqual(Map<String, String> signed, Map<String, String> content) {
    List<String> problems = new ArrayList<>();
    signed.forEach((path, digest) -> {
      if (!content.containsKey(path)) {
        problems.add(path + " is signed and missing");
      } else if (!digest.equals(content.get(path))) {
        problems.add(path + " is not what was signed");
      }
    });
    content.keySet().stream()
        .filter(path -> !signed.containsKey(path))
        .forEach(path -> problems.add(path + " is not signed"));
    if (!problems.isEmpty()) {
      String more = problems.size() > 3 ? " and " + (problems.size() - 3) + " more" : "";
      throw invalid(
          "does not fit the files: "
              + String.join(", ", problems.subList(0, Math.min(3, problems.size())))
              + more);
    }
  }

  private static JsonNode parse(byte[] json, String what) {
    try {
      return JSON.readTree(json);
    } catch (JacksonException e) {
      throw invalid("is broken: " + what + " is no JSON");
    } catch (IOException e) {
      throw new IllegalStateException("reading memory failed", e);
    }
  }

  private static byte[] hex(String digest) {
    try {
      byte[] bytes = HexFormat.of().parseHex(digest);
      if (bytes.length == 32) {
        return bytes;
      }
    } catch (IllegalArgumentException e) {
      throw invalid("holds '" + digest + "' (expected: 64 hexadecimal digits)");
    }
    throw invalid("holds '" + digest + "' (expected: 64 hexadecimal digits)");
  }

  static byte[] base64(String text, String field) {
    try {
      return Base64.getDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      throw invalid("has a broken " + field + " (expected: base64)");
    }
  }

  static RegistryException invalid(String problem) {
    return new RegistryException(PublishedLayout.SIGNATURE + " " + problem);
  }
}
