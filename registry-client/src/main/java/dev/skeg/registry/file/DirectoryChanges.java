package dev.skeg.registry.file;

import dev.skeg.registry.PublishedLayout;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;

/**
 * Tells by inotify that something changed in a model's directory, or in a directory of models, so
 * that a look is worth while. A hint and no more: network file systems send none, and events are
 * lost when there are too many; the poll finds what a hint missed.
 *
 * <p><b>Threads.</b> A virtual thread of its own waits and calls the listener; {@link #close} from
 * any.
 */
public final class DirectoryChanges implements AutoCloseable {
  private final Path root;
  private final boolean isOfModels;
  private final Runnable listener;
  private final WatchService service;

  private DirectoryChanges(Path root, boolean isOfModels, Runnable listener, WatchService service) {
    this.root = root;
    this.isOfModels = isOfModels;
    this.listener = listener;
    this.service = service;
  }

  /**
   * Begins to watch.
   *
   * @param listener called after something changed in the directory, its versions or its pointers;
   *     events that come together make one call
   * @throws IOException if the system has no watches left, or the directory does not exist
   */
  public static DirectoryChanges watch(Path root, Runnable listener) throws IOException {
    return watch(root, false, listener);
  }

  /**
   * Begins to watch a directory of models, each with its versions, as {@link #watch} does.
   *
   * @throws IOException if the system has no watches left, or the directory does not exist
   */
  public static DirectoryChanges watchModels(Path root, Runnable listener) throws IOException {
    return watch(root, true, listener);
  }

  private static DirectoryChanges watch(Path root, boolean isOfModels, Runnable listener)
      throws IOException {
    WatchService service = root.getFileSystem().newWatchService();
    DirectoryChanges changes = new DirectoryChanges(root, isOfModels, listener, service);
    try {
      changes.register(root);
      changes.registerBelow();
    } catch (IOException | RuntimeException e) {
      service.close();
      throw e;
    }
    Thread.ofVirtual().name("changes-" + root.getFileName()).start(changes::run);
    return changes;
  }

  private void register(Path directory) throws IOException {
    directory.register(
        service,
        StandardWatchEventKinds.ENTRY_CREATE,
        StandardWatchEventKinds.ENTRY_DELETE,
        StandardWatchEventKinds.ENTRY_MODIFY);
  }

  /**
   * Registers a directory; false if it is gone, or no watch left: the poll finds what it misses.
   */
  private boolean tryRegister(Path directory) {
    try {
      register(directory);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Registers what is below; what is registered already stays so. */
  private void registerBelow() {
    if (!isOfModels) {
      registerBelow(root);
      return;
    }
    try (DirectoryStream<Path> models = Files.newDirectoryStream(root, Files::isDirectory)) {
      for (Path model : models) {
        if (!String.valueOf(model.getFileName()).startsWith(".") && tryRegister(model)) {
          registerBelow(model);
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      // Gone in between, or no watch left: the poll finds what this hint will miss.
      return;
    }
  }

  /** Registers a model's versions and pointers. */
  private void registerBelow(Path model) {
    try (DirectoryStream<Path> children = Files.newDirectoryStream(model)) {
      for (Path child : children) {
        String name = String.valueOf(child.getFileName());
        if (PublishedLayout.versionNumber(name) > 0 && Files.isDirectory(child)) {
          tryRegister(child);
        } else if (name.equals(PublishedLayout.POINTERS)) {
          registerPointers(child);
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      // Gone in between, or no watch left: the poll finds what this hint will miss.
      return;
    }
  }

  private void registerPointers(Path pointers) throws IOException {
    register(pointers);
    try (DirectoryStream<Path> kinds = Files.newDirectoryStream(pointers, Files::isDirectory)) {
      for (Path kind : kinds) {
        register(kind);
      }
    }
  }

  private void run() {
    try {
      while (true) {
        WatchKey key = service.take();
        while (key != null) {
          key.pollEvents();
          key.reset();
          key = service.poll();
        }
        registerBelow();
        listener.run();
      }
    } catch (ClosedWatchServiceException e) {
      // Closed: nobody wants hints any more.
      return;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    try {
      service.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
