package dev.skeg.registry.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.registry.ArtifactFile;
import dev.skeg.registry.Network;
import dev.skeg.registry.Packing;
import dev.skeg.registry.Progress;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.SizeCaps;
import dev.skeg.registry.signature.Verification;
import io.airlift.compress.v3.zstd.ZstdJavaOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Archives, sound and hostile, on their way into an {@link ArtifactStore}. */
final class UnpackerTest {
  private static final SizeCaps CAPS = new SizeCaps(20, 1 << 20, 2 << 20, 30, 100);

  @TempDir Path root;

  @ParameterizedTest
  @EnumSource(
      value = Packing.class,
      names = {"TAR", "TAR_GZIP", "TAR_ZSTD"})
  void everyPackingGivesTheFilesBelowItsPrefix(Packing packing) {
    byte[] tar =
        new Tar()
            .directory("models/")
            .file("models/model.onnx", "onnx")
            .file("models/w/a.bin", "weights")
            .file("etc/passwd", "root")
            .file("models/.hidden", "x")
            .bytes();

    try (Held held = fetch(new MemorySource().add("models/", pack(tar, packing), packing))) {
      assertThat(held.artifact().files())
          .extracting(ArtifactFile::path)
          .containsExactly("model.onnx", "w/a.bin");
    }
  }

  @Test
  void laterLayersReplaceAndRemoveFilesOfEarlierOnes() throws IOException {
    byte[] first =
        new Tar().file("a", "1").file("b", "1").file("d/x", "1").file("e/y", "1").bytes();
    byte[] second =
        new Tar()
            .file("./a", "2")
            .file(".wh.b", "")
            .file("d/.wh..wh..opq", "")
            .file("d/z", "2")
            .bytes();

    try (Held held =
        fetch(new MemorySource().add("", first, Packing.TAR).add("", second, Packing.TAR))) {
      assertThat(held.artifact().files())
          .extracting(ArtifactFile::path)
          .containsExactly("a", "d/z", "e/y");
      assertThat(Files.readString(held.directory().resolve("a"))).isEqualTo("2");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"../evil", "/etc/evil", "a/../../evil", "a\\..\\evil", "C:evil", "a//b"})
  void pathsThatLeadElsewhereAreRefused(String name) {
    refused(new Tar().file("ok", "1").file(name, "evil").bytes(), "path '");
    assertThat(root.resolve("evil")).doesNotExist();
  }

  @Test
  void linksAndDevicesAreRefused() {
    refused(new Tar().link("model.onnx", "/etc/passwd", TarConstants.LF_SYMLINK).bytes(), "link");
    refused(new Tar().file("a", "1").link("b", "a", TarConstants.LF_LINK).bytes(), "link");
    refused(new Tar().link("dev", "", TarConstants.LF_CHR).bytes(), "device");
    refused(new Tar().link("pipe", "", TarConstants.LF_FIFO).bytes(), "device");
  }

  @Test
  void namesThatComeTwiceOrDifferInCaseOnlyAreRefused() {
    refused(new Tar().file("a", "1").file("a", "2").bytes(), "comes twice");
    refused(new Tar().file("a", "1").file("A", "2").bytes(), "comes twice");
    refused(new Tar().file("a", "1").file("a/b", "2").bytes(), "goes through a file");
  }

  @Test
  void bombsAreRefusedByTheirCaps() {
    byte[] zeros = new byte[(1 << 20) - 1];
    byte[] bomb = pack(new Tar().file("a", zeros).file("b", zeros).bytes(), Packing.TAR_GZIP);
    assertThat(bomb.length).isLessThan(5000);
    assertThatThrownBy(() -> fetch(new MemorySource().add("", bomb, Packing.TAR_GZIP)))
        .hasMessageContaining("unpacks to more than");

    refused(new Tar().file("a", new byte[(1 << 20) + 1]).bytes(), "too large");
    byte[] half = new byte[900_000];
    refused(new Tar().file("a", half).file("b", half).file("c", half).bytes(), "too large");
    Tar entries = new Tar();
    for (int i = 0; i < 31; i++) {
      entries.directory("d" + i + "/");
    }
    refused(entries.bytes(), "more than 30 entries");
    Tar files = new Tar();
    for (int i = 0; i < 21; i++) {
      files.file("f" + i, "x");
    }
    refused(files.bytes(), "more than 20 files");
  }

  @ParameterizedTest
  @EnumSource(
      value = Packing.class,
      names = {"TAR", "TAR_GZIP", "TAR_ZSTD"})
  void whatIsNoArchiveIsRefusedForGood(Packing packing) {
    byte[] garbage = new byte[2000];
    Arrays.fill(garbage, (byte) 0x5a);
    byte[] whole = pack(new Tar().file("a", new byte[5000]).bytes(), packing);
    byte[] cut = Arrays.copyOf(whole, packing == Packing.TAR ? 3000 : whole.length - 5);

    for (byte[] broken : List.of(garbage, cut)) {
      assertThatThrownBy(() -> fetch(new MemorySource().add("", broken, packing)))
          .isInstanceOfSatisfying(
              RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.INVALID));
    }
  }

  @Test
  void anArchiveWithoutAModelIsRefused() {
    refused(new Tar().directory("models/").bytes(), "there is no file in it");
  }

  private void refused(byte[] tar, String message) {
    assertThatThrownBy(() -> fetch(new MemorySource().add("", tar, Packing.TAR)))
        .isInstanceOfSatisfying(
            RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.INVALID))
        .hasMessageContaining(message);
  }

  private Held fetch(MemorySource source) {
    StoreConfig config = new StoreConfig(Long.MAX_VALUE, CAPS, Network.defaults().retries());
    return ArtifactStore.open(root.resolve("store"), config)
        .fetch(source, source.revision(), Verification.NONE, Progress.NONE);
  }

  private static byte[] pack(byte[] tar, Packing packing) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream out =
        switch (packing) {
          case TAR_GZIP -> new GZIPOutputStream(bytes);
          case TAR_ZSTD -> new ZstdJavaOutputStream(bytes);
          case TAR, PLAIN -> bytes;
        }) {
      out.write(tar);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /** An archive being written, with any names. */
  private static final class Tar {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final TarArchiveOutputStream out =
        new TarArchiveOutputStream(bytes, StandardCharsets.UTF_8.name());

    Tar file(String name, String content) {
      return file(name, content.getBytes(StandardCharsets.UTF_8));
    }

    Tar file(String name, byte[] content) {
      TarArchiveEntry entry = new TarArchiveEntry(name, true);
      entry.setSize(content.length);
      return put(entry, content);
    }

    Tar directory(String name) {
      return put(new TarArchiveEntry(name, TarConstants.LF_DIR), new byte[0]);
    }

    Tar link(String name, String target, byte type) {
      TarArchiveEntry entry = new TarArchiveEntry(name, type);
      entry.setLinkName(target);
      return put(entry, new byte[0]);
    }

    private Tar put(TarArchiveEntry entry, byte[] content) {
      try {
        out.putArchiveEntry(entry);
        out.write(content);
        out.closeArchiveEntry();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return this;
    }

    byte[] bytes() {
      try {
        out.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return bytes.toByteArray();
    }
  }
}
