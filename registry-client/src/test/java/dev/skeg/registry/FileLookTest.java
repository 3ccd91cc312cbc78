package dev.skeg.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Looks at a version's directory without reading its files. */
final class FileLookTest {
  @TempDir Path root;
  private Path version;

  @BeforeEach
  void version() throws IOException {
    version = Files.createDirectories(root.resolve("1/data"));
    version = root.resolve("1");
    Files.writeString(version.resolve("model.onnx"), "model");
    Files.writeString(version.resolve("data/weights"), "weights");
  }

  @Test
  void isTheSameUntilSomethingChanges() throws IOException {
    FileLook first = FileLook.at(version);

    assertThat(FileLook.at(version)).isEqualTo(first);

    Files.writeString(version.resolve("data/weights"), "more weights");
    FileLook grown = FileLook.at(version);
    assertThat(grown.fingerprint()).isNotEqualTo(first.fingerprint());
    assertThat(grown.changedAt()).isAfter(first.changedAt());

    Files.delete(version.resolve("model.onnx"));
    assertThat(FileLook.at(version).fingerprint()).isNotEqualTo(grown.fingerprint());
  }

  @Test
  void aReplacementOfTheSameSizeAndTimeIsNoticed() throws IOException {
    Path file = version.resolve("model.onnx");
    FileTime time = Files.getLastModifiedTime(file);
    FileLook before = FileLook.at(version);

    Path other = Files.writeString(root.resolve("other"), "MODEL");
    Files.setLastModifiedTime(other, time);
    Files.delete(file);
    Files.move(other, file);

    assertThat(FileLook.at(version).fingerprint()).isNotEqualTo(before.fingerprint());
  }

  @Test
  void aFileThatWasSetBackInTimeHasChangedAllTheSame() throws IOException {
    Instant before = Instant.now().minusSeconds(60);
    Files.setLastModifiedTime(version.resolve("model.onnx"), FileTime.fromMillis(0));

    assertThat(FileLook.at(version).changedAt()).isAfter(before);
  }

  @Test
  void tellsTheMarkersAtTheTop() throws IOException {
    assertThat(FileLook.at(version).isIncomplete()).isFalse();
    assertThat(FileLook.at(version).hasManifest()).isFalse();

    Files.createFile(version.resolve(PublishedLayout.INCOMPLETE));
    Files.createFile(version.resolve(PublishedLayout.MANIFEST));

    assertThat(FileLook.at(version).isIncomplete()).isTrue();
    assertThat(FileLook.at(version).hasManifest()).isTrue();
  }

  @Test
  void whatIsNotThereIsALookOfItsOwn() throws IOException {
    Path absent = root.resolve("absent");
    FileLook before = FileLook.at(absent);

    Files.writeString(absent, "now");

    assertThat(before.changedAt()).isEqualTo(Instant.EPOCH);
    assertThat(FileLook.at(absent).fingerprint()).isNotEqualTo(before.fingerprint());
  }
}
