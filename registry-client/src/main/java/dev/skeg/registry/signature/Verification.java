package dev.skeg.registry.signature;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Whose signature a version must bear.
 *
 * @param required refuse versions without {@code model.sig}; a signature that is there is checked
 *     all the same if a key or certificate is given
 * @param keyFile the signer's public key, EC P-256, P-384 or P-521, in PEM
 * @param caFile certificates in PEM, to one of which the signer's must lead
 * @param subject who the certificate must name: its subject's distinguished name, or one of its
 *     alternative names (email address, URI or host); empty for anyone that the CA vouches for
 */
public record Verification(
    boolean required, Optional<Path> keyFile, Optional<Path> caFile, Optional<String> subject) {
  /** Checks nothing but digests. */
  public static final Verification NONE =
      new Verification(false, Optional.empty(), Optional.empty(), Optional.empty());

  public Verification {
    if (keyFile.isPresent() && caFile.isPresent()) {
      throw new IllegalArgumentException("keyFile and caFile are both given (expected: one)");
    }
    if (required && keyFile.isEmpty() && caFile.isEmpty()) {
      throw new IllegalArgumentException(
          "signature is required, but neither keyFile nor caFile is given (expected: one)");
    }
    if (subject.isPresent() && caFile.isEmpty()) {
      throw new IllegalArgumentException("subject is given without caFile (expected: both)");
    }
  }

  /** Requires the signature of a key. */
  public static Verification byKey(Path keyFile) {
    return new Verification(true, Optional.of(keyFile), Optional.empty(), Optional.empty());
  }

  /** Requires the signature of a certificate that a CA vouches for. */
  public static Verification byCertificate(Path caFile, Optional<String> subject) {
    return new Verification(true, Optional.empty(), Optional.of(caFile), subject);
  }

  /** Whether there is anything to check a signature with. */
  public boolean isPossible() {
    return keyFile.isPresent() || caFile.isPresent();
  }
}
