package dev.skeg.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link SourceUri}, {@link Pointer} and {@link Sources} as users write them. */
final class SourceUriTest {
  @ParameterizedTest
  @CsvSource({
    "file:models/fraud,          file,  '',            models/fraud, file:models/fraud",
    "file:///srv/models/fraud/,  file,  '',            /srv/models/fraud, file:/srv/models/fraud",
    "S3://Bucket/team/fraud,     s3,    bucket,        team/fraud, s3://bucket/team/fraud",
    "oci://h:5000/a/b,           oci,   h:5000,        a/b, oci://h:5000/a/b",
    "https://h/a%20b/%C3%BC,     https, h,             a b/ü, https://h/a%20b/%C3%BC",
    "hf:org/repo?endpoint=https://e, hf, '',           org/repo, hf:org/repo?endpoint=https://e",
    "http://[::1]:80,            http,  [::1]:80,      '', http://[::1]:80",
  })
  void readsUrisAndSpellsThemInOneWay(
      String text, String scheme, String authority, String path, String canonical) {
    SourceUri uri = SourceUri.parse(text);

    assertThat(uri.scheme()).isEqualTo(scheme);
    assertThat(uri.authority()).isEqualTo(authority);
    assertThat(uri.path()).isEqualTo(path);
    assertThat(uri).hasToString(canonical);
    assertThat(SourceUri.parse(canonical)).isEqualTo(uri);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "fraud",
        ":x",
        "1s:x",
        "s3://b/../x",
        "s3://b/a%2e%2e/%2e%2e",
        "http://h/a#b",
        "http://h/%zz",
        "http://h/%ff",
        "http://h/%00",
        "http://h?a=1&a=2",
        "http://h?=1",
        "http://h h/x",
        "http://h/%4"
      })
  void refusesWhatIsNoUri(String text) {
    assertThatThrownBy(() -> SourceUri.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://bob:hunter2@h/x",
        "https://hunter2@h/x",
        "https://h/x?sig=hunter2",
        "s3://b/k?X-Amz-Signature=hunter2",
        "https://h/x?Token=hunter2"
      })
  void refusesSecretsWithoutRepeatingThem(String text) {
    assertThatThrownBy(() -> SourceUri.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining("hunter2")
        .hasMessageContaining("expected");
  }

  @Test
  void unknownOptionsAreRefusedWithThoseThatWouldDo() {
    SourceUri uri = SourceUri.parse("s3://b/k?regoin=x");

    assertThatThrownBy(() -> uri.requireOptions(Set.of("region", "endpoint")))
        .hasMessageContaining("regoin")
        .hasMessageContaining("endpoint, region");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "latest",
        "version/7",
        "tag/prod",
        "alias/champion",
        "branch/feature/x",
        "revision/8@sha256:00",
        "tag/v1.2.3+a"
      })
  void pointersReadWhatTheyPrint(String text) {
    assertThat(Pointer.parse(text)).hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "Latest",
        "latest/x",
        "7",
        "version/0",
        "version/01",
        "version/x",
        "tag/",
        "tag/../x",
        "tag/a//b",
        "tag/.",
        "tag/a/..",
        "digest/sha256:12",
        "alias/a b",
        "nope/x"
      })
  void refusesWhatIsNoPointer(String text) {
    assertThatThrownBy(() -> Pointer.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected");
  }

  @Test
  void anUnknownSchemeIsToldWithTheNearest() {
    Sources sources = Sources.load(SourceUriTest.class.getClassLoader());

    assertThat(sources.schemes()).contains("file", "http", "https");
    assertThatThrownBy(() -> sources.open(SourceUri.parse("htps://h/x"), SourceSettings.defaults()))
        .hasMessageContaining("unknown scheme htps")
        .hasMessageContaining("perhaps http");
  }

  @Test
  void secretsAreNeverPrinted() {
    SourceSettings settings =
        SourceSettings.defaults().withCredentials(Map.of("token", Secret.of("hunter2")));

    assertThat(settings.credential("token")).contains("hunter2");
    assertThat(settings.toString()).doesNotContain("hunter2");
  }
}
