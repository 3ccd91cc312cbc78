package dev.skeg.registry.signature;

import com.fasterxml.jackson.databind.JsonNode;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertPath;
import java.security.cert.CertPathValidator;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.security.auth.x500.X500Principal;

/** Whether bytes were signed by whom they should be. Nothing but Java's own cryptography. */
final class Signers {
  private static final String CODE_SIGNING = "1.3.6.1.5.5.7.3.3";
  private static final int MAX_CHAIN = 10;

  private Signers() {}

  static void verify(
      JsonNode material, byte[] signed, byte[] signature, Verification verification, Instant now) {
    PublicKey key;
    if (verification.keyFile().isPresent()) {
      key = readKey(verification.keyFile().get());
    } else if (verification.caFile().isPresent()) {
      List<X509Certificate> chain = chain(material);
      requireTrusted(chain, verification.caFile().get(), now);
      requireCodeSigning(chain.getFirst());
      verification.subject().ifPresent(subject -> requireSubject(chain.getFirst(), subject));
      key = chain.getFirst().getPublicKey();
    } else {
      throw new IllegalArgumentException("verification: neither key nor CA (expected: one)");
    }
    if (!holds(key, signed, signature)) {
      throw ModelSignature.invalid("was not made by the expected key");
    }
  }

  private static boolean holds(PublicKey key, byte[] signed, byte[] signature) {
    if (!(key instanceof ECPublicKey ec)) {
      throw ModelSignature.invalid(
          "is of a key of type " + key.getAlgorithm() + " (expected: EC P-256, P-384 or P-521)");
    }
    String algorithm =
        switch (ec.getParams().getCurve().getField().getFieldSize()) {
          case 256 -> "SHA256withECDSA";
          case 384 -> "SHA384withECDSA";
          case 521 -> "SHA512withECDSA";
          default -> throw ModelSignature.invalid("is of another curve than P-256, P-384 or P-521");
        };
    try {
      Signature verifier = Signature.getInstance(algorithm);
      verifier.initVerify(key);
      verifier.update(signed);
      return verifier.verify(signature);
    } catch (GeneralSecurityException e) {
      return false; // Not even the form of a signature.
    }
  }

  private static PublicKey readKey(Path file) {
    try {
      String pem = Files.readString(file, StandardCharsets.US_ASCII);
      int begin = pem.indexOf("-----BEGIN PUBLIC KEY-----");
      int end = pem.indexOf("-----END PUBLIC KEY-----");
      if (begin < 0 || end < begin) {
        throw new RegistryException(
            Kind.DENIED, file + " holds no public key (expected: PEM, BEGIN PUBLIC KEY)");
      }
      String body = pem.substring(begin + "-----BEGIN PUBLIC KEY-----".length(), end);
      byte[] der = Base64.getMimeDecoder().decode(body);
      return KeyFactory.getInstance("EC").generatePublic(new X509EncodedKeySpec(der));
    } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
      throw new RegistryException(
          Kind.DENIED, file + " cannot be read: " + e + " (expected: an EC public key in PEM)", e);
    }
  }

  /** Returns the certificates of a bundle, the signer's first. */
  private static List<X509Certificate> chain(JsonNode material) {
    List<JsonNode> raw = new ArrayList<>();
    material.path("x509CertificateChain").path("certificates").forEach(raw::add);
    if (raw.isEmpty() && material.has("certificate")) {
      raw.add(material.path("certificate"));
    }
    if (raw.isEmpty() || raw.size() > MAX_CHAIN) {
      throw ModelSignature.invalid(
          "has " + raw.size() + " certificates (expected: 1 to " + MAX_CHAIN + ")");
    }
    List<X509Certificate> chain = new ArrayList<>();
    try {
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      for (JsonNode certificate : raw) {
        byte[] der = ModelSignature.base64(certificate.path("rawBytes").asText(), "rawBytes");
        chain.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der)));
      }
    } catch (GeneralSecurityException e) {
      throw ModelSignature.invalid("has a broken certificate");
    }
    return chain;
  }

  private static void requireTrusted(List<X509Certificate> chain, Path caFile, Instant now) {
    Set<TrustAnchor> anchors = new HashSet<>();
    Set<X509Certificate> roots = new HashSet<>();
    for (Certificate certificate : readCertificates(caFile)) {
      X509Certificate root = (X509Certificate) certificate;
      roots.add(root);
      anchors.add(new TrustAnchor(root, null));
    }
    // A bundle may bring the root along; a path ends before it.
    List<X509Certificate> path =
        chain.stream().filter(certificate -> !roots.contains(certificate)).toList();
    if (path.isEmpty() || !path.getFirst().equals(chain.getFirst())) {
      throw ModelSignature.invalid("was made by the CA itself (expected: by one it vouches for)");
    }
    try {
      CertPath certPath = CertificateFactory.getInstance("X.509").generateCertPath(path);
      PKIXParameters parameters = new PKIXParameters(anchors);
      parameters.setRevocationEnabled(false); // It would open connections that nobody configured.
      parameters.setDate(Date.from(now));
      CertPathValidator.getInstance("PKIX").validate(certPath, parameters);
    } catch (GeneralSecurityException e) {
      throw new RegistryException(
          "model.sig has a certificate that does not lead to "
              + caFile
              + ": "
              + e.getMessage()
              + " (expected: a valid chain)",
          e);
    }
  }

  private static Collection<? extends Certificate> readCertificates(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      Collection<? extends Certificate> certificates =
          CertificateFactory.getInstance("X.509").generateCertificates(in);
      if (!certificates.isEmpty()) {
        return certificates;
      }
    } catch (IOException | GeneralSecurityException e) {
      throw new RegistryException(
          Kind.DENIED, file + " cannot be read: " + e + " (expected: certificates in PEM)", e);
    }
    throw new RegistryException(
        Kind.DENIED, file + " holds no certificate (expected: certificates in PEM)");
  }

  private static void requireCodeSigning(X509Certificate leaf) {
    try {
      List<String> usages = leaf.getExtendedKeyUsage();
      boolean[] bits = leaf.getKeyUsage();
      if (usages == null || !usages.contains(CODE_SIGNING) || (bits != null && !bits[0])) {
        throw ModelSignature.invalid(
            "has a certificate that is not for code signing (expected: extended key usage "
                + CODE_SIGNING
                + ")");
      }
    } catch (GeneralSecurityException e) {
      throw ModelSignature.invalid("has a certificate with a broken extension");
    }
  }

  private static void requireSubject(X509Certificate leaf, String subject) {
    List<String> names = new ArrayList<>();
    names.add(leaf.getSubjectX500Principal().getName());
    try {
      Collection<List<?>> alternatives = leaf.getSubjectAlternativeNames();
      if (alternatives != null) {
        for (List<?> alternative : alternatives) {
          names.add(String.valueOf(alternative.get(1)));
        }
      }
    } catch (GeneralSecurityException e) {
      throw ModelSignature.invalid("has a certificate with broken alternative names");
    }
    if (!names.contains(subject) && !isDistinguishedName(leaf, subject)) {
      throw ModelSignature.invalid(
          "was made by " + String.join(", ", names) + " (expected: " + subject + ")");
    }
  }

  private static boolean isDistinguishedName(X509Certificate leaf, String subject) {
    try {
      return leaf.getSubjectX500Principal().equals(new X500Principal(subject));
    } catch (IllegalArgumentException e) {
      return false; // An address or host, which was compared already.
    }
  }
}
