package dev.skeg.registry.store;

import dev.skeg.registry.Pointer;
import dev.skeg.registry.Revision;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.Sources;
import dev.skeg.registry.disk.FileLocks;
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
   * @param arguments store directory, source URI; {@code hold} to hold it until standard input
   *     ends, {@code follow} to follow the pointer that means it until then
   */
  public static void main(String[] arguments) throws IOException {
    ArtifactStore store = ArtifactStore.open(Path.of(arguments[0]), StoreConfig.defaults());
    SourceUri uri = SourceUri.parse(arguments[1]);
    Sources sources = Sources.load(FetchProcess.class.getClassLoader());
    try (Source source = sources.open(uri, SourceSettings.defaults())) {
      Revision revision = source.resolve(Pointer.LATEST, null);
      boolean isFollowing = arguments.length > 2 && arguments[2].equals("follow");
      fetch(store, source, revision, arguments.length > 2 && !isFollowing);
      if (isFollowing) {
        store.remember(uri, Pointer.LATEST, new Remembered(revision, List.of()));
        try (FileLocks.Lock _ = store.follow(uri, Pointer.LATEST)) {
          System.out.println("followed");
          awaitEnd();
        }
      }
    }
  }

  private static void fetch(ArtifactStore store, Source source, Revision revision, boolean holds)
      throws IOException {
    try (Held held =
        store.fetch(
            source,
            revision,
            Verification.NONE,
            (path, done, total) -> System.out.println(path + " " + done))) {
      System.out.println("fetched " + held.digest());
      store.verify(held.digest());
      System.out.println("verified " + held.digest());
      if (holds) {
        awaitEnd();
      }
    }
  }

  private static void awaitEnd() throws IOException {
    if (System.in.read() >= 0) {
      throw new IllegalArgumentException("input: something (expected: nothing but its end)");
    }
  }
}
