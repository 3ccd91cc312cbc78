package dev.skeg.registry.azblob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.azure.core.http.jdk.httpclient.JdkHttpClientBuilder;
import com.azure.storage.blob.BlobServiceClient;
import com.azure.storage.blob.BlobServiceClientBuilder;
import com.azure.storage.common.sas.AccountSasPermission;
import com.azure.storage.common.sas.AccountSasResourceType;
import com.azure.storage.common.sas.AccountSasService;
import com.azure.storage.common.sas.AccountSasSignatureValues;
import dev.skeg.registry.Pointer;
import dev.skeg.registry.Progress;
import dev.skeg.registry.PublishRequest;
import dev.skeg.registry.Published;
import dev.skeg.registry.Publisher;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.Secret;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceProvider;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.published.PublishedTree;
import dev.skeg.registry.store.Held;
import dev.skeg.registry.testing.BucketContract;
import dev.skeg.registry.testing.Fault;
import dev.skeg.registry.testing.SourceFaults;
import dev.skeg.registry.testing.Versions;
import java.net.URI;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code azblob:} against Azurite. */
@Timeout(120)
final class AzblobSourceTest extends BucketContract {
  private static final int BLOCK = 100_000;

  /** Pages so short that every listing has several. */
  private static final AzblobBucket.Sizes SIZES = new AzblobBucket.Sizes(BLOCK, 2);

  private static Azurite azurite;
  private static String signature = "";

  @BeforeAll
  static void startAzurite() {
    azurite = Azurite.start();
    BlobServiceClient service =
        new BlobServiceClientBuilder()
            .endpoint(azurite.uri() + "/" + Azurite.ACCOUNT)
            .credential(azurite.key())
            .httpClient(new JdkHttpClientBuilder().build())
            .buildClient();
    service.createBlobContainer("models");
    signature =
        service.generateAccountSas(
            new AccountSasSignatureValues(
                OffsetDateTime.of(2999, 1, 1, 0, 0, 0, 0, ZoneOffset.UTC),
                AccountSasPermission.parse("rwdlac"),
                new AccountSasService().setBlobAccess(true),
                new AccountSasResourceType().setContainer(true).setObject(true)));
  }

  @AfterAll
  static void stopAzurite() {
    azurite.close();
  }

  @Override
  protected SourceProvider provider() {
    return azblob();
  }

  private static AzblobProvider azblob() {
    return new AzblobProvider(
        SIZES, new ManagedIdentity.Surroundings(Map.of(), URI.create("http://127.0.0.1:1")));
  }

  @Override
  protected URI server() {
    return azurite.uri();
  }

  @Override
  protected String bucket() {
    return "azblob://" + Azurite.ACCOUNT + "/models";
  }

  @Override
  protected SourceSettings settings(URI endpoint) {
    return SourceFaults.SETTINGS
        .withCredentials(Map.of("token", Secret.of(signature)))
        .withOptions(Map.of("endpoint", endpoint + "/" + Azurite.ACCOUNT));
  }

  @Override
  protected PublishedTree tree(SourceUri uri, SourceSettings settings) {
    return azblob().tree(uri, settings);
  }

  @Test
  void aKeyOfTheAccountSignsEveryRequest() {
    SourceSettings byKey =
        settings().withCredentials(Map.of("password", Secret.of(azurite.keyText())));
    Path version = Versions.write(directory.resolve("v1"), 1, 1, 1000);

    try (Publisher publisher = provider().publisher(uri(), byKey).orElseThrow();
        Source source = provider().open(uri(), byKey)) {
      publisher.publish(version, PublishRequest.next(), Progress.NONE);
      assertThat(source.resolve(Pointer.LATEST, null).number()).isEqualTo(1);
    }
    assertThat(proxy.requests())
        .isNotEmpty()
        .allMatch(request ->
            request.header("Authorization").startsWith("SharedKey " + Azurite.ACCOUNT + ":"));
  }

  @Test
  void aSignatureStandsInNoMessage() {
    proxy.then(Fault.status(403));

    try (Source source = open()) {
      assertThatThrownBy(() -> source.resolve(Pointer.LATEST, null))
          .isInstanceOfSatisfying(
              RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.DENIED))
          .hasMessageNotContaining("sig=");
    }
    assertThat(proxy.requests().getLast().path()).contains("sig=");
  }

  @Test
  void withoutAnythingToProveItWithNothingIsSent() {
    try (Source source = provider().open(uri(), settings().withCredentials(Map.of()))) {
      assertThatThrownBy(() -> source.resolve(Pointer.LATEST, null))
          .isInstanceOf(RegistryException.class)
          .hasMessageContaining("no managed identity");
    }
    assertThat(proxy.requests()).isEmpty();
  }

  @Test
  void aLargeFileIsUploadedInBlocksEachOfWhichIsSentAgain() {
    Path version = Versions.write(directory.resolve("large"), 7, 1, 2 * BLOCK + 1);
    proxy.onlyFor(request -> request.path().contains("comp=block&")).then(Fault.status(503));

    Published published;
    try (Publisher publisher = provider().publisher(uri(), settings()).orElseThrow()) {
      published = publisher.publish(version, PublishRequest.next(), Progress.NONE);
    }

    assertThat(proxy.isScriptDone()).isTrue();
    assertThat(proxy.requests().stream().filter(r -> r.path().contains("comp=block&"))).hasSize(4);
    try (Source source = open();
        Held held = fetch(source, source.resolve(Pointer.LATEST, null))) {
      assertThat(held.digest()).isEqualTo(published.digest());
    }
  }

  @Test
  void aUriWithoutAContainerIsRefused() {
    assertThatThrownBy(() -> provider().open(SourceUri.parse("azblob://account"), settings()))
        .hasMessageContaining("azblob://ACCOUNT/CONTAINER/PATH");
  }
}
