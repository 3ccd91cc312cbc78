package dev.skeg.registry.signature;

import static dev.skeg.registry.signature.ModelSigner.base64;
import static dev.skeg.registry.signature.ModelSigner.bundle;
import static dev.skeg.registry.signature.ModelSigner.pair;
import static dev.skeg.registry.signature.ModelSigner.rootDigest;
import static dev.skeg.registry.signature.ModelSigner.v1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.registry.ArtifactFile;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Signatures made with keys and with certificates that the JDK's keytool issues. */
final class ModelSignatureTest {
  private static final List<ArtifactFile> FILES =
      List.of(
          new ArtifactFile("model.onnx", 4, "a".repeat(64)),
          new ArtifactFile("w/b.bin", 4, "b".repeat(64)));
  private static final char[] PASSWORD = "changeit".toCharArray();

  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource({
    "secp256r1, SHA256withECDSA",
    "secp384r1, SHA384withECDSA",
    "secp521r1, SHA512withECDSA"
  })
  void aKeysSignatureOverTheSameFilesHolds(String curve, String algorithm) throws Exception {
    KeyPair pair = pair(curve);
    Verification verification = Verification.byKey(publicKey(pair));

    for (String statement : List.of(v1(FILES), draft(FILES))) {
      byte[] bundle = bundle(statement, pair.getPrivate(), algorithm, List.of());
      assertThatCode(() -> verify(bundle, FILES, verification)).doesNotThrowAnyException();
    }
  }

  @Test
  void aFileMoreLessOrChangedIsRefused() throws Exception {
    KeyPair pair = pair("secp256r1");
    Verification verification = Verification.byKey(publicKey(pair));
    byte[] bundle = bundle(v1(FILES), pair.getPrivate(), "SHA256withECDSA", List.of());
    ArtifactFile extra = new ArtifactFile("evil.so", 1, "c".repeat(64));
    ArtifactFile changed = new ArtifactFile("model.onnx", 4, "c".repeat(64));

    refused(
        bundle, List.of(FILES.get(0), FILES.get(1), extra), verification, "evil.so is not signed");
    refused(bundle, List.of(FILES.get(0)), verification, "w/b.bin is signed and missing");
    refused(
        bundle, List.of(changed, FILES.get(1)), verification, "model.onnx is not what was signed");
    List<ArtifactFile> withManifest = new ArrayList<>(FILES);
    withManifest.add(new ArtifactFile("_MANIFEST.json", 1, "d".repeat(64)));
    withManifest.add(new ArtifactFile("model.sig", 1, "d".repeat(64)));
    assertThatCode(() -> verify(bundle, withManifest, verification)).doesNotThrowAnyException();
  }

