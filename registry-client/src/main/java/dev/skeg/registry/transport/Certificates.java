package dev.skeg.registry.transport;

import dev.skeg.registry.RegistryException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Collection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/** Builds what trusts a file's certificates beside Java's own. */
public final class Certificates {
  private Certificates() {}

  /**
   * Returns a context that trusts Java's certificates and those in the file.
   *
   * @param caFile certificates in PEM
   * @throws RegistryException if it cannot be read or holds none
   */
  public static SSLContext context(Path caFile) {
    try {
      KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
      trusted.load(null, null);
      int count = 0;
      for (TrustManager manager : managers(null)) {
        if (manager instanceof X509TrustManager x509) {
          for (X509Certificate certificate : x509.getAcceptedIssuers()) {
            trusted.setCertificateEntry("java-" + count++, certificate);
          }
        }
      }
      for (Certificate certificate : read(caFile)) {
        trusted.setCertificateEntry("file-" + count++, certificate);
      }
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, managers(trusted), null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw unreadable(caFile, e);
    }
  }

  private static Collection<? extends Certificate> read(Path caFile) {
    try (InputStream in = Files.newInputStream(caFile)) {
      Collection<? extends Certificate> certificates =
          CertificateFactory.getInstance("X.509").generateCertificates(in);
      if (certificates.isEmpty()) {
        throw new RegistryException(caFile + " holds no certificate (expected: PEM)");
      }
      return certificates;
    } catch (GeneralSecurityException | IOException e) {
      throw unreadable(caFile, e);
    }
  }

  private static TrustManager[] managers(@Nullable KeyStore trusted)
      throws GeneralSecurityException {
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(trusted);
    return factory.getTrustManagers();
  }

  private static RegistryException unreadable(Path caFile, Exception cause) {
    return new RegistryException(
        RegistryException.Kind.DENIED,
        caFile + " cannot be read: " + cause + " (expected: certificates in PEM)",
        cause);
  }
}
