package dev.skeg.runtime.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.registry.RegistryException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The numbers of a model's versions. */
final class VersionNumbersTest {
  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void file() {
    file = directory.resolve("numbers/m.json");
  }

  @Test
  void aVersionWithoutANumberGetsTheNextOneAndKeepsIt() {
    VersionNumbers numbers = VersionNumbers.open(file);

    assertThat(numbers.of("sha256:a", 0)).isEqualTo(1);
    assertThat(numbers.of("sha256:b", 0)).isEqualTo(2);
    assertThat(numbers.of("sha256:a", 0)).isEqualTo(1);

    VersionNumbers afterwards = VersionNumbers.open(file);
    assertThat(afterwards.of("sha256:a", 0)).isEqualTo(1);
    assertThat(afterwards.of("sha256:c", 0)).isEqualTo(3);
  }

  @Test
  void processesThatShareTheFileGiveNoNumberTwice() {
    VersionNumbers one = VersionNumbers.open(file);
    VersionNumbers other = VersionNumbers.open(file);

    assertThat(one.of("sha256:a", 0)).isEqualTo(1);
    assertThat(other.of("sha256:b", 0)).isEqualTo(2);
    assertThat(one.of("sha256:c", 0)).isEqualTo(3);
    assertThat(one.of("sha256:b", 0)).isEqualTo(2);
    assertThat(other.next()).isEqualTo(4);

    VersionNumbers afterwards = VersionNumbers.open(file);
    assertThat(afterwards.of("sha256:a", 0)).isEqualTo(1);
    assertThat(afterwards.of("sha256:b", 0)).isEqualTo(2);
    assertThat(afterwards.of("sha256:c", 0)).isEqualTo(3);
  }

  @Test
  void theRegistrysOwnNumberCounts() {
    VersionNumbers numbers = VersionNumbers.open(file);

    assertThat(numbers.of("sha256:a", 40)).isEqualTo(40);
    assertThat(numbers.of("sha256:b", 0)).isEqualTo(41);
    assertThat(numbers.of("sha256:b", 7)).isEqualTo(7);
    assertThat(VersionNumbers.open(file).next()).isEqualTo(41);
  }

  @Test
  void aFileThatIsSomethingElseIsNamed() throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, "{");

    assertThatThrownBy(() -> VersionNumbers.open(file))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining(file.toString());
  }
}