  @Test
  void anotherKeyAndAnotherStatementAreRefused() throws Exception {
    KeyPair pair = pair("secp256r1");
    KeyPair other = pair("secp256r1");
    Verification verification = Verification.byKey(publicKey(pair));
    byte[] good = bundle(v1(FILES), pair.getPrivate(), "SHA256withECDSA", List.of());

    byte[] foreign = bundle(v1(FILES), other.getPrivate(), "SHA256withECDSA", List.of());
    refused(foreign, FILES, verification, "expected key");
    String payload = base64(v1(FILES).getBytes(StandardCharsets.UTF_8));
    String swapped = base64(v1(FILES.subList(0, 1)).getBytes(StandardCharsets.UTF_8));
    String tampered = new String(good, StandardCharsets.UTF_8).replace(payload, swapped);
    refused(
        tampered.getBytes(StandardCharsets.UTF_8),
        FILES.subList(0, 1),
        verification,
        "expected key");
    String wrongSubject = v1(FILES).replace(rootDigest(FILES), "e".repeat(64));
    refused(
        bundle(wrongSubject, pair.getPrivate(), "SHA256withECDSA", List.of()),
        FILES,
        verification,
        "subject");
    String unknown = v1(FILES).replace("signature/v1.0", "signature/v9.9");
    refused(
        bundle(unknown, pair.getPrivate(), "SHA256withECDSA", List.of()),
        FILES,
        verification,
        "predicateType");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "{}",
        "{\"dsseEnvelope\":{}}",
        "{\"dsseEnvelope\":{\"payloadType\":\"application/vnd.in-toto+json\",\"payload\":\"%\","
            + "\"signatures\":[{\"sig\":\"AA==\"}]}}",
        "{\"dsseEnvelope\":{\"payloadType\":\"application/vnd.in-toto+json\",\"payload\":\"e30=\","
            + "\"signatures\":[{\"sig\":\"AA==\"}]}}"
      })
  void whatIsNoBundleIsRefused(String text) throws Exception {
    Verification verification = Verification.byKey(publicKey(pair("secp256r1")));

    refused(text.getBytes(StandardCharsets.UTF_8), FILES, verification, "model.sig");
  }

  @Test
  void aCertificateThatLeadsToTheCaHoldsForItsSubjectOnly() throws Exception {
    Path ca = ca("ca");
    KeyStore leaf = leaf("leaf", "ca", "codeSigning");
    byte[] bundle = bundleOf(v1(FILES), leaf);

    for (Optional<String> subject :
        List.of(
            Optional.<String>empty(),
            Optional.of("ml@example.org"),
            Optional.of("CN=signer, O=Example"))) {
      assertThatCode(() -> verify(bundle, FILES, Verification.byCertificate(ca, subject)))
          .doesNotThrowAnyException();
    }
    refused(
        bundle,
        FILES,
        Verification.byCertificate(ca, Optional.of("eve@example.org")),
        "expected: eve@example.org");
  }

  @Test
  void anotherCaAPurposeThatIsNotCodeSigningOrAnExpiredCertificateIsRefused() throws Exception {
    Path ca = ca("ca");
    Path otherCa = ca("other");
    byte[] bundle = bundleOf(v1(FILES), leaf("leaf", "ca", "codeSigning"));
    byte[] forServers = bundleOf(v1(FILES), leaf("server", "ca", "serverAuth"));

    refused(
        bundle, FILES, Verification.byCertificate(otherCa, Optional.empty()), "does not lead to");
    refused(
        forServers,
        FILES,
        Verification.byCertificate(ca, Optional.empty()),
        "not for code signing");
    assertThatThrownBy(() ->
            ModelSignature.verify(
                bundle,
                FILES,
                Verification.byCertificate(ca, Optional.empty()),
                Instant.now().plus(Duration.ofDays(4000))))
        .hasMessageContaining("does not lead to");
  }

  @Test
  void aKeyFileThatCannotBeReadIsTheOperatorsMatter() throws IOException {
    Path noKey = Files.writeString(directory.resolve("no.pem"), "hello");

    for (Path file : List.of(noKey, directory.resolve("missing.pem"))) {
      assertThatThrownBy(() -> verify(new byte[0], FILES, Verification.byKey(file)))
          .isInstanceOf(RegistryException.class);
    }
    assertThatThrownBy(
            () -> new Verification(true, Optional.empty(), Optional.empty(), Optional.empty()))
        .hasMessageContaining("expected: one");
  }

  private static void verify(byte[] bundle, List<ArtifactFile> files, Verification verification) {
    ModelSignature.verify(bundle, files, verification, Instant.now());
  }

  private static void refused(
      byte[] bundle, List<ArtifactFile> files, Verification verification, String message) {
    assertThatThrownBy(() -> verify(bundle, files, verification))
        .isInstanceOfSatisfying(
            RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.INVALID))
        .hasMessageContaining(message);
  }

  private Path publicKey(KeyPair pair) throws IOException {
    return Files.writeString(Files.createTempFile(directory, "key", ".pem"), ModelSigner.pem(pair));
  }

  private Path ca(String name) throws Exception {
    keytool(
        "-genkeypair",
        "-alias",
        name,
        "-keyalg",
        "EC",
        "-groupname",
        "secp256r1",
        "-dname",
        "CN=" + name,
        "-ext",
        "bc:c",
        "-ext",
        "ku:c=keyCertSign",
        "-validity",
        "3650",
        "-keystore",
        store(name));
    Path pem = directory.resolve(name + ".pem");
    keytool(
        "-exportcert", "-rfc", "-alias", name, "-file", pem.toString(), "-keystore", store(name));
    return pem;
  }

  private KeyStore leaf(String name, String ca, String usage) throws Exception {
    keytool(
        "-genkeypair",
        "-alias",
        name,
        "-keyalg",
        "EC",
        "-groupname",
        "secp256r1",
        "-dname",
        "CN=signer, O=Example",
        "-keystore",
        store(name));
    String request = directory.resolve(name + ".csr").toString();
    String certificate = directory.resolve(name + ".crt").toString();
    keytool("-certreq", "-alias", name, "-file", request, "-keystore", store(name));
    keytool(
        "-gencert",
        "-alias",
        ca,
        "-infile",
        request,
        "-outfile",
        certificate,
        "-rfc",
        "-ext",
        "eku=" + usage,
        "-ext",
        "ku:c=digitalSignature",
        "-ext",
        "san=email:ml@example.org",
        "-validity",
        "365",
        "-keystore",
        store(ca));
    keytool(
        "-importcert",
        "-noprompt",
        "-alias",
        ca,
        "-file",
        directory.resolve(ca + ".pem").toString(),
        "-keystore",
        store(name));
    keytool("-importcert", "-alias", name, "-file", certificate, "-keystore", store(name));
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(Path.of(store(name)))) {
      keys.load(in, PASSWORD);
    }
    return keys;
  }

  private String store(String name) {
    return directory.resolve(name + ".p12").toString();
  }

  private static void keytool(String... arguments) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(Path.of(System.getProperty("java.home"), "bin/keytool").toString()));
    command.addAll(Arrays.asList(arguments));
    command.addAll(List.of("-storepass", new String(PASSWORD), "-storetype", "PKCS12"));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(output).isZero();
  }

  private static String draft(List<ArtifactFile> files) {
    List<String> subjects =
        files.stream()
            .map(file ->
                "{\"name\":\"%s\",\"digest\":{\"sha256\":\"%s\"}}"
                    .formatted(file.path(), file.sha256()))
            .toList();
    return "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[%s],\"predicateType\":\"https://model_signing/Digests/v0.1\"}"
        .formatted(String.join(",", subjects));
  }

  private static byte[] bundleOf(String statement, KeyStore leaf) throws Exception {
    String alias = leaf.isKeyEntry("leaf") ? "leaf" : "server";
    PrivateKey key = (PrivateKey) leaf.getKey(alias, PASSWORD);
    return bundle(
        statement, key, "SHA256withECDSA", Arrays.asList(leaf.getCertificateChain(alias)));
  }
}
