package dev.skeg.registry.azblob;

import com.azure.storage.common.StorageSharedKeyCredential;
import dev.skeg.registry.testing.ServerProcess;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;

/** Azurite on a free loopback port, as {@code .ci/azurite} has put it into {@code target/}. */
final class Azurite implements AutoCloseable {
  static final String ACCOUNT = "skegtest";

  private static final Path PROGRAM =
      Path.of("target", "azurite", "node_modules", "azurite", "dist", "src", "blob", "main.js");
  private static final Pattern LISTENING =
      Pattern.compile("successfully listen(?:ing|s) (?:at|on) http://127\\.0\\.0\\.1:(\\d+)");

  private final ServerProcess process;
  private final String key;

  private Azurite(ServerProcess process, String key) {
    this.process = process;
    this.key = key;
  }

  static Azurite start() {
    if (!Files.isRegularFile(PROGRAM)) {
      throw new IllegalStateException(
          PROGRAM.toAbsolutePath() + " is missing (expected: .ci/azurite installs it)");
    }
    byte[] bytes = new byte[64];
    new Random(1).nextBytes(bytes);
    String key = Base64.getEncoder().encodeToString(bytes);
    return new Azurite(
        ServerProcess.start(
            List.of(
                "node",
                PROGRAM.toString(),
                "--blobHost",
                "127.0.0.1",
                "--blobPort",
                "0",
                "--inMemoryPersistence",
                "--skipApiVersionCheck",
                "--disableTelemetry",
                "--silent"),
            Map.of("AZURITE_ACCOUNTS", ACCOUNT + ":" + key),
            LISTENING),
        key);
  }

  /** Returns its URL, without the account that its paths begin with. */
  URI uri() {
    return URI.create("http://127.0.0.1:" + process.started().group(1));
  }

  StorageSharedKeyCredential key() {
    return new StorageSharedKeyCredential(ACCOUNT, key);
  }

  String keyText() {
    return key;
  }

  @Override
  public void close() {
    process.close();
  }
}
