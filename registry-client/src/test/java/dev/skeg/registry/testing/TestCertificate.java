package dev.skeg.registry.testing;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * A key and a certificate for 127.0.0.1 that signs itself, made by the JDK's keytool.
 *
 * @param certificateFile in PEM
 * @param keyFile in PEM
 */
public record TestCertificate(
    PrivateKey key, Certificate certificate, Path certificateFile, Path keyFile) {
  private static final String PASSWORD = "changeit";

  /** Makes one in an empty directory. */
  public static TestCertificate make(Path directory)
      throws IOException, InterruptedException, GeneralSecurityException {
    Path store = directory.resolve("keys.p12");
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
            "-genkeypair",
            "-alias",
            "test",
            "-keyalg",
            "RSA",
            "-dname",
            "CN=skeg-test",
            "-ext",
            "san=ip:127.0.0.1",
            "-validity",
            "3650",
            "-storetype",
            "PKCS12",
            "-keystore",
            store.toString(),
            "-storepass",
            PASSWORD);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IllegalStateException("keytool: " + output);
    }
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, PASSWORD.toCharArray());
    }
    PrivateKey key = (PrivateKey) keys.getKey("test", PASSWORD.toCharArray());
    Certificate certificate = keys.getCertificate("test");
    return new TestCertificate(
        key,
        certificate,
        pem(directory.resolve("certificate.pem"), "CERTIFICATE", certificate.getEncoded()),
        pem(directory.resolve("key.pem"), "PRIVATE KEY", key.getEncoded()));
  }

  /** Returns what a server shows the certificate by. */
  public SSLContext context() throws GeneralSecurityException, IOException {
    KeyStore keys = KeyStore.getInstance("PKCS12");
    keys.load(null, null);
    keys.setKeyEntry("test", key, PASSWORD.toCharArray(), new Certificate[] {certificate});
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(keys, PASSWORD.toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    return context;
  }

  private static Path pem(Path file, String type, byte[] der) throws IOException {
    String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    return Files.writeString(
        file, "-----BEGIN " + type + "-----\n" + body + "\n-----END " + type + "-----\n");
  }
}
