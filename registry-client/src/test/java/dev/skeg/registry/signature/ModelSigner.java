package dev.skeg.registry.signature;

import dev.skeg.registry.Artifact;
import dev.skeg.registry.ArtifactFile;
import dev.skeg.registry.Digests;
import dev.skeg.registry.PublishedLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.spec.ECGenParameterSpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;

/** Signs versions as OpenSSF's {@code model_signing} does. */
public final class ModelSigner {
  private ModelSigner() {}

  /** Makes a key of a curve, as {@code secp256r1}. */
  public static KeyPair pair(String curve) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec(curve));
    return generator.generateKeyPair();
  }

  /** Returns the public key in PEM. */
  public static String pem(KeyPair pair) {
    return "-----BEGIN PUBLIC KEY-----\n"
        + Base64.getMimeEncoder().encodeToString(pair.getPublic().getEncoded())
        + "\n-----END PUBLIC KEY-----\n";
  }

  /** Writes the signature of a version's files beside them, by a key of the curve secp256r1. */
  public static void sign(Path version, KeyPair pair) throws Exception {
    byte[] bundle =
        bundle(v1(Artifact.of(version).files()), pair.getPrivate(), "SHA256withECDSA", List.of());
    Files.write(version.resolve(PublishedLayout.SIGNATURE), bundle);
  }

  static String rootDigest(List<ArtifactFile> files) {
    MessageDigest all = Digests.sha256();
    files.forEach(file -> all.update(HexFormat.of().parseHex(file.sha256())));
    return Digests.hex(all.digest());
  }

  static String v1(List<ArtifactFile> files) {
    List<String> resources =
        files.stream()
            .map(file ->
                "{\"name\":\"%s\",\"algorithm\":\"sha256\",\"digest\":\"%s\"}"
                    .formatted(file.path(), file.sha256()))
            .toList();
    return ("{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"name\":\"m\","
            + "\"digest\":{\"sha256\":\"%s\"}}],\"predicateType\":"
            + "\"https://model_signing/signature/v1.0\",\"predicate\":{\"serialization\":{"
            + "\"method\":\"files\",\"hash_type\":\"sha256\"},\"resources\":[%s]}}")
        .formatted(rootDigest(files), String.join(",", resources));
  }

  static byte[] bundle(String statement, PrivateKey key, String algorithm, List<Certificate> chain)
      throws Exception {
    byte[] payload = statement.getBytes(StandardCharsets.UTF_8);
    Signature signature = Signature.getInstance(algorithm);
    signature.initSign(key);
    // Written out here too, so that the encoding is not only compared with itself.
    signature.update(
        ("DSSEv1 28 application/vnd.in-toto+json " + payload.length + " ")
            .getBytes(StandardCharsets.UTF_8));
    signature.update(payload);
    List<String> certificates = new ArrayList<>();
    for (Certificate certificate : chain) {
      certificates.add("{\"rawBytes\":\"" + base64(certificate.getEncoded()) + "\"}");
    }
    return ("{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\","
            + "\"verificationMaterial\":{\"x509CertificateChain\":{\"certificates\":[%s]}},"
            + "\"dsseEnvelope\":{\"payload\":\"%s\",\"payloadType\":\"application/vnd.in-toto+json\","
            + "\"signatures\":[{\"sig\":\"%s\",\"keyid\":\"\"}]}}")
        .formatted(String.join(",", certificates), base64(payload), base64(signature.sign()))
        .getBytes(StandardCharsets.UTF_8);
  }

  static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }
}
