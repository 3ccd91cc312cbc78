package dev.skeg.registry.store;

import dev.skeg.registry.Pointer;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.Sources;
import dev.skeg.registry.signature.Verification;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A process that fetches the latest version into a store and prints each step: to be killed. */
public final class FetchProcess {
  private FetchProcess() {}

  /** Starts such a process, with a small Java of its own. */
  static Process start(Path store, SourceUri uri, String... more) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                FetchProcess.class.getName(),
                store.toString(),
                uri.toString()));
    command.addAll(List.of(more));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  /**
   * Fetches.
   *
   * @param arguments store directory, source URI; {@code hold} to hold it until standard input ends
   */
  public static void main(String[] arguments) throws IOException {
    ArtifactStore store = ArtifactStore.open(Path.of(arguments[0]), StoreConfig.defaults());
    SourceUri uri = SourceUri.parse(arguments[1]);
    Sources sources = Sources.load(FetchProcess.class.getClassLoader());
    try (Source source = sources.open(uri, SourceSettings.defaults());
        Held held =
            store.fetch(
                source,
                source.resolve(Pointer.LATEST, null),
                Verification.NONE,
                (path, done, total) -> System.out.println(path + " " + done))) {
      System.out.println("fetched " + held.digest());
      store.verify(held.digest());
      System.out.println("verified " + held.digest());
      if (arguments.length > 2 && System.in.read() >= 0) {
        throw new IllegalArgumentException("input: something (expected: nothing but its end)");
      }
    }
  }
}
