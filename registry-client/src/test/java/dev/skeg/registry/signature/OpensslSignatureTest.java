package dev.skeg.registry.signature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.registry.Artifact;
import dev.skeg.registry.ArtifactFile;
import dev.skeg.registry.PublishedLayout;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.testing.Versions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Signatures that {@code sign.sh} makes with openssl and the shell: by the specifications, and with
 * none of our code.
 */
final class OpensslSignatureTest {
  @TempDir Path directory;
  private Path version;
  private Path script;

  @BeforeEach
  void write() throws IOException {
    version = Versions.write(directory.resolve("version"), 1, 3, 1000);
    script = directory.resolve("sign.sh");
    try (InputStream in =
        Objects.requireNonNull(OpensslSignatureTest.class.getResourceAsStream("sign.sh"))) {
      Files.copy(in, script);
    }
  }

  @ParameterizedTest
  @CsvSource({"P-256, sha256", "P-384, sha384", "P-521, sha512"})
  void aKeysSignatureHoldsForTheFilesThatWereSigned(String curve, String hash) throws Exception {
    Path key = key("signer", curve);
    Path publicKey = directory.resolve("signer.pub");
    openssl("pkey", "-in", key.toString(), "-pubout", "-out", publicKey.toString());
    Path other = directory.resolve("other.pub");
    openssl("pkey", "-in", key("other", curve).toString(), "-pubout", "-out", other.toString());
    run("sh", script.toString(), version.toString(), key.toString(), hash);

    verify(Verification.byKey(publicKey));

    assertThatThrownBy(() -> verify(Verification.byKey(other)))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("expected key");
    Files.writeString(version.resolve("more"), "unsigned");
    assertThatThrownBy(() -> verify(Verification.byKey(publicKey)))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("more is not signed");
  }

  @Test
  void aCertificatesSignatureHoldsUnderItsCaForItsSubject() throws Exception {
    Path ca = ca("ca");
    Path key = key("signer", "P-256");
    Path certificate = certificate(key, "ca");
    run(
        "sh",
        script.toString(),
        version.toString(),
        key.toString(),
        "sha256",
        certificate.toString(),
        ca.toString());

    verify(Verification.byCertificate(ca, Optional.of("ml@example.org")));

    Path other = ca("other");
    assertThatThrownBy(() -> verify(Verification.byCertificate(other, Optional.empty())))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("does not lead to");
    assertThatThrownBy(() -> verify(Verification.byCertificate(ca, Optional.of("CN=eve"))))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("expected: CN=eve");
  }

  private void verify(Verification verification) throws IOException {
    List<ArtifactFile> files = Artifact.of(version).files();
    byte[] bundle = Files.readAllBytes(version.resolve(PublishedLayout.SIGNATURE));
    ModelSignature.verify(bundle, files, verification, Instant.now());
  }

  private Path key(String name, String curve) throws Exception {
    Path key = directory.resolve(name + ".key");
    openssl(
        "genpkey",
        "-algorithm",
        "EC",
        "-pkeyopt",
        "ec_paramgen_curve:" + curve,
        "-out",
        key.toString());
    return key;
  }

  private Path ca(String name) throws Exception {
    Path certificate = directory.resolve(name + ".pem");
    openssl(
        "req",
        "-x509",
        "-new",
        "-key",
        key(name, "P-256").toString(),
        "-subj",
        "/CN=" + name,
        "-days",
        "2",
        "-addext",
        "keyUsage=critical,keyCertSign",
        "-out",
        certificate.toString());
    return certificate;
  }

  private Path certificate(Path key, String ca) throws Exception {
    Path request = directory.resolve("signer.csr");
    openssl(
        "req",
        "-new",
        "-key",
        key.toString(),
        "-subj",
        "/O=Example/CN=signer",
        "-out",
        request.toString());
    Path extensions =
        Files.writeString(
            directory.resolve("extensions"),
            """
            keyUsage=critical,digitalSignature
            extendedKeyUsage=codeSigning
            subjectAltName=email:ml@example.org
            """);
    Path certificate = directory.resolve("signer.pem");
    openssl(
        "x509",
        "-req",
        "-in",
        request.toString(),
        "-CA",
        directory.resolve(ca + ".pem").toString(),
        "-CAkey",
        directory.resolve(ca + ".key").toString(),
        "-CAcreateserial",
        "-days",
        "2",
        "-extfile",
        extensions.toString(),
        "-out",
        certificate.toString());
    return certificate;
  }

  private void openssl(String... arguments) throws Exception {
    String[] command = new String[arguments.length + 1];
    command[0] = "openssl";
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    run(command);
  }

  private void run(String... command) throws Exception {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("TMPDIR", directory.toString());
    Process process = builder.start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(output).isZero();
  }
}
